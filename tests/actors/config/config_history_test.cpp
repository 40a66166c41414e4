#include "actors/config/config_file.hpp"
#include "actors/config/config_history.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using dir::document_kind;

constexpr auto keys = R"("salt":"c2FsdA==","iterations":4096,"stored_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","server_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")";

class configuration : public ::testing::Test {
protected:
  configuration() : machine_(dir::config_machine::open(storage::tree::in_memory()).value()) {
    apply({dir::put{document_kind::domain, "x", dir::expect::absent, "{}"}});                                    // 1
    apply({dir::put{document_kind::account, "ann@x", dir::expect::absent, std::string("{") + keys + "}"}});      // 2
    apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::absent, "500"}});                // 3
  }
  storage::command_result apply(std::vector<dir::change> changes) {
    dir::config_command c;
    c.author = "ann";
    c.changes = std::move(changes);
    storage::committed_command k;
    k.lsn = ++lsn_;
    k.at = {1, static_cast<std::uint32_t>(lsn_)};
    k.next = {1, static_cast<std::uint32_t>(lsn_) + 1};
    k.payload = dir::encode(c).value();
    auto r = machine_->apply(k);
    machine_->publish();
    return r;
  }
  const dir::config_table& now() { return *(table_ = machine_->cell()->table()); }
  std::vector<dir::history_entry> history() const { return machine_->history(dir::history_entries_max); }
  std::string value(document_kind kind, std::string_view key) {
    const auto* d = now().find(kind, key);
    return d == nullptr ? "-" : d->content;
  }
  json::value file(const std::string& rows) { return json::parse(R"({"documents":[)" + rows + "]}").value(); }
  std::string refusal(const json::value& f, bool prune = false) {
    const auto plan = plan_file(now(), f, prune);
    return plan ? "" : plan.error().client.value;
  }

  std::unique_ptr<dir::config_machine> machine_;
  std::shared_ptr<const dir::config_table> table_;
  std::uint64_t lsn_ = 0;
};

TEST_F(configuration, DifferencesBetweenAnyTwoVersions) {
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "600"}}); // 4
  apply({dir::remove{document_kind::setting, "smtp.recipients_max"}});                       // 5
  apply({dir::put{document_kind::domain, "y", dir::expect::any, "{}"}});                     // 6
  const auto count = [&](std::uint64_t from, std::uint64_t to) { return changes_between(now(), history(), from, to).value().size(); };
  EXPECT_EQ(count(0, 6), 3u) << "x, ann@x, y: the setting came and went";
  EXPECT_EQ(count(6, 6), 0u);
  const auto one = changes_between(now(), history(), 3, 4).value();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].before, "500");
  EXPECT_EQ(one[0].after, "600");
  const auto gone = changes_between(now(), history(), 4, 5).value();
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_FALSE(gone[0].after);
  EXPECT_FALSE(changes_between(now(), history(), 5, 4).ok());
  EXPECT_FALSE(changes_between(now(), history(), 0, 7).ok());
}

TEST_F(configuration, AVersionThatIsForgottenIsRefused) {
  auto short_history = history();
  short_history.pop_back();
  const auto r = plan_rollback(now(), short_history, 0);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().kind, base::error_kind::not_found);
  EXPECT_NE(r.error().client.value.find("version 1"), std::string::npos);
  auto holes = history();
  holes[1].before = nullptr;
  EXPECT_FALSE(plan_rollback(now(), holes, 1).ok());
  EXPECT_TRUE(plan_rollback(now(), holes, 2).ok());
}

TEST_F(configuration, AVersionThatIsNotThereYetIsNamed) {
  const auto r = plan_rollback(now(), history(), 99);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().kind, base::error_kind::invalid);
  EXPECT_NE(r.error().client.value.find("no version 99"), std::string::npos);
}

TEST_F(configuration, RollbackMakesWhatWasThere) {
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "600"},
         dir::put{document_kind::alias, "info@x", dir::expect::absent, R"({"targets":["ann@x"]})"}});
  const auto plan = plan_rollback(now(), history(), 3);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->changes.size(), 2u);
  EXPECT_TRUE(plan->left.empty());
  ASSERT_EQ(apply(plan->commands).what, storage::outcome::done);
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "500");
  EXPECT_EQ(value(document_kind::alias, "info@x"), "-");
  EXPECT_EQ(now().version(), 5u) << "the way back is a change too, and has a way back";
  ASSERT_EQ(apply(plan_rollback(now(), history(), 4)->commands).what, storage::outcome::done);
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "600");
}

TEST_F(configuration, RollbackLosesNoUpdateThatCameBetween) {
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "600"}});
  const auto plan = plan_rollback(now(), history(), 3);
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "700"}});
  EXPECT_EQ(apply(plan->commands).what, storage::outcome::conflict);
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "700");
}

TEST_F(configuration, RollbackLeavesAccountsThatCameOrWent) {
  apply({dir::put{document_kind::account, "bob@x", dir::expect::absent, "{}"}});
  apply({dir::remove{document_kind::account, "ann@x"}});
  const auto plan = plan_rollback(now(), history(), 3);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->commands.empty());
  EXPECT_EQ(plan->left.size(), 2u);
  // Without its domain an account could not be: the whole is refused.
  const auto all = plan_rollback(now(), history(), 0);
  ASSERT_FALSE(all.ok());
  EXPECT_NE(all.error().client.value.find("bob@x would be without its domain"), std::string::npos);
}

