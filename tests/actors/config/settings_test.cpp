#include "actors/config/settings.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rookery::config {
namespace {

TEST(Settings, AreSortedAndTheirDefaultsAreInTheirRange) {
  std::string_view last;
  const settings defaults;
  for (const auto& s : schema()) {
    EXPECT_LT(last, s.key);
    last = s.key;
    EXPECT_EQ(find_setting(s.key), &s);
    const auto printed = print_setting(defaults, s);
    EXPECT_EQ(check_setting(s, printed).value_or("refused"), printed) << s.key;
    EXPECT_FALSE(s.sentence.empty());
  }
  EXPECT_EQ(find_setting("no.such"), nullptr);
}

TEST(Settings, AreCheckedAndTheRefusalNamesTheRange) {
  struct row {
    std::string_view key, text, scalar; ///< "" = refused
  };
  const row rows[] = {
      {"smtp.message_octets_max", "52428800", "52428800"},
      {"smtp.message_octets_max", "50M", "52428800"},
      {"smtp.message_octets_max", "\"50 MiB\"", "52428800"},
      {"smtp.message_octets_max", "64k", "65536"},
      {"smtp.message_octets_max", "1", ""},
      {"smtp.message_octets_max", "2G", ""},
      {"smtp.message_octets_max", "-1", ""},
      {"smtp.message_octets_max", "99999999999999999999G", ""},
      {"smtp.message_octets_max", "", ""},
      {"smtp.command_seconds", "5m", "300"},
      {"smtp.command_seconds", "5M", "300"},
      {"smtp.command_seconds", "5x", ""},
      {"smtp.recipients_max", "5m", ""},
      {"submission.from_checked", "off", "false"},
      {"submission.from_checked", "true", "true"},
      {"submission.from_checked", "maybe", ""},
      {"log.level", "debug", "\"debug\""},
      {"log.level", "\"info\"", "\"info\""},
      {"log.level", "loud", ""},
      {"directory.default_domain", "Example.TEST", "\"example.test\""},
      {"directory.default_domain", "\"\"", "\"\""},
      {"directory.default_domain", "a b", ""},
      {"queue.retry_plan", "\"5M  10m 1h\"", "\"5m 10m 1h\""},
      {"queue.retry_plan", "", ""},
      {"queue.retry_plan", "5s", ""},
      {"queue.retry_plan", "8d", ""},
      {"queue.retry_plan", "5m soon", ""},
      {"queue.smart_host", "Relay.Example.NET:587", "\"relay.example.net:587\""},
      {"queue.smart_host", "relay", "\"relay\""},
      {"queue.smart_host", "[2001:DB8::1]:25", "\"[2001:db8::1]:25\""},
      {"queue.smart_host", "2001:DB8::1", "\"[2001:db8::1]\""},
      {"queue.smart_host", "192.0.2.1", "\"192.0.2.1\""},
      {"queue.smart_host", "", "\"\""},
      {"queue.smart_host", "relay:0", ""},
      {"queue.smart_host", "relay:", ""},
      {"queue.smart_host", "re lay", ""},
      {"queue.source_addresses", "192.0.2.1  2001:DB8::1", "\"192.0.2.1 2001:db8::1\""},
      {"queue.source_addresses", "localhost", ""},
      {"queue.dnssec_rules", "require Subject: *[dnssec]*", "\"require Subject: *[dnssec]*\""},
      {"queue.dnssec_rules", "require Subject: \\", ""},
      {"queue.dnssec_rules", "", "\"\""},
      {"queue.dnssec_rules", "request X-A: b; demand Subject: *", ""},
      {"search.languages", "English  german", "\"english german\""},
      {"search.languages", "", "\"\""},
      {"search.languages", "english klingon", ""},
      {"search.languages", "en de fr it es nl pt fi", "\"en de fr it es nl pt fi\""},
      {"search.languages", "en de fr it es nl pt fi sv", ""},
      {"queue.dnssec_rules", "require Subject", ""},
  };
  for (const auto& r : rows) {
    const auto got = check_setting(*find_setting(r.key), r.text);
    EXPECT_EQ(got.value_or(""), r.scalar) << r.key << " = " << r.text;
    if (!got) {
      EXPECT_NE(got.error().client.value.find(r.key), std::string::npos);
    }
  }
}

TEST(Settings, ARuleThatCannotBeReadIsNamed) {
  const auto got = check_setting(*find_setting("queue.dnssec_rules"), "request X-A: b; require Subject:");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().client.value, "queue.dnssec_rules: rule 2 has no pattern");
}

TEST(Settings, OnesThatDoNotFitAreLeftAtTheirDefault) {
  settings s;
  EXPECT_TRUE(apply_setting(s, "smtp.recipients_max", "200"));
  EXPECT_EQ(s.smtp_recipients_max, 200u);
  EXPECT_FALSE(apply_setting(s, "smtp.recipients_max", "1"));
  EXPECT_EQ(s.smtp_recipients_max, 200u);
  EXPECT_FALSE(apply_setting(s, "newer.setting", "1"));
}

TEST(Settings, TheManualIsCurrent) {
  const std::string path = ROOKERY_SOURCE_DIR "/docs/manual/settings.md";
  if (std::getenv("ROOKERY_WRITE_MANUAL") != nullptr) std::ofstream(path) << settings_manual();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), settings_manual()) << "run this test with ROOKERY_WRITE_MANUAL=1 and commit docs/manual/settings.md";
}

TEST(Settings, TextsAreReadAsWhatTheyMean) {
  using std::chrono::seconds;
  EXPECT_EQ(durations_of("5m 1h"), (std::vector<seconds>{seconds(300), seconds(3600)}));
  EXPECT_EQ(durations_of(settings{}.queue_retry_plan).size(), 7u);
  const auto one = read_host_and_port("[2001:db8::1]:587", 25);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->host, "2001:db8::1");
  EXPECT_EQ(one->port, 587);
  EXPECT_EQ(read_host_and_port("2001:db8::1", 25)->port, 25);
  EXPECT_EQ(read_host_and_port("mx.example.org", 25)->port, 25);
  EXPECT_FALSE(read_host_and_port("mx.example.org:70000", 25));
}

} // namespace
} // namespace rookery::config
