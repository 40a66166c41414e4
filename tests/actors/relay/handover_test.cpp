#include "actors/relay/handover.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

session_handover example() {
  session_handover h;
  h.protocol = "imap";
  h.volume = 6;
  h.account = base::account_id{77};
  h.address = "ann@example.test";
  h.tag = "a1";
  h.language = 1;
  h.utf8 = true;
  h.facts.session_id = "0123abcd";
  h.facts.peer_address = "2001:db8::1";
  h.facts.peer_port = 65535;
  h.facts.tls = true;
  h.facts.tls_version = "TLSv1.3";
  h.facts.tls_exporter = std::string("\0\xff", 2);
  h.facts.nonce = "nonce";
  return h;
}

TEST(SessionHandover, is_read_as_it_was_written) {
  const auto read = read_handover(fields_of(example()));
  ASSERT_TRUE(read);
  EXPECT_EQ(fields_of(*read), fields_of(example()));
  EXPECT_EQ(read->account, base::account_id{77});
  EXPECT_TRUE(read->facts.tls);
  EXPECT_FALSE(read->facts.peer_is_loopback);
  EXPECT_TRUE(read->facts.secure());
  EXPECT_EQ(read->facts.tls_exporter.size(), 2u);
}

TEST(SessionHandover, without_what_it_needs_it_is_not_read) {
  for (const auto* name : {"protocol", "volume", "account", "address", "port", "language"}) {
    auto fields = fields_of(example());
    fields.erase(name);
    EXPECT_FALSE(read_handover(fields)) << name;
  }
  const std::pair<const char*, const char*> wrong[] = {{"volume", "-1"}, {"account", "x"}, {"port", "65536"}, {"language", "256"}, {"protocol", ""}, {"address", ""}};
  for (const auto& [name, value] : wrong) {
    auto fields = fields_of(example());
    fields[name] = value;
    EXPECT_FALSE(read_handover(fields)) << name << value;
  }
  auto fields = fields_of(example());
  fields["of a newer version"] = "ignored";
  EXPECT_TRUE(read_handover(fields));
}

} // namespace
} // namespace rookery::actors
