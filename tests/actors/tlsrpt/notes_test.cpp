#include "actors/tlsrpt/notes.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::actors {
namespace {

using mailauth::rpt_policy;
namespace queue = storage::queue;

const base::wall_time now = base::from_milliseconds(1'795'219'200'000);

/// The notes of a spool, and nothing else.
class only_notes final : public queue::spool_view {
public:
  void take(const std::vector<queue::any_command>& commands) {
    for (const auto& c : commands) {
      if (const auto* p = std::get_if<queue::put_note>(&c)) all_[{p->space, p->key}] = *p;
      if (const auto* d = std::get_if<queue::drop_note>(&c)) all_.erase({d->space, d->key});
    }
  }
  std::size_t count(const char* space) const {
    std::size_t n = 0;
    for (const auto& [name, note] : all_) n += name.first == space;
    return n;
  }
  std::optional<queue::envelope> find(base::message_id) const override { return std::nullopt; }
  queue::spool_page list(const queue::spool_filter&, base::message_id, std::size_t, std::size_t) const override { return {}; }
  std::vector<queue::queue_counts> counts() const override { return {}; }
  void for_each(base::message_id, const std::function<bool(const queue::envelope&)>&) const override {}
  std::optional<queue::note> note(std::string_view space, std::string_view key) const override {
    const auto at = all_.find({std::string(space), std::string(key)});
    if (at == all_.end()) return std::nullopt;
    return queue::note{at->second.key, at->second.value, at->second.until};
  }
  std::vector<queue::note> notes(std::string_view space, std::string_view prefix, std::size_t max, std::string_view after) const override {
    std::vector<queue::note> out;
    for (const auto& [name, n] : all_)
      if (name.first == space && name.second.starts_with(prefix) && name.second > after && out.size() < max) out.push_back({n.key, n.value, n.until});
    return out;
  }

private:
  std::map<std::pair<std::string, std::string>, queue::put_note> all_;
};

mailauth::tls_report report(std::size_t details = 1) {
  mailauth::tls_report r{"Company", "tls@company.example", "id-1", "2026-11-21T00:00:00Z", "2026-11-21T23:59:59Z", {}};
  mailauth::tls_policy_report p;
  p.type = "sts";
  p.domain = "example.org";
  p.lines = {"version: STSv1", "mode: testing"};
  p.hosts = {"mx.example.org"};
  p.successes = 10;
  p.failures = details;
  for (std::size_t i = 0; i < details; ++i) p.details.push_back({"certificate-expired", "192.0.2.1", "mx" + std::to_string(i) + ".example.org", "", "198.51.100.1", "", "", 1});
  r.policies.push_back(p);
  return r;
}
std::string mail_of(const mailauth::tls_report& r) {
  return mailauth::write_report_mail({"tls@company.example", "tlsrpt@example.org", "company.example", "example.org", "m@company.example", "boundary", now}, r);
}

TEST(TlsNotes, AReportIsKept) {
  const auto kept = kept_of(mail_of(report()), "tls@company.example", now);
  EXPECT_EQ(mailauth::read_tls_report(kept.whole).value(), report());
  const auto shown = json::parse(kept.shown).value();
  EXPECT_EQ(shown.get_string("organization"), "Company");
  EXPECT_EQ(shown.get_integer("successes"), 10);
  EXPECT_EQ(shown.get_integer("failures"), 1);
  EXPECT_EQ(shown.get_string("/domains/0"), "example.org");
  EXPECT_EQ(shown.find("fault"), nullptr);
}

TEST(TlsNotes, ALargeReportIsCut) {
  const auto kept = kept_of(mail_of(report(4000)), "x@y", now);
  EXPECT_LE(kept.whole.size(), tls_received_octets_max);
  const auto read = mailauth::read_tls_report(kept.whole).value();
  ASSERT_EQ(read.policies.size(), 1u);
  EXPECT_EQ(read.policies[0].failures, 4000u);
  EXPECT_GT(read.policies[0].details.size(), 10u);
  EXPECT_LT(read.policies[0].details.size(), 100u);
}

TEST(TlsNotes, WhatCannotBeReadIsAFault) {
  for (const std::string& mail : {std::string("Subject: x\r\n\r\nhello\r\n"), std::string(), std::string(tls_report_mail_octets_max + 1, 'x')}) {
    const auto kept = kept_of(mail, "x@y\r\n", now);
    EXPECT_TRUE(kept.whole.empty());
    const auto shown = json::parse(kept.shown).value();
    EXPECT_FALSE(shown.get_string("fault").value_or("").empty());
    EXPECT_EQ(shown.get_string("from"), "x@y??");
  }
}

TEST(TlsNotes, TheOldestReportsMakeRoom) {
  only_notes notes;
  const auto mail = mail_of(report());
  for (std::uint64_t id = 1; id <= tls_received_max + 3; ++id) notes.take(keep_tls_report(notes, mail, "x@y", base::message_id{id}, now));
  EXPECT_EQ(notes.count(tls_received_space), tls_received_max);
  EXPECT_EQ(notes.count(tls_received_whole_space), tls_received_max);
  EXPECT_FALSE(notes.note(tls_received_space, "0000000000000003"));
  EXPECT_TRUE(notes.note(tls_received_space, "0000000000000004"));
}

TEST(TlsNotes, TheAddressForReportsIsFound) {
  routing::directory_builder b{routing::directory_view()};
  routing::domain_record d;
  d.name = "example.org";
  b.put_domain(d);
  d.name = "example.net";
  b.put_domain(d);
  const auto directory = b.finish(1);
  struct row {
    const char *setting, *address;
    bool takes;
  };
  const row rows[] = {
      {"", "tlsrpt@example.org", false},
      {"tlsrpt@example.org", "TLSRPT@Example.Org", true},
      {"tlsrpt@example.org", "tlsrpt@example.net", false},
      {"TlsRpt@Example.org", "tlsrpt@example.org", true},
      {"tlsrpt", "tlsrpt@example.net", true},
      {"tlsrpt", "TlsRpt@example.org", true},
      {"tlsrpt", "tlsrpt@foreign.example", false},
      {"tlsrpt", "tlsrpt+x@example.org", false},
      {"tlsrpt", "tlsrpt", false},
      {"tlsrpt@foreign.example", "tlsrpt@foreign.example", false},
      {"nonsense @", "tlsrpt@example.org", false},
  };
  for (const auto& r : rows) {
    config::settings s;
    s.tlsrpt_address = r.setting;
    EXPECT_EQ(takes_tls_reports(s, *directory, r.address), r.takes) << r.setting << " " << r.address;
  }
}

TEST(TlsNotes, ADaysReportComesFromItsCounters) {
  only_notes notes;
  const auto count = [&](const char* day, const char* domain, rpt_policy policy, const char* result, const char* host, const char* n) {
    notes.take({queue::put_note{tls_counted_space, mailauth::rpt_key({day, domain, policy, result, host, "", ""}), n, {}}});
  };
  count("2026-11-20", "a.example", rpt_policy::sts, "", "", "5");
  count("2026-11-21", "a.example", rpt_policy::sts, "", "", "7");
  count("2026-11-21", "a.example", rpt_policy::sts, "certificate-expired", "mx.a.example", "2");
  count("2026-11-21", "a.example", rpt_policy::none, "starttls-not-supported", "mx.a.example", "1");
  count("2026-11-21", "a.example.net", rpt_policy::tlsa, "", "", "1");
  const mailauth::policy_lines lines{rpt_policy::sts, {"version: STSv1", "mode: enforce"}, {"mx.a.example"}};
  notes.take({queue::put_note{tls_lines_space, tls_day_key("2026-11-21", "a.example", rpt_policy::sts), encode(lines), {}}});
  EXPECT_EQ(tls_domains_of(notes, "2026-11-21"), (std::vector<std::string>{"a.example", "a.example.net"}));
  EXPECT_EQ(tls_domains_of(notes, "2026-11-19"), std::vector<std::string>{});
  const auto r = tls_report_of(notes, "2026-11-21", "a.example", "Us", "us@x", "id");
  ASSERT_EQ(r.policies.size(), 2u);
  EXPECT_EQ(r.policies[0].type, "sts");
  EXPECT_EQ(r.policies[0].successes, 7u);
  EXPECT_EQ(r.policies[0].failures, 2u);
  EXPECT_EQ(r.policies[0].lines, lines.lines);
  EXPECT_EQ(r.policies[0].hosts, lines.hosts);
  EXPECT_EQ(r.policies[1].failures, 1u);
}

TEST(TlsNotes, PoliciesAreKeptWithinBounds) {
  mailauth::policy_lines lines{rpt_policy::tlsa, std::vector<std::string>(1000, std::string(1000, 'x')), {"mx"}};
  const auto octets = encode(lines);
  EXPECT_LE(octets.size(), queue::note_value_octets_max);
  const auto read = decode_policy_lines(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->policy, rpt_policy::tlsa);
  EXPECT_LT(read->lines.size(), 1000u);
  for (const char* damaged : {"", "{}", R"({"policy":"x","lines":[],"hosts":[]})", R"({"policy":"sts","lines":[1],"hosts":[]})"}) EXPECT_FALSE(decode_policy_lines(damaged));
}

} // namespace
} // namespace rookery::actors