TEST_F(configuration, OneCommandIsTakenBackAsFarAsNobodyChangedItAgain) {
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "600"}, dir::put{document_kind::domain, "y", dir::expect::absent, "{}"},
         wait_for_confirmation(base::from_milliseconds(5000), "ann")});
  const auto pending = pending_in(now());
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->version, 4u);
  EXPECT_EQ(base::to_milliseconds(pending->until), 5000);
  EXPECT_EQ(pending->author, "ann");
  apply({dir::put{document_kind::setting, "smtp.recipients_max", dir::expect::any, "700"}});
  EXPECT_EQ(apply({wait_for_confirmation({}, "bob")}).what, storage::outcome::conflict) << "one at a time";
  const auto plan = plan_undo(now(), history(), pending->version);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(apply(plan->commands).what, storage::outcome::done);
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "700");
  EXPECT_EQ(value(document_kind::domain, "y"), "-");
  ASSERT_EQ(plan->left.size(), 1u);
  EXPECT_NE(plan->left[0].find("smtp.recipients_max"), std::string::npos);
}

TEST_F(configuration, AFileChangesWhatItNames) {
  const auto plan = plan_file(now(), file(R"({"kind":"setting","key":"smtp.recipients_max","content":800},
      {"kind":"domain","key":"x","content":{}}, {"kind":"alias","key":"info@x","content":{"targets":["ann@x"]}})"), false);
  ASSERT_TRUE(plan.ok()) << plan.error().client.value;
  EXPECT_EQ(plan->changes.size(), 2u) << "x is as it was";
  ASSERT_EQ(apply(plan->commands).what, storage::outcome::done);
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "800");
  const auto pruned = plan_file(now(), file(R"({"kind":"alias","key":"other@x","content":{"targets":["ann@x"]}})"), true);
  ASSERT_TRUE(pruned.ok());
  ASSERT_EQ(apply(pruned->commands).what, storage::outcome::done);
  EXPECT_EQ(value(document_kind::alias, "info@x"), "-");
  EXPECT_NE(value(document_kind::alias, "other@x"), "-");
  EXPECT_EQ(value(document_kind::setting, "smtp.recipients_max"), "800") << "kinds that the file does not have stay";
}

TEST_F(configuration, AnExportChangesNothing) {
  const std::vector<document_kind> all{document_kind::domain, document_kind::account, document_kind::setting};
  const auto out = export_documents(now(), all);
  EXPECT_EQ(json::to_text(out).find("stored_key\":\"A"), std::string::npos);
  EXPECT_EQ(out.get_array("documents")->size(), 3u);
  const auto plan = plan_file(now(), out, true);
  ASSERT_TRUE(plan.ok()) << plan.error().client.value;
  EXPECT_TRUE(plan->changes.empty()) << "secrets are kept";
  EXPECT_EQ(export_documents(now(), {}).get_array("documents")->size(), 2u) << "accounts only when they are asked for";
}

TEST_F(configuration, SecretsAreKeptOrSaidToBeMissing) {
  auto rows = file(R"j({"kind":"account","key":"ann@x","content":{"display_name":"Ann","salt":"(kept)","iterations":4096,"stored_key":"(kept)","server_key":"(kept)"}})j");
  const auto plan = plan_file(now(), rows, false);
  ASSERT_TRUE(plan.ok()) << plan.error().client.value;
  ASSERT_EQ(apply(plan->commands).what, storage::outcome::done);
  EXPECT_NE(value(document_kind::account, "ann@x").find("c2FsdA=="), std::string::npos);
  EXPECT_NE(refusal(file(R"j({"kind":"account","key":"bob@x","content":{"salt":"(kept)"}})j")).find("there is none here"), std::string::npos);
  const auto shown = json::to_text(show_change({document_kind::account, "ann@x", R"({"salt":"old","a":1})", R"({"salt":"new","a":2})"}));
  EXPECT_EQ(shown, R"j({"kind":"account","key":"ann@x","verb":"changed","members":[{"member":"salt","before":"(secret)","after":"(secret)"},{"member":"a","before":1,"after":2}]})j");
}

TEST_F(configuration, FilesThatNoNodeCouldFollowAreRefused) {
  const auto refused = [&](const char* rows, std::string_view why) {
    const auto text = refusal(file(rows));
    EXPECT_NE(text.find(why), std::string::npos) << rows << ": " << text;
  };
  refused(R"({"kind":"node","key":"n","content":{}})", "none that a file can have");
  refused(R"({"kind":"certainly","key":"n","content":{}})", "none that a file can have");
  refused(R"({"key":"n","content":{}})", "(missing)");
  refused(R"({"kind":"domain","content":{}})", "has no key");
  refused(R"({"kind":"domain","key":"y"})", "no content");
  refused(R"({"kind":"domain","key":"y","content":3})", "is an object");
  refused(R"({"kind":"domain","key":"Y","content":{}})", "lower case");
  refused(R"({"kind":"setting","key":"smtp.recipients_max","content":{}})", "a single value");
  refused(R"({"kind":"setting","key":"smtp.recipients_max","content":"many"})", "smtp.recipients_max");
  refused(R"({"kind":"setting","key":"no.such","content":1})", "no.such");
  refused(R"({"kind":"alias","key":"a@nowhere","content":{"targets":["ann@x"]}})", "without its domain");
  refused(R"({"kind":"account","key":"c@x","content":{"state":"sleeping"}})", "state");
  refused(R"({"kind":"template","key":"t","content":{"mailboxes":7}})", "template t");
  refused(R"({"kind":"domain","key":"y","content":{}},{"kind":"domain","key":"y","content":{}})", "twice");
  EXPECT_NE(refusal(json::parse("{}").value()).find("documents"), std::string::npos);
}

} // namespace
} // namespace rookery::config
