#include "protocols/mailauth/tls_rpt.hpp"

#include <gtest/gtest.h>

namespace rookery::mailauth {
namespace {

using targets = std::vector<rpt_target>;

TEST(TlsRptRecord, SaysWhereReportsGo) {
  EXPECT_EQ(read_rpt_records({"v=TLSRPTv1; rua=mailto:reports@example.com"}), (targets{{true, "reports@example.com"}}));
  EXPECT_EQ(read_rpt_records({"v=TLSRPTv1;rua=https://r.example/v1/tlsrpt , mailto:a@b.example?subject=x;"}),
            (targets{{false, "https://r.example/v1/tlsrpt"}, {true, "a@b.example"}}));
  EXPECT_EQ(read_rpt_records({"other", "v=TLSRPTv1; rua=mailto:a%21b@example"}), (targets{{true, "a!b@example"}}));
}

TEST(TlsRptRecord, LeavesOutWhatCannotBeReached) {
  EXPECT_EQ(read_rpt_records({"v=TLSRPTv1; rua=http://a.example/,ftp://b,mailto:nobody,mailto:@x,mailto:a@,mailto:a%0d%0a@b,mailto:a@b%2,"
                              "mailto:a@b,mailto:a@b,https://"}),
            (targets{{true, "a@b"}}));
  for (const char* none : {"", "v=TLSRPTv1", "v=TLSRPTv1;", "v=TLSRPTv1; x=y", "v=TLSRPTv2; rua=mailto:a@b", "v=TLSRPTv1; rua="})
    EXPECT_TRUE(read_rpt_records({none}).empty()) << none;
  EXPECT_TRUE(read_rpt_records({"v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:a@b"}).empty());
  std::string many = "v=TLSRPTv1; rua=mailto:0@b";
  for (int i = 1; i < 20; ++i) many += ",mailto:" + std::to_string(i) + "@b";
  EXPECT_EQ(read_rpt_records({many}).size(), rpt_targets_max);
}

TEST(TlsRptKey, IsReadBackAndSortsByDayAndDomain) {
  const rpt_subject failure{"2026-11-21", "example.com", rpt_policy::sts, "certificate-expired", "mx.example.com", "192.0.2.1", "2001:db8::1"};
  const rpt_subject success{"2026-11-21", "example.com", rpt_policy::none, "", "", "", ""};
  for (const auto& s : {failure, success}) {
    EXPECT_EQ(read_rpt_key(rpt_key(s)), s);
    EXPECT_TRUE(rpt_key(s).starts_with(rpt_key_prefix("2026-11-21", "example.com")));
    EXPECT_TRUE(rpt_key(s).starts_with(rpt_key_prefix("2026-11-21")));
  }
  auto hostile = failure;
  hostile.host = "a\tb\n" + std::string(2000, 'x');
  EXPECT_LE(rpt_key(hostile).size(), rpt_key_octets_max);
  EXPECT_EQ(read_rpt_key(rpt_key(hostile))->host.substr(0, 4), "a?b?");
  for (const char* bad : {"", "2026-11-21\texample.com", "2026-13-21\tx\tsts\t\t\t\t", "2026-11-21\t\tsts\t\t\t\t", "2026-11-21\tx\twhat\t\t\t\t",
                          "2026-11-21\tx\tsts\t\t\t\t\t"})
    EXPECT_FALSE(read_rpt_key(bad)) << bad;
}

TEST(TlsRptKey, DaysAreThoseOfUtc) {
  EXPECT_EQ(rpt_day(base::from_milliseconds(0)), "1970-01-01");
  EXPECT_EQ(rpt_day(base::from_milliseconds(1'750'000'000'000)), "2025-06-15");
  EXPECT_EQ(rpt_day(*rpt_day_begin("2024-02-29")), "2024-02-29");
  for (const char* bad : {"2025-02-29", "2025-2-29", "20250229", "2025-02-2x", ""}) EXPECT_FALSE(rpt_day_begin(bad)) << bad;
}

} // namespace
} // namespace rookery::mailauth
