#include "policy/submission/sender_rights.hpp"
#include "small_directory.hpp"

#include <gtest/gtest.h>

namespace rookery::submission {
namespace {

TEST(SenderRights, AnAccountSendsAsItselfItsAliasesAndWhatIsListed) {
  struct row {
    std::string_view account, sender;
    bool allowed;
  };
  const row rows[] = {
      {"ann@example.test", "", true},
      {"ann@example.test", "ann@example.test", true},
      {"ann@example.test", "ANN@EXAMPLE.TEST", true},
      {"ann@example.test", "ann+shop@example.test", true},
      {"ann@example.test", "info@example.test", true},
      {"ann@example.test", "info+x@example.test", true},
      {"ann@example.test", "dee@example.test", false},
      {"ann@example.test", "team@example.test", false},
      {"ann@example.test", "crew@example.test", true},
      {"dee@example.test", "crew@example.test", false},
      {"dee@example.test", "a+b@example.test", true},
      {"dee@example.test", "anyone@all.test", true},
      {"ann@example.test", "anyone@all.test", false},
      {"dee@example.test", "shop@partner.example", true},
      {"dee@example.test", "shop+1@partner.example", true},
      {"dee@example.test", "other@partner.example", false},
      {"ann@example.test", "away@example.test", false},
      {"ann@example.test", "nonsense", false},
      {"ann@example.test", "ann@else.example", false},
  };
  const auto directory = routing::small_directory();
  for (const auto& r : rows) {
    SCOPED_TRACE(std::string(r.account) + " as " + std::string(r.sender));
    EXPECT_EQ(may_send_as(*directory, *directory->account(r.account), r.sender), r.allowed);
  }
}

TEST(SenderRights, AFrozenAccountSendsNothing) {
  const auto directory = routing::small_directory();
  const auto bob = directory->account("bob@example.test");
  EXPECT_EQ(envelope_sender_refusal(*directory, *bob, "bob@example.test")->code, 550);
  EXPECT_EQ(envelope_sender_refusal(*directory, *directory->account("ann@example.test"), "x@y")->code, 553);
  EXPECT_EQ(envelope_sender_refusal(*directory, *directory->account("ann@example.test"), ""), nullptr);
  EXPECT_EQ(header_from_refusal(*directory, *directory->account("ann@example.test"), "")->code, 550);
}

} // namespace
} // namespace rookery::submission
