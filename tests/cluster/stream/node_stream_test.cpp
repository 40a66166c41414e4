#include "actors/cluster/cluster_certificates.hpp"
#include "cluster/stream/answering.hpp"
#include "cluster/stream/stream_inside.hpp"
#include "cluster/stream/stream_listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::cluster {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr auto plenty = 30'000ms; ///< far beyond what anything here takes

actors::key_and_certificate new_authority() { return *actors::make_authority("c1", base::system_clock().wall()); }

const actors::key_and_certificate& authority() {
  static const auto made = new_authority();
  return made;
}

struct credentials {
  std::string certificate, key;
};
credentials issued(const actors::key_and_certificate& by, const std::string& uuid) {
  const auto keys = actors::make_key_pair();
  return {*actors::issue_certificate(by, keys->public_key, uuid, base::system_clock().wall()), keys->private_key};
}

/// Two nodes of one cluster; the second listens.
struct pair {
  std::mutex lock;
  std::vector<stream_member> members;
  credentials one = issued(authority(), "one"), two = issued(authority(), "two");
  std::shared_ptr<const stream_identity> first = identity(1, one), second = identity(2, two);
  std::unique_ptr<stream_listener> listener;

  pair() {
    auto opened = stream_listener::open(second, 0);
    EXPECT_TRUE(opened.ok());
    listener = std::move(*opened);
    members = {{1, "localhost", 1, actors::certificate_fingerprint(one.certificate)}, {2, "localhost", listener->port(), actors::certificate_fingerprint(two.certificate)}};
  }
  std::shared_ptr<const stream_identity> identity(std::uint64_t self, const credentials& c, const actors::key_and_certificate& by = authority(), std::string cluster = "c1") {
    auto made = stream_identity::make({std::move(cluster), self, by.certificate, c.certificate, c.key, [this] {
                                         const std::lock_guard hold(lock);
                                         return members;
                                       }});
    EXPECT_TRUE(made.ok());
    return *made;
  }
  void change(std::function<void(std::vector<stream_member>&)> how) {
    const std::lock_guard hold(lock);
    how(members);
  }
  base::result<std::unique_ptr<node_stream>> dial(std::map<std::string, std::string> fields = {}, std::string kind = "echo") {
    return node_stream::dial(*first, 2, std::move(kind), std::move(fields), plenty);
  }
  void serve_echo() {
    listener->handle("echo", [](std::unique_ptr<node_stream> s, stream_opening o) {
      if (o.field("say") == "no") return s->refuse("not today");
      if (!s->accept({{"you", std::to_string(s->peer())}, {"said", o.field("say")}})) return;
      for (;;) {
        auto f = s->receive(plenty);
        if (!f || !*f || !s->send((*f)->type, (*f)->body, plenty)) return;
      }
    });
  }
  /// The reason of a dial that must fail.
  std::string fault(base::result<std::unique_ptr<node_stream>> r) { return r ? "it was accepted" : r.error().client.value; }
};

int plain_connection(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const ::sockaddr*>(&to), sizeof to), 0);
  return fd;
}

/// Until the other side closes.
void drain(int fd) {
  char octets[4096];
  while (::recv(fd, octets, sizeof octets, 0) > 0) {}
}

TEST(NodeStream, certificates_and_authorities_are_renewed_while_streams_run) {
  pair nodes;
  nodes.serve_echo();
  auto old = nodes.dial();
  ASSERT_TRUE(old.ok()) << old.error().client.value;
  const auto next_authority = new_authority();
  const auto next = issued(next_authority, "two");
  const auto both = next_authority.certificate + authority().certificate;
  // The others trust both before anybody shows the new one.
  ASSERT_TRUE(nodes.first->renew(both, nodes.one.certificate, nodes.one.key));
  ASSERT_TRUE(nodes.second->renew(both, nodes.two.certificate, nodes.two.key));
  EXPECT_TRUE(nodes.dial().ok()) << "the old one goes on";
  ASSERT_TRUE(nodes.second->renew(both, next.certificate, next.key));
  EXPECT_THAT(nodes.fault(nodes.dial()), Not(HasSubstr("accepted"))) << "it is not agreed on";
  nodes.change([&](auto& m) { m[1].next_fingerprint = actors::certificate_fingerprint(next.certificate); });
  EXPECT_TRUE(nodes.dial().ok());
  ASSERT_TRUE(nodes.second->renew(both, nodes.two.certificate, nodes.two.key));
  EXPECT_TRUE(nodes.dial().ok()) << "both are accepted";
  EXPECT_FALSE(nodes.first->renew("no authority", nodes.one.certificate, nodes.one.key));
  EXPECT_FALSE(nodes.first->renew(both, nodes.one.certificate, nodes.two.key));
  EXPECT_TRUE(nodes.dial().ok()) << "what cannot be used changes nothing";
  ASSERT_TRUE((*old)->send(20, "still", plenty).ok());
  const auto got = (*old)->receive(plenty);
  ASSERT_TRUE(got.ok() && *got);
  EXPECT_EQ((*got)->body, "still");
}

