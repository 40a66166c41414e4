#include "actors/http/fetcher.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "tests/actors/http/https_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

constexpr auto patience = std::chrono::seconds(60);

/// Answers every question with one address, or with nothing.
caf::behavior fake_resolver(caf::event_based_actor*, std::string address) {
  return {[address](const dns_question& q) {
    auto a = std::make_shared<dns::answer>();
    const bool there = q.type == dns::record_type::a && !address.empty();
    a->status = there ? dns::answer_status::ok : dns::answer_status::no_data;
    if (there) a->records.push_back(address);
    return dns_answer{std::move(a)};
  }};
}

struct world {
  caf::actor_system_config config;
  caf::actor_system system{config};
  tests::https_server server{system};
  tests::authority authority{"Web Authority", base::system_clock().wall()};
  std::string ca_file;
  caf::actor resolver, fetcher;

  explicit world(std::string address = {}) {
    char pattern[] = "/tmp/rookery_ca.XXXXXX";
    ::close(::mkstemp(pattern));
    ca_file = pattern;
    std::ofstream(ca_file) << authority.pem();
    resolver = system.spawn(fake_resolver, std::move(address));
    fetcher = spawn_fetcher(system, {ca_file, {}}, resolver);
  }
  ~world() {
    caf::scoped_actor self{system};
    for (const auto& a : {fetcher, resolver}) self->send_exit(a, caf::exit_reason::user_shutdown);
    self->wait_for(fetcher, resolver);
    std::filesystem::remove(ca_file);
  }
  tls::pem_pair keys(const std::string& host, std::chrono::hours until = std::chrono::hours(24)) {
    const auto now = base::system_clock().wall();
    return authority.issue({{host}, {}, now - std::chrono::hours(48), now + until});
  }
  /// `host` is found at `port` of loopback.
  void put(const std::string& host, std::uint16_t port) {
    settings.ca_file = ca_file;
    settings.connect_to.push_back(host + ":443:127.0.0.1:" + std::to_string(port));
    caf::anon_send(fetcher, configure_fetcher{settings});
  }
  fetch_answer fetch(http_fetch what) {
    fetch_answer out;
    caf::scoped_actor self{system};
    self->request(fetcher, patience, std::move(what))
        .receive([&](const http_fetched& f) { out = *f.value; }, [&](const caf::error& e) { ADD_FAILURE() << system.render(e); });
    return out;
  }
  fetcher_settings settings;
};

tests::https_server::answer mirror(const http_call& call) {
  return {200, {{"Content-Type", "text/plain"}}, call.method + " " + call.host + " " + call.path + " " + call.body};
}

TEST(Fetcher, GetsAndPosts) {
  world w;
  w.put("web.example", w.server.listen(mirror, w.keys("web.example")));
  const auto got = w.fetch({"https://web.example/.well-known/x?y"});
  EXPECT_TRUE(got.ok()) << got.text;
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.content_type, "text/plain");
  EXPECT_EQ(got.body, "GET web.example /.well-known/x ");
  http_fetch post{"https://web.example/report"};
  post.body = std::string(100'000, 'b');
  post.content_type = "application/tlsrpt+gzip";
  post.octets_max = 200'000;
  EXPECT_EQ(w.fetch(post).body, "POST web.example /report " + post.body);
}

TEST(Fetcher, TakesNoOtherCertificate) {
  world w;
  const tests::authority other("Other", base::system_clock().wall());
  const auto now = base::system_clock().wall();
  w.put("name.example", w.server.listen(mirror, w.keys("elsewhere.example")));
  w.put("expired.example", w.server.listen(mirror, w.keys("expired.example", std::chrono::hours(-24))));
  w.put("stranger.example", w.server.listen(mirror, other.issue({{"stranger.example"}, {}, now - std::chrono::hours(1), now + std::chrono::hours(1)})));
  for (const char* host : {"name.example", "expired.example", "stranger.example"}) {
    const auto got = w.fetch({"https://" + std::string(host) + "/"});
    EXPECT_EQ(got.failure, fetch_failure::certificate) << host << got.text;
    EXPECT_EQ(got.body, "");
  }
}

