// What a session says waits while the lease of its volume does not last, its last words too.
#include "actors/system/held_session.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

class last_words final : public net::protocol {
public:
  void feed(base::const_bytes, base::instant) override {}
  void tick(base::instant) override {}
  void step() override {}
  base::const_bytes output() const override { return text_; }
  void sent(std::size_t n) override { text_.remove_prefix(n); }
  std::optional<base::instant> deadline() const override { return {}; }
  bool wants_input() const override { return false; }
  bool closed() const override { return true; }
  void shut_down(base::instant) override {}
  void tls_started(const connection_facts&, base::instant) override {}

private:
  std::string_view text_ = "HTTP/1.1 503 ";
};

TEST(HeldSession, IsNotClosedBeforeItsLastWordsMayBeSaid) {
  const auto list = std::make_shared<session_list>();
  bool leased = false;
  list->serve_while([&leased] { return leased; });
  const auto held = hold(std::make_unique<last_words>(), nullptr, list);
  EXPECT_TRUE(held->output().empty());
  EXPECT_FALSE(held->closed()) << "the connection would end, and nothing was said";
  EXPECT_TRUE(held->deadline()) << "it is looked again";
  leased = true;
  EXPECT_EQ(held->output(), "HTTP/1.1 503 ");
  held->sent(held->output().size());
  EXPECT_TRUE(held->closed());
  leased = false;
  EXPECT_TRUE(held->closed()) << "nothing waits";
}

} // namespace
} // namespace rookery::actors
