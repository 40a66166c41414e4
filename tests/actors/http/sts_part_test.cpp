#include "actors/http/sts_part.hpp"

#include "actors/config/documents.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

routing::domain_record domain(const std::string& name, const std::string& content) {
  storage::directory::document d;
  d.key = name;
  d.content = content;
  return config::read_domain(d).value();
}

class StsPart : public ::testing::Test {
protected:
  StsPart() {
    routing::directory_builder b{routing::directory_view()};
    b.put_domain(domain("enforced.example", R"({"mta_sts":"enforce","mta_sts_hosts":["mx1.enforced.example","*.mx.example"],"mta_sts_max_age":86400})"));
    b.put_domain(domain("usual.example", R"({"mta_sts":"testing"})"));
    b.put_domain(domain("left.example", R"({"mta_sts":"none","mta_sts_max_age":60})"));
    b.put_domain(domain("silent.example", "{}"));
    b.put_domain(domain("xn--bcher-kva.example", R"({"mta_sts":"testing"})"));
    node_.directory = std::make_shared<published<routing::directory_view>>(b.finish(1));
    node_.host_name = "Mail.Example";
    set({});
  }
  void set(config::settings s) {
    node_.settings = std::make_shared<published<config::settings>>(std::make_shared<const config::settings>(std::move(s)));
  }
  std::optional<web_answer> ask(const char* host, const char* path = "/.well-known/mta-sts.txt", const char* method = "GET") {
    http_call c;
    c.host = host;
    c.path = path;
    c.method = method;
    return make_sts_part(node_)(c);
  }
  std::string body(const char* host) {
    const auto got = ask(host);
    return got ? got->body : "nothing";
  }
  node node_;
};

TEST_F(StsPart, GivesEachDomainItsPolicy) {
  EXPECT_EQ(body("mta-sts.enforced.example"), "version: STSv1\r\nmode: enforce\r\nmx: mx1.enforced.example\r\nmx: *.mx.example\r\nmax_age: 86400\r\n");
  EXPECT_EQ(body("mta-sts.usual.example"), "version: STSv1\r\nmode: testing\r\nmx: mail.example\r\nmax_age: 604800\r\n");
  EXPECT_EQ(body("mta-sts.left.example"), "version: STSv1\r\nmode: none\r\nmx: mail.example\r\nmax_age: 60\r\n");
  EXPECT_NE(body("mta-sts.xn--bcher-kva.example"), "nothing");
  const auto got = ask("mta-sts.usual.example");
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->fields.front().value, "text/plain; charset=utf-8");
}

TEST_F(StsPart, TakesWhatADomainLeavesOpenFromTheSettings) {
  config::settings s;
  s.mta_sts_hosts = "  MX.Shared.Example not_a/host *.shared.example ";
  s.mta_sts_max_age_seconds = 7200;
  set(s);
  EXPECT_EQ(body("mta-sts.usual.example"), "version: STSv1\r\nmode: testing\r\nmx: mx.shared.example\r\nmx: *.shared.example\r\nmax_age: 7200\r\n");
  EXPECT_EQ(body("mta-sts.left.example").substr(0, 27), "version: STSv1\r\nmode: none\r");
}

TEST_F(StsPart, LeavesTheRestToOthers) {
  for (const char* host : {"mta-sts.silent.example", "mta-sts.foreign.example", "usual.example", "mta-sts.", "", "mta-sts.a b", "[::1]", "mta-sts.mta-sts.usual.example"})
    EXPECT_FALSE(ask(host)) << host;
  for (const char* path : {"/", "/.well-known/mta-sts.txt/", "/.well-known/MTA-STS.txt", "*", "/%2ewell-known/mta-sts.txt"})
    EXPECT_FALSE(ask("mta-sts.usual.example", path)) << path;
  EXPECT_EQ(ask("mta-sts.usual.example", "/.well-known/mta-sts.txt", "POST")->status, 405);
  EXPECT_EQ(ask("mta-sts.usual.example", "/.well-known/mta-sts.txt", "HEAD")->status, 200);
}

} // namespace
} // namespace rookery::actors