TEST(Fetcher, FollowsNothing) {
  world w;
  w.put("moved.example", w.server.listen([](const http_call&) {
    return tests::https_server::answer{301, {{"Location", "https://elsewhere.example/"}}, ""};
  }, w.keys("moved.example")));
  const auto got = w.fetch({"https://moved.example/"});
  EXPECT_EQ(got.failure, fetch_failure::none);
  EXPECT_EQ(got.status, 301);
  EXPECT_FALSE(got.ok());
}

TEST(Fetcher, CutsWhatIsTooLarge) {
  world w;
  w.put("large.example", w.server.listen([](const http_call&) { return tests::https_server::answer{200, {}, std::string(5000, 'x')}; },
                                         w.keys("large.example")));
  http_fetch what{"https://large.example/"};
  what.octets_max = 5000;
  EXPECT_TRUE(w.fetch(what).ok());
  what.octets_max = 4999;
  const auto got = w.fetch(what);
  EXPECT_EQ(got.failure, fetch_failure::too_large) << got.text;
  EXPECT_EQ(got.body, "");
}

TEST(Fetcher, GivesUpOnTheSilentAndTheAbsent) {
  world w;
  // Speaks no TLS: waits for a request that never ends.
  w.put("plain.example", w.server.listen(mirror));
  http_fetch what{"https://plain.example/"};
  what.time = std::chrono::milliseconds(300);
  EXPECT_EQ(w.fetch(what).failure, fetch_failure::connection);
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); // bound, but not listening
  ::sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof at;
  ASSERT_EQ(::bind(taken, reinterpret_cast<const ::sockaddr*>(&at), size), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<::sockaddr*>(&at), &size), 0);
  w.put("closed.example", ntohs(at.sin_port));
  EXPECT_EQ(w.fetch({"https://closed.example/"}).failure, fetch_failure::connection);
  ::close(taken);
}

TEST(Fetcher, AsksForNamesAndGoesToNoNeighbour) {
  EXPECT_EQ(world().fetch({"https://nowhere.example/"}).text, "the host has no address");
  const auto inside = world(std::string("\x7f\0\0\1", 4)).fetch({"https://inside.example/"});
  EXPECT_EQ(inside.failure, fetch_failure::name);
  EXPECT_EQ(inside.text, "the host's addresses are not public");
}

TEST(Fetcher, UrlsAreHttpsWithAName) {
  world w;
  for (const char* url : {"http://a.example/", "ftp://a.example/", "https://", "https:///x", "https://127.0.0.1/", "https://[::1]/", "https://u:p@a.example/",
                          "https://a.example:0/", "https://a.example:x/", "https://a b/", "a.example", ""})
    EXPECT_EQ(w.fetch({url}).failure, fetch_failure::url) << url;
}

TEST(Fetcher, ManyAtOnceAreAllAnswered) {
  world w;
  w.put("web.example", w.server.listen(mirror, w.keys("web.example")));
  caf::scoped_actor self{w.system};
  constexpr int many = 150;
  for (int i = 0; i < many; ++i) self->send(w.fetcher, http_fetch{"https://web.example/" + std::to_string(i)});
  int good = 0;
  for (int i = 0; i < many; ++i)
    self->receive([&](const http_fetched& f) { good += f->ok() ? 1 : 0; }, caf::after(patience) >> [] { ADD_FAILURE() << "an answer is missing"; });
  EXPECT_EQ(good, many);
}

TEST(PublicAddress, IsNeitherHereNorReserved) {
  for (const char* yes : {"8.8.8.8", "100.128.0.1", "172.32.0.1", "198.20.0.1", "2a00:1450::1", "2606:4700::1111", "::ffff:8.8.8.8"})
    EXPECT_TRUE(public_address(yes)) << yes;
  for (const char* no : {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "198.19.0.1",
                         "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
                         "2001:db8::1", "2002:7f00:1::", "a.example", ""})
    EXPECT_FALSE(public_address(no)) << no;
}

} // namespace
} // namespace rookery::actors
