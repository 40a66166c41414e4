#include "actors/tlsrpt/reporter_actor.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/fetcher.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "policy/reporting/report_state.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

namespace rookery::actors {
namespace {

using namespace std::chrono_literals;

/// What others publish, and how they answer posts. The actors' thread reads it.
struct others {
  std::mutex lock;
  std::map<std::string, std::string> texts; ///< by name; a name without one does not exist, "?" is no answer
  std::uint16_t status = 200;
  std::vector<std::string> posted;          ///< URLs
};

caf::behavior other_names(caf::event_based_actor*, std::shared_ptr<others> all) {
  return {[all](const dns_question& q) {
    const std::lock_guard hold(all->lock);
    auto a = std::make_shared<dns::answer>();
    const auto at = all->texts.find(q.name);
    a->status = at == all->texts.end() ? dns::answer_status::no_name : at->second == "?" ? dns::answer_status::failed : dns::answer_status::ok;
    if (a->status == dns::answer_status::ok) a->records.push_back(static_cast<char>(at->second.size()) + at->second);
    return dns_answer{a};
  }};
}
caf::behavior other_servers(caf::event_based_actor*, std::shared_ptr<others> all) {
  return {[all](const http_fetch& f) {
    const std::lock_guard hold(all->lock);
    all->posted.push_back(f.url);
    auto a = std::make_shared<fetch_answer>();
    a->status = all->status;
    return http_fetched{a};
  }};
}

/// Noon of today, always: no test sees a midnight, and the queue keeps its mail.
struct noon final : base::clock {
  base::instant now() const override { return base::system_clock().now(); }
  base::wall_time wall() const override { return noon_; }
  base::wall_time noon_ = mailauth::rpt_day_begin(mailauth::rpt_day(base::system_clock().wall())).value() + 12h;
};

class Reporter : public ::testing::Test {
protected:
  Reporter() : self_(*node_.node().system), others_(std::make_shared<others>()) {
    // The store of a whole node, with a clock and a world of its own.
    const auto& whole = node_.node();
    of_.system = whole.system;
    of_.clock = &noon_;
    of_.host_name = whole.host_name;
    of_.log = whole.log;
    of_.gate = whole.gate;
    of_.machines = whole.machines;
    of_.directory = whole.directory;
    of_.spool = whole.spool;
    of_.settings = std::make_shared<published<config::settings>>(std::make_shared<const config::settings>());
    of_.resolver = of_.system->spawn(other_names, others_);
    of_.fetcher = of_.system->spawn(other_servers, others_);
    start();
    set("send");
  }
  ~Reporter() override {
    for (const auto& a : {of_.resolver, of_.fetcher, reporter_}) end(a);
  }
  /// As after a crash: what the one before knew is gone.
  void start() {
    if (reporter_) end(reporter_);
    reporter_ = spawn_tls_reporter(*of_.system, of_);
  }
  void end(const caf::actor& a) {
    self_->send_exit(a, caf::exit_reason::kill);
    self_->wait_for(a);
  }
  void set(const char* reports) {
    config::settings s;
    s.tlsrpt_reports = reports;
    s.tlsrpt_spread_seconds = 0;
    of_.settings->put(std::make_shared<const config::settings>(s));
  }
  std::string day(int back) const { return mailauth::rpt_day(of_.clock->wall() - back * 24h); }
  void write(storage::queue::any_command what) {
    ASSERT_TRUE(commit_group_of(*self_.ptr(), of_, spool_group(of_.clock->wall(), {std::move(what)}), 7));
    self_->receive([](const commit_done_ptr& d) { EXPECT_FALSE(d->error); });
  }
  void count(int back, const char* domain) {
    write(storage::queue::count_note{tls_counted_space, mailauth::rpt_key({day(back), domain, mailauth::rpt_policy::none, "", "", "", ""}), 3, {}});
  }
  tls_reports_sent send(const std::string& d) {
    tls_reports_sent out;
    self_->request(reporter_, 60s, send_tls_reports{d}).receive([&](const tls_reports_sent& s) { out = s; }, [](const caf::error&) { ADD_FAILURE(); });
    return out;
  }
  /// Looks, and waits until that is over: a request stands behind it.
  void look() {
    self_->send(reporter_, look_for_tls_reports{});
    (void)send("2000-01-01");
  }
  std::uint64_t mails() const {
    std::uint64_t n = 0;
    for (const auto& c : of_.spool->view()->counts()) n += c.messages;
    return n;
  }
  std::size_t posts() const {
    const std::lock_guard hold(others_->lock);
    return others_->posted.size();
  }
  std::string state(int back, const char* domain) const {
    const auto note = of_.spool->view()->note(tls_sent_space, tls_day_key(day(back), domain));
    if (!note) return "none";
    const auto s = reporting::decode_report_state(note->value);
    if (!s) return "damaged";
    std::string out;
    for (const auto& t : s->targets) out += (out.empty() ? "" : ", ") + std::string(reporting::name(t.state));
    return out.empty() ? "nobody" : out;
  }

