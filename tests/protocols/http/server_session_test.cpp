#include "protocols/http/server_session.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace rookery::http {
namespace {

using namespace std::chrono_literals;

/// Answers every request with its own shape and writes down what happened.
struct host {
  explicit host(limits bounds = {}) : session({}, t0, bounds) {}
  void drain() {
    while (auto e = session.next_event()) {
      if (auto* r = std::get_if<request>(&*e)) {
        log += std::string(r->method) + " " + std::string(r->path) + "?" + std::string(r->query) + "\n";
        if (on_request) on_request();
      } else if (auto* c = std::get_if<body_chunk>(&*e)) {
        body.append(c->octets);
      } else if (std::get_if<request_end>(&*e)) {
        log += "end [" + body + "]\n";
        body.clear();
        if (on_end) on_end();
      } else if (auto* bad = std::get_if<refused>(&*e)) {
        log += "refused " + std::to_string(bad->status) + "\n";
      } else {
        log += "gone\n";
      }
    }
  }
  void feed(std::string_view octets, std::size_t cut = 1 << 20) {
    for (std::size_t at = 0; at < octets.size(); at += cut) {
      session.feed(octets.substr(at, cut), t0);
      drain();
    }
  }
  std::string out() {
    std::string octets(session.output());
    session.sent(octets.size());
    return octets;
  }
  static constexpr base::instant t0{};
  server_session session;
  std::string log, body;
  std::function<void()> on_request, on_end = [this] { session.respond(200, {}, "ok"); };
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class HttpServer : public testing::TestWithParam<std::size_t> {};

TEST_P(HttpServer, RequestsOneBehindAnotherAreAnsweredInOrder) {
  host h;
  h.feed("\r\nGET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"
         "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
         "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3;ext=\"v\"\r\nabc\r\n0002\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
         "GET http://h:80/d HTTP/1.1\r\nHost: h\r\nConnection: foo, close\r\n\r\nGET /e",
         GetParam());
  EXPECT_EQ(h.log, "GET /a?x=1\nend []\nPOST /b?\nend [hello]\nPUT /c?\nend [abcde]\nGET /d?\nend []\ngone\n");
  EXPECT_EQ(h.out(), ok + ok + ok + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_TRUE(h.session.closed());
}

TEST_P(HttpServer, WhatCouldBeSmuggledIsRefusedAndClosed) {
  struct {
    const char* in;
    int status;
  } rows[] = {
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET /\r\nHost: h\r\n\r\n", 400},
      {"G{T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT h:25 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\nab\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", 200},
      {"\x16\x03\x01\x02", 400},
  };
  for (const auto& [in, status] : rows) {
    host h;
    h.feed(in, GetParam());
    const auto out = h.out();
    if (status == 200) {
      EXPECT_EQ(out, "") << in;
      continue;
    }
    EXPECT_TRUE(out.starts_with("HTTP/1.1 " + std::to_string(status))) << in << out;
    EXPECT_NE(out.find("\r\nConnection: close\r\n"), std::string::npos) << in;
    EXPECT_TRUE(h.session.closed()) << in;
    EXPECT_TRUE(h.log.ends_with("refused " + std::to_string(status) + "\ngone\n")) << h.log;
  }
}

TEST_P(HttpServer, EveryLimitHasItsAnswer) {
  limits bounds;
  bounds.request_line_octets = 40;
  bounds.head_octets = 100;
  bounds.fields = 3;
  bounds.body_octets = 10;
  struct {
    std::string in;
    const char* end;
  } rows[] = {
      {"GET /" + std::string(40, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", "refused 414\ngone\n"},
      {"GET /" + std::string(300, 'a'), "refused 414\ngone\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100, 'a') + "\r\n\r\n", "refused 431\ngone\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100, 'a'), "refused 431\ngone\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB:\r\nC:\r\n\r\n", "refused 431\ngone\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nA:\r\nB:\r\n\r\n", "end []\n"},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789", "end [0123456789]\n"},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n", "refused 413\ngone\n"},
  };
  for (const auto& [in, end] : rows) {
    host h(bounds);
    h.feed(in, GetParam());
    EXPECT_TRUE(h.log.ends_with(end)) << in << "\n" << h.log;
  }
}

INSTANTIATE_TEST_SUITE_P(Cuts, HttpServer, testing::Values(1, 3, 17, 1 << 20));

TEST(HttpSession, HeadIsAnsweredWithoutABody) {
  host h;
  h.feed("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
}

TEST(HttpSession, AnswersWithoutBodyHaveNoLength) {
  host h;
  h.on_end = [&] { h.session.respond(204); };
  h.feed("DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HttpSession, AStreamedAnswerIsChunkedAndEndsByCloseForTheOldVersion) {
  host h;
  h.on_end = [&] {
    h.session.begin_response(200, {{"Content-Type", "text/plain"}});
    h.session.write_body(std::string(26, 'x'));
    h.session.write_body("");
    h.session.write_body("y");
    h.session.end_response();
  };
  h.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n" +
                         std::string(26, 'x') + "\r\n1\r\ny\r\n0\r\n\r\n");
  EXPECT_FALSE(h.session.closed());
  h.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + std::string(26, 'x') + "y");
  EXPECT_TRUE(h.session.closed());
}

TEST(HttpSession, TheOldVersionIsKeptAliveWhenItAsks) {
  host h;
  h.feed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
  h.feed("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(h.session.closed());
}

TEST(HttpSession, TheBodyIsAskedForWhenItIsExpected) {
  host h;
  h.feed("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 100 Continue\r\n\r\n");
  h.feed("hi");
  EXPECT_EQ(h.out(), ok);
}

TEST(HttpSession, ARefusalBeforeTheBodyClosesInsteadOfAskingForIt) {
  host h;
  h.on_request = [&] { h.session.respond(401, {}, ""); };
  h.feed("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(h.out(), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(h.session.closed());
}

TEST(HttpSession, ADelayedAnswerHoldsBackTheNextRequestAndReading) {
  host h;
  h.on_end = nullptr;
  h.feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(h.log, "GET /1?\nend []\n");
  EXPECT_EQ(h.session.deadline(), std::nullopt);
  EXPECT_TRUE(h.session.wants_input());
  h.feed(std::string(limits().ahead_octets, 'x'));
  EXPECT_FALSE(h.session.wants_input());
  h.session.respond(200, {}, "ok");
  h.drain();
  EXPECT_TRUE(h.log.ends_with("GET /2?\nend []\n"));
}

TEST(HttpSession, SlowClientsAreToldOrLeft) {
  host idle, head, body;
  ASSERT_EQ(*idle.session.deadline(), host::t0 + 60s);
  idle.session.tick(host::t0 + 59s);
  EXPECT_FALSE(idle.session.closed());
  idle.session.tick(host::t0 + 60s);
  EXPECT_TRUE(idle.session.closed());
  EXPECT_EQ(idle.out(), "");
  head.feed("GET / HT");
  head.session.feed("TP", host::t0 + 29s);
  head.session.tick(host::t0 + 30s);
  EXPECT_TRUE(head.out().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(head.session.closed());
  body.feed("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
  body.session.feed("x", host::t0 + 29s);
  body.drain();
  body.session.tick(host::t0 + 58s);
  EXPECT_FALSE(body.session.closed());
  body.session.tick(host::t0 + 59s);
  EXPECT_TRUE(body.out().starts_with("HTTP/1.1 408 "));
}

TEST(HttpSession, AnIdleConnectionIsCountedFromTheEndOfTheAnswer) {
  host h;
  h.on_end = nullptr;
  h.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  h.session.respond(200, {}, "ok"); // an hour later
  h.session.tick(host::t0 + 1h);
  EXPECT_FALSE(h.session.closed());
  h.session.tick(host::t0 + 1h + 60s);
  EXPECT_TRUE(h.session.closed());
}

TEST(HttpSession, ShuttingDownFinishesTheRequestInHand) {
  host busy, idle;
  busy.on_end = nullptr;
  busy.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  busy.session.shut_down();
  EXPECT_FALSE(busy.session.closed());
  busy.session.respond(200, {}, "ok");
  EXPECT_TRUE(busy.session.closed());
  EXPECT_NE(busy.out().find("Connection: close"), std::string::npos);
  idle.session.shut_down();
  EXPECT_TRUE(idle.session.closed());
}

TEST(HttpSession, ABodyThatIsHeldWaitsAndItsTimeDoesNotRun) {
  host h;
  h.on_request = [&] { h.session.hold_body(true); };
  h.feed("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_EQ(h.body, "");
  EXPECT_EQ(h.session.deadline(), std::nullopt);
  h.session.tick(host::t0 + 1h);
  h.session.hold_body(false);
  h.session.tick(host::t0 + 1h);
  EXPECT_EQ(h.session.deadline(), host::t0 + 1h + 30s);
  h.drain();
  EXPECT_EQ(h.body, "hel");
  h.session.feed("lo", host::t0 + 1h);
  h.drain();
  EXPECT_EQ(h.out(), ok);
}

TEST(HttpSession, AHeldBodyStopsReadingBeyondItsBound) {
  host h;
  h.on_request = [&] { h.session.hold_body(true); };
  h.feed("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  h.feed(std::string(limits().ahead_octets, 'x'));
  EXPECT_FALSE(h.session.wants_input());
}

TEST(HttpSession, AClientThatDoesNotReadItsAnswerIsCut) {
  host streams;
  streams.on_end = [&] {
    streams.session.begin_response(200, {}, 100);
    streams.session.write_body("x");
  };
  streams.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  streams.session.tick(host::t0 + 1h);
  ASSERT_EQ(streams.session.deadline(), host::t0 + 1h + 60s);
  streams.session.tick(host::t0 + 1h + 59s);
  streams.session.sent(1);
  streams.session.tick(host::t0 + 1h + 60s); // something was read meanwhile
  EXPECT_FALSE(streams.session.closed());
  streams.session.tick(host::t0 + 1h + 120s);
  ASSERT_TRUE(std::holds_alternative<stalled>(*streams.session.next_event()));
  EXPECT_TRUE(streams.session.closed());
}

TEST(HttpSession, AnUpgradedConnectionKeepsWhatCameBehindTheRequest) {
  host h;
  h.on_request = [&] {
    EXPECT_TRUE(h.session.may_upgrade());
    h.session.upgrade({{"Upgrade", "websocket"}});
  };
  h.feed("GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x80");
  EXPECT_EQ(h.out(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(h.log, "GET /chat?\n");
  EXPECT_FALSE(h.session.closed());
  EXPECT_EQ(h.session.deadline(), std::nullopt);
  EXPECT_EQ(h.session.rest(), "\x81\x80");
  for (const char* none : {"GET / HTTP/1.0\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"}) {
    host other;
    other.on_request = [&] { EXPECT_FALSE(other.session.may_upgrade()); };
    other.feed(none);
  }
}

TEST(HttpSession, AFieldThatWouldSplitTheAnswerIsOurFault) {
  host h;
  h.on_end = nullptr;
  h.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THROW(h.session.respond(200, {{"X", "a\r\nSet-Cookie: b"}}, ""), base::broken);
}

} // namespace
} // namespace rookery::http
