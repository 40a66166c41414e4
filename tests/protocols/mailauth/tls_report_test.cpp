#include "protocols/mailauth/tls_report.hpp"

#include "protocols/deflate/gzip.hpp"

#include <gtest/gtest.h>

namespace rookery::mailauth {
namespace {

/// The example of RFC 8460 Appendix B.
constexpr std::string_view example = R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {"policy-type": "sts",
      "policy-string": ["version: STSv1","mode: testing", "mx: *.mail.company-y.example","max_age: 86400"],
      "policy-domain": "company-y.example",
      "mx-host": "*.mail.company-y.example"},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1",
       "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:0013::1",
       "receiving-mx-hostname": "mx2.mail.company-y.example", "receiving-ip": "203.0.113.56", "failed-session-count": 200,
       "additional-information": "https://reports.company-x.example/report_info?id=5065427c-23d3#StarttlsNotSupported"},
      {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62", "receiving-ip": "203.0.113.58",
       "receiving-mx-hostname": "mx-backup.mail.company-y.example", "failed-session-count": 3,
       "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]}]})";

TEST(TlsReport, TheExampleOfTheStandardIsRead) {
  const auto read = read_tls_report(example);
  ASSERT_TRUE(read) << read.error().log.value;
  EXPECT_EQ(read->organization, "Company-X");
  EXPECT_EQ(read->begin, "2016-04-01T00:00:00Z");
  ASSERT_EQ(read->policies.size(), 1u);
  const auto& p = read->policies[0];
  EXPECT_EQ(p.type, "sts");
  EXPECT_EQ(p.lines.size(), 4u);
  EXPECT_EQ(p.hosts, std::vector<std::string>{"*.mail.company-y.example"});
  EXPECT_EQ(p.successes, 5326u);
  EXPECT_EQ(p.failures, 303u);
  ASSERT_EQ(p.details.size(), 3u);
  EXPECT_EQ(p.details[1].sessions, 200u);
  EXPECT_EQ(p.details[2].reason, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
  EXPECT_EQ(*read_tls_report(print_tls_report(*read)), *read);
}

TEST(TlsReport, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "{}", "[]", "{\"policies\":1}", "{\"policies\":[1]}", "{\"policies\":[{}]}", "{\"policies\":[{\"policy\":{}}]"})
    EXPECT_FALSE(read_tls_report(bad)) << bad;
  EXPECT_TRUE(read_tls_report("{\"policies\":[{\"policy\":{},\"summary\":{\"total-failure-session-count\":-1}}]}"));
  std::string many = "{\"policies\":[{\"policy\":{},\"failure-details\":[{}";
  for (std::size_t i = 0; i < report_details_max; ++i) many += ",{}";
  EXPECT_EQ(read_tls_report(many + "]}]}").error().kind, base::error_kind::over_limit);
}

rpt_subject subject(rpt_policy policy, std::string result = {}, std::string host = {}) {
  return {"2026-11-21", "example.com", policy, std::move(result), std::move(host), "192.0.2.1", ""};
}

tls_report ours() {
  auto yesterday = subject(rpt_policy::sts);
  yesterday.day = "2026-11-20";
  return make_tls_report("2026-11-21", "example.com",
                         {{subject(rpt_policy::sts), 10},
                          {subject(rpt_policy::sts, "certificate-expired", "mx1.example.com"), 2},
                          {subject(rpt_policy::sts, "validation-failure", "mx2.example.com"), 1},
                          {subject(rpt_policy::none), 5},
                          {yesterday, 99}},
                         {{rpt_policy::sts, {"version: STSv1", "mode: enforce"}, {"*.example.com"}}}, "Us", "postmaster@us.example", "id-1");
}

TEST(TlsReport, ADayIsPutTogetherByPolicy) {
  const auto report = ours();
  EXPECT_EQ(report.begin, "2026-11-21T00:00:00Z");
  EXPECT_EQ(report.end, "2026-11-21T23:59:59Z");
  ASSERT_EQ(report.policies.size(), 2u);
  EXPECT_EQ(report.policies[0].type, "sts");
  EXPECT_EQ(report.policies[0].successes, 10u);
  EXPECT_EQ(report.policies[0].failures, 3u);
  EXPECT_EQ(report.policies[0].details.size(), 2u);
  EXPECT_EQ(report.policies[0].hosts.size(), 1u);
  EXPECT_EQ(report.policies[1].type, "no-policy-found");
  EXPECT_EQ(report.policies[1].successes, 5u);
}

TEST(TlsReport, GoesByMailAndComesBack) {
  report_mail mail{"tls@us.example", "reports@example.com", "us.example", "example.com", "1@us.example", "b0undary",
                   base::from_milliseconds(1'795'000'000'000)};
  const auto text = write_report_mail(mail, ours());
  const auto header = text.substr(0, text.find("\r\n\r\n") + 4);
  EXPECT_TRUE(is_report_mail(header));
  for (const char* line : {"TLS-Report-Domain: example.com\r\n", "TLS-Report-Submitter: us.example\r\n", "TLS-Required: No\r\n"})
    EXPECT_NE(header.find(line), std::string::npos) << line;
  EXPECT_NE(text.find("us.example!example.com!1795219200!1795305599.json.gz"), std::string::npos);
  const auto back = read_report_mail(text);
  ASSERT_TRUE(back) << back.error().log.value;
  EXPECT_EQ(*back, ours());
}

TEST(TlsReport, OtherMailIsNone) {
  EXPECT_FALSE(is_report_mail("Content-Type: multipart/report; report-type=delivery-status\r\n\r\n"));
  EXPECT_FALSE(is_report_mail("Subject: x\r\n\r\n"));
  EXPECT_TRUE(is_report_mail("Content-Type: application/tlsrpt+json\r\n\r\n"));
  EXPECT_EQ(read_report_mail("Subject: x\r\n\r\nhello").error().kind, base::error_kind::not_found);
  EXPECT_EQ(read_report_mail("Content-Type: application/tlsrpt+gzip\r\n\r\nhello").error().kind, base::error_kind::invalid);
  EXPECT_TRUE(read_report_mail("Content-Type: application/tlsrpt+json\r\n\r\n{\"policies\":[]}"));
}

TEST(TlsReport, AnUnpackedReportHasALimit) {
  const auto bomb = deflate::gzip(std::string(report_octets_max + 1, ' '));
  const auto refused = read_report_mail("Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: binary\r\n\r\n" + bomb);
  EXPECT_EQ(refused.error().kind, base::error_kind::over_limit);
}

} // namespace
} // namespace rookery::mailauth