  tests::test_node node_{1};
  noon noon_;
  node of_;
  caf::scoped_actor self_;
  std::shared_ptr<others> others_;
  caf::actor reporter_;
};

TEST_F(Reporter, TheLastTwoDaysAreReportedWithoutBeingAsked) {
  others_->texts["_smtp._tls.a.example"] = "v=TLSRPTv1; rua=mailto:r@a.example,https://a.example/r";
  count(0, "a.example");
  count(1, "a.example");
  count(1, "b.example");
  count(2, "a.example");
  count(3, "a.example");
  look();
  EXPECT_EQ(mails(), 2u);
  EXPECT_EQ(posts(), 2u);
  EXPECT_EQ(state(0, "a.example"), "none");
  EXPECT_EQ(state(1, "a.example"), "sent, sent");
  EXPECT_EQ(state(1, "b.example"), "nobody");
  EXPECT_EQ(state(2, "a.example"), "sent, sent");
  EXPECT_EQ(state(3, "a.example"), "none");
  start();
  look();
  EXPECT_EQ(mails(), 2u);
  EXPECT_EQ(posts(), 2u);
}

TEST_F(Reporter, NothingIsSentUnlessTheSettingSaysSo) {
  set("count");
  others_->texts["_smtp._tls.a.example"] = "v=TLSRPTv1; rua=mailto:r@a.example";
  count(1, "a.example");
  look();
  EXPECT_EQ(mails(), 0u);
  EXPECT_EQ(send(day(1)).mailed, 1u);
  EXPECT_EQ(mails(), 1u);
}

TEST_F(Reporter, NameServersThatDoNotAnswerAreAskedAgain) {
  others_->texts["_smtp._tls.a.example"] = "?";
  count(1, "a.example");
  look();
  EXPECT_EQ(state(1, "a.example"), "none");
  {
    const std::lock_guard hold(others_->lock);
    others_->texts["_smtp._tls.a.example"] = "v=TLSRPTv1; rua=mailto:r@a.example";
  }
  look();
  EXPECT_EQ(state(1, "a.example"), "sent");
}

TEST_F(Reporter, APostThatFailedWaitsForItsTime) {
  others_->texts["_smtp._tls.a.example"] = "v=TLSRPTv1; rua=https://a.example/r";
  others_->status = 503;
  count(1, "a.example");
  look();
  EXPECT_EQ(state(1, "a.example"), "waiting");
  look();
  EXPECT_EQ(posts(), 1u) << "five minutes are not over";
  {
    const std::lock_guard hold(others_->lock);
    others_->status = 204;
  }
  EXPECT_EQ(send(day(1)).posted, 1u);
  EXPECT_EQ(state(1, "a.example"), "sent");
}

TEST_F(Reporter, ManyDomainsGoThroughInOneRound) {
  for (int i = 0; i < 50; ++i) {
    const auto domain = "d" + std::to_string(i) + ".example";
    if (i % 2 == 0) others_->texts["_smtp._tls." + domain] = "v=TLSRPTv1; rua=mailto:r@" + domain;
    count(1, domain.c_str());
  }
  const auto got = send(day(1));
  EXPECT_EQ(got.domains, 50u);
  EXPECT_EQ(got.mailed, 25u);
  EXPECT_EQ(got.unasked, 25u);
  EXPECT_EQ(send(day(1)).before, 50u);
}

} // namespace
} // namespace rookery::actors
