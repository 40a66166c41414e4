// What is shown of counters and reports about TLS.
#include "actors/tlsrpt/notes.hpp"
#include "policy/reporting/report_state.hpp"
#include "tests/actors/admin/administration.hpp"

namespace rookery::admin {
namespace {

namespace queue = storage::queue;

class tls_reports : public administration {
protected:
  void note(const char* space, std::string key, std::string value) {
    EXPECT_EQ(node_->put_in_spool({{}, queue::put_note{space, std::move(key), std::move(value), {}}}).what, storage::outcome::done);
  }
  void count(const char* day, const char* domain, const char* result, const char* n) {
    note(actors::tls_counted_space, mailauth::rpt_key({day, domain, mailauth::rpt_policy::sts, result, "", "", ""}), n);
  }
};

TEST_F(tls_reports, CountersAreListedByDayAndDomain) {
  count("2026-11-20", "a.example", "", "4");
  count("2026-11-21", "a.example", "", "7");
  count("2026-11-21", "a.example", "certificate-expired", "2");
  count("2026-11-21", "b.example", "", "1");
  const auto sums = [this](const char* query) {
    std::string out;
    const auto got = ask("GET", "/v1/tlsrpt/counters" + std::string(query));
    for (const auto& one : *got.body.get_array("items"))
      out += std::string(*one.get_string("domain")) + ' ' + std::string(*one.get_string("result")) + ' ' + std::to_string(*one.get_integer("sessions")) + "; ";
    return out;
  };
  EXPECT_EQ(sums(""), "a.example success 4; a.example success 7; a.example certificate-expired 2; b.example success 1; ");
  EXPECT_EQ(sums("?day=2026-11-21&domain=a.example"), "a.example success 7; a.example certificate-expired 2; ");
  EXPECT_EQ(sums("?day=2026-11-19"), "");
  const auto first = ask("GET", "/v1/tlsrpt/counters?limit=3");
  EXPECT_EQ(first.body.get_array("items")->size(), 3u);
  EXPECT_EQ(sums(("?after=" + percent_encoded(*first.body.get_string("next"))).c_str()), "b.example success 1; ");
}

TEST_F(tls_reports, WhatBecameOfOursIsShown) {
  reporting::report_state s;
  s.id = "id@x";
  s.made = base::from_milliseconds(500);
  note(actors::tls_sent_space, actors::tls_day_key("2026-11-20", "b.example"), reporting::encode(s));
  s.targets.push_back({"https://a.example/", reporting::sending::waiting, 1, base::from_milliseconds(900), "status 503"});
  note(actors::tls_sent_space, actors::tls_day_key("2026-11-21", "a.example"), reporting::encode(s));
  const auto got = ask("GET", "/v1/tlsrpt/sent");
  EXPECT_EQ(got.body.get_string("/items/0/state"), "nobody asks");
  EXPECT_EQ(got.body.get_string("/items/1/state"), "under way");
  EXPECT_EQ(got.body.get_string("/items/1/domain"), "a.example");
  EXPECT_EQ(got.body.get_string("/items/1/targets/0/why"), "status 503");
}

TEST_F(tls_reports, ReportsThatCameAreListedNewestFirst) {
  for (const std::uint64_t id : {1, 2}) {
    for (auto& c : actors::keep_tls_report(*node_->spool(), "Subject: no report\r\n\r\n", "x@y", base::message_id{id}, base::from_milliseconds(1000)))
      EXPECT_EQ(node_->put_in_spool({{}, std::move(c)}).what, storage::outcome::done);
  }
  const auto list = ask("GET", "/v1/tlsrpt/received");
  EXPECT_EQ(list.body.get_string("/items/0/id"), "0000000000000002");
  EXPECT_EQ(list.body.get_integer("total"), 2);
  const auto one = ask("GET", "/v1/tlsrpt/received/0000000000000001");
  EXPECT_EQ(one.body.get_string("from"), "x@y");
  EXPECT_NE(one.body.find("fault"), nullptr);
  EXPECT_EQ(one.body.find("report"), nullptr);
  EXPECT_EQ(ask("GET", "/v1/tlsrpt/received/0000000000000003").status, 404u);
}

TEST_F(tls_reports, WhatCannotBeSentIsRefused) {
  struct row {
    const char* body;
    unsigned status;
    const char* part;
  };
  // It is 1970-01-01 on this node.
  const row rows[] = {
      {"{}", 422, "day is missing"},
      {R"({"day":"1970-13-01"})", 422, "day is missing"},
      {R"({"day":"1970-01-02"})", 422, "has not begun"},
      {R"({"day":"1970-01-01"})", 409, "not over"},
      {R"({"day":"1970-01-01","unfinished":true})", 501, "does not run"},
      {R"({"day":"1969-12-31"})", 501, "does not run"},
  };
  for (const auto& r : rows) {
    const auto got = ask("POST", "/v1/tlsrpt/send", r.body);
    EXPECT_EQ(got.status, r.status) << r.body;
    EXPECT_NE(text(got).find(r.part), std::string::npos) << text(got);
  }
  EXPECT_EQ(ask("GET", "/v1/tlsrpt/counters?day=today").status, 422u);
  EXPECT_EQ(ask("GET", "/v1/tlsrpt/sent?after=xyz").status, 422u);
}

} // namespace
} // namespace rookery::admin