TEST(NodeStream, carries_frames_of_all_sizes_both_ways) {
  pair nodes;
  nodes.serve_echo();
  auto s = nodes.dial({{"say", "hello"}});
  ASSERT_TRUE(s.ok()) << s.error().client.value;
  EXPECT_EQ((*s)->answer().at("you"), "1");
  EXPECT_EQ((*s)->answer().at("said"), "hello");
  EXPECT_EQ((*s)->peer(), 2u);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16384}, std::size_t{70000}, stream_body_octets_max}) {
    std::string body(size, 'x');
    if (size > 0) body.back() = 'y';
    ASSERT_TRUE((*s)->send(20, body, plenty).ok());
    auto got = (*s)->receive(plenty);
    ASSERT_TRUE(got.ok() && *got) << size;
    EXPECT_EQ((*got)->type, 20);
    EXPECT_TRUE((*got)->body == body) << size;
  }
}

TEST(NodeStream, one_thread_sends_while_another_receives) {
  pair nodes;
  nodes.serve_echo();
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok()) << s.error().client.value;
  constexpr int count = 500;
  std::thread sender([&] {
    for (int n = 0; n < count; ++n) EXPECT_TRUE((*s)->send(16, std::to_string(n) + std::string(10'000, ' '), plenty).ok());
  });
  for (int n = 0; n < count; ++n) {
    auto got = (*s)->receive(plenty);
    ASSERT_TRUE(got.ok() && *got);
    ASSERT_EQ(std::stoi((*got)->body), n);
  }
  sender.join();
}

TEST(NodeStream, nothing_within_the_time_is_no_failure) {
  pair nodes;
  nodes.serve_echo();
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  auto none = (*s)->receive(1ms);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(*none);
  ASSERT_TRUE((*s)->send(16, "still there", plenty).ok());
  auto got = (*s)->receive(plenty);
  ASSERT_TRUE(got.ok() && *got);
  EXPECT_EQ((*got)->body, "still there");
}

TEST(NodeStream, closing_wakes_who_waits_on_both_sides) {
  pair nodes;
  std::promise<std::string> other;
  nodes.listener->handle("echo", [&](std::unique_ptr<node_stream> s, stream_opening) {
    (void)s->accept();
    auto got = s->receive(plenty);
    other.set_value(got ? "a frame" : got.error().client.value);
  });
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  std::promise<std::string> here;
  std::thread waiting([&] {
    auto got = (*s)->receive(plenty);
    here.set_value(got ? "a frame" : got.error().client.value);
  });
  (*s)->close();
  EXPECT_NE(here.get_future().get(), "a frame");
  EXPECT_NE(other.get_future().get(), "a frame");
  waiting.join();
  EXPECT_TRUE((*s)->closed());
  EXPECT_FALSE((*s)->send(16, "late", plenty).ok());
}

TEST(NodeStream, who_takes_nothing_ends_the_sender_in_time) {
  pair nodes;
  std::promise<void> over;
  auto until = over.get_future().share();
  nodes.listener->handle("echo", [until](std::unique_ptr<node_stream> s, stream_opening) {
    (void)s->accept();
    until.wait();
  });
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  const std::string body(stream_body_octets_max, 'x');
  base::result<void> sent;
  for (int n = 0; n < 200 && sent; ++n) sent = (*s)->send(16, body, 50ms);
  ASSERT_FALSE(sent.ok());
  EXPECT_THAT(sent.error().client.value, HasSubstr("takes nothing"));
  EXPECT_TRUE((*s)->closed());
  over.set_value();
}

TEST(NodeStream, a_frame_that_is_too_long_ends_it) {
  pair nodes;
  std::promise<std::string> heard;
  nodes.listener->handle("echo", [&](std::unique_ptr<node_stream> s, stream_opening) {
    (void)s->accept();
    auto got = s->receive(plenty);
    heard.set_value(got ? "a frame" : got.error().client.value);
  });
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  auto r = (*s)->release();
  auto* out = BIO_new_socket(r.fd, BIO_NOCLOSE);
  SSL_set_bio(r.ssl, out, out);
  EXPECT_EQ(SSL_write(r.ssl, "\x7f\xff\xff\xff\x10", 5), 5);
  EXPECT_THAT(heard.get_future().get(), HasSubstr("too long"));
  SSL_free(r.ssl);
  ::close(r.fd);
}

TEST(NodeStream, what_was_read_already_goes_along_when_it_is_released) {
  pair nodes;
  std::promise<std::string> unread;
  nodes.listener->handle("echo", [&](std::unique_ptr<node_stream> s, stream_opening) {
    (void)s->accept();
    auto got = s->receive(plenty);
    auto r = s->release();
    unread.set_value(got && *got ? (*got)->body + '|' + r.unread : "nothing");
    SSL_free(r.ssl);
    ::close(r.fd);
  });
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  base::buffer both;
  append_frame(both, 16, "first");
  append_frame(both, 17, "next");
  auto r = (*s)->release();
  auto* out = BIO_new_socket(r.fd, BIO_NOCLOSE);
  SSL_set_bio(r.ssl, out, out);
  EXPECT_EQ(SSL_write(r.ssl, both.view().data(), static_cast<int>(both.size())), static_cast<int>(both.size()));
  EXPECT_EQ(unread.get_future().get(), "first|" + std::string("\0\0\0\x05\x11next", 9));
  SSL_free(r.ssl);
  ::close(r.fd);
}

TEST(NodeStreamRefusals, say_why) {
  pair nodes;
  nodes.serve_echo();
  EXPECT_EQ(nodes.fault(nodes.dial({{"say", "no"}})), "not today");
  EXPECT_THAT(nodes.fault(nodes.dial({}, "tea")), HasSubstr("no streams of this kind"));
  EXPECT_THAT(nodes.fault(node_stream::dial(*nodes.first, 9, "echo", {}, plenty)), HasSubstr("node 9 does not belong"));
  EXPECT_THAT(nodes.fault(node_stream::dial(*nodes.identity(3, nodes.one), 2, "echo", {}, plenty)), HasSubstr("node 3 has another certificate"));
  EXPECT_THAT(nodes.fault(node_stream::dial(*nodes.identity(1, nodes.one, authority(), "c2"), 2, "echo", {}, plenty)), HasSubstr("another cluster"));
  nodes.listener->handle("echo", nullptr);
  EXPECT_THAT(nodes.fault(nodes.dial()), HasSubstr("no streams of this kind"));
  EXPECT_EQ(nodes.listener->refused(), 4u);
}

TEST(NodeStreamRefusals, a_removed_node_is_told) {
  pair nodes;
  nodes.serve_echo();
  ASSERT_TRUE(nodes.dial().ok());
  // The listener's picture has node 1 no more; the dialler still has both.
  const auto dialler = stream_identity::make({"c1", 1, authority().certificate, nodes.one.certificate, nodes.one.key,
                                              [all = nodes.members] { return all; }});
  ASSERT_TRUE(dialler.ok());
  nodes.change([](auto& m) { m.erase(m.begin()); });
  EXPECT_THAT(nodes.fault(node_stream::dial(**dialler, 2, "echo", {}, plenty)), HasSubstr("not one of the cluster's present nodes"));
}

TEST(NodeStreamRefusals, another_certificate_than_agreed_is_not_spoken_to) {
  pair nodes;
  nodes.serve_echo();
  nodes.change([](auto& m) { m[1].fingerprint = std::string(64, '0'); });
  EXPECT_THAT(nodes.fault(nodes.dial()), HasSubstr("another certificate than node 2 has"));
}

TEST(NodeStreamRefusals, another_version_is_told) {
  pair nodes;
  nodes.serve_echo();
  const int fd = plain_connection(nodes.listener->port());
  node_stream::inside raw(*nodes.first, fd, "");
  ASSERT_TRUE(raw.shake(node_stream::inside::side::client, steady::now() + plenty).ok());
  ASSERT_TRUE(raw.send(opening_type, "\x09later", steady::now() + plenty).ok());
  auto answer = raw.receive(steady::now() + plenty);
  ASSERT_TRUE(answer.ok() && *answer);
  EXPECT_EQ((*answer)->type, refused_type);
  EXPECT_THAT((*answer)->body, HasSubstr("different versions of streams (9 and 1)"));
}

TEST(NodeStreamStrangers, get_no_further_than_the_handshake) {
  pair nodes;
  nodes.serve_echo();
  const auto other = new_authority();
  const auto fault = nodes.fault(node_stream::dial(*nodes.identity(1, issued(other, "one"), other), 2, "echo", {}, plenty));
  EXPECT_NE(fault, "it was accepted");
  const int fd = plain_connection(nodes.listener->port());
  EXPECT_GT(::send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 0);
  drain(fd);
  ::close(fd);
  EXPECT_TRUE(nodes.dial().ok());
}

TEST(NodeStreamStrangers, who_are_silent_and_many_make_room_for_nodes) {
  pair nodes;
  nodes.serve_echo();
  std::vector<int> silent;
  for (std::size_t n = 0; n < handshakes_max + 8; ++n) silent.push_back(plain_connection(nodes.listener->port()));
  EXPECT_TRUE(nodes.dial().ok());
  EXPECT_LE(nodes.listener->handshakes(), handshakes_max);
  for (const int fd : silent) ::close(fd);
}

TEST(Silence, is_of_who_shakes_no_hands) {
  pair nodes;
  const auto port = nodes.listener->port();
  EXPECT_EQ(silence(*nodes.first, "localhost", port, plenty), std::nullopt);
  // As of a process that is stopped: the system accepts for it, and it says nothing.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof at;
  ASSERT_EQ(::bind(fd, reinterpret_cast<const ::sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(fd, 8), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<::sockaddr*>(&at), &size), 0);
  ::close(plain_connection(ntohs(at.sin_port)));
  EXPECT_THAT(silence(*nodes.first, "127.0.0.1", ntohs(at.sin_port), 50ms).value_or("it answers"), HasSubstr("took too long"));
  ::close(fd);
  EXPECT_TRUE(silence(*nodes.first, "127.0.0.1", ntohs(at.sin_port), plenty).has_value()) << "nobody listens";
  const auto other = new_authority();
  EXPECT_TRUE(silence(*nodes.identity(1, issued(other, "one"), other), "localhost", port, plenty).has_value()) << "of another authority";
  EXPECT_EQ(silence(*nodes.first, "localhost", port, plenty), std::nullopt) << "and it goes on";
}

TEST(StreamListener, ends_what_came_in_through_it) {
  pair nodes;
  std::promise<void> inside;
  nodes.listener->handle("echo", [&](std::unique_ptr<node_stream> s, stream_opening) {
    (void)s->accept();
    inside.set_value();
    while (s->receive(plenty)) {}
  });
  auto s = nodes.dial();
  ASSERT_TRUE(s.ok());
  inside.get_future().wait();
  nodes.listener = nullptr;
  EXPECT_FALSE((*s)->receive(plenty).ok());
  EXPECT_FALSE(nodes.dial().ok());
}

TEST(StreamIdentity, needs_texts_that_belong_together) {
  const auto one = issued(authority(), "one"), two = issued(authority(), "two");
  const auto none = [] { return std::vector<stream_member>(); };
  EXPECT_FALSE(stream_identity::make({"c", 1, "no pem", one.certificate, one.key, none}).ok());
  EXPECT_FALSE(stream_identity::make({"c", 1, authority().certificate, "no pem", one.key, none}).ok());
  EXPECT_FALSE(stream_identity::make({"c", 1, authority().certificate, one.certificate, two.key, none}).ok());
  EXPECT_TRUE(stream_identity::make({"c", 1, authority().certificate, one.certificate, one.key, none}).ok());
}

} // namespace
} // namespace rookery::cluster
