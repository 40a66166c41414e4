#include "protocols/http/client_exchange.hpp"

#include <gtest/gtest.h>

namespace rookery::http {
namespace {

using state = client_exchange::state;

state play(client_exchange& exchange, std::string_view octets, std::size_t cut) {
  auto reached = state::reading;
  for (std::size_t at = 0; at < octets.size(); at += cut) reached = exchange.feed(octets.substr(at, cut));
  return reached;
}

TEST(HttpClient, EveryFramingOfAnAnswerIsRead) {
  struct {
    const char* in;
    bool by_close;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\n\r\nhello", true},
  };
  for (const auto& [in, by_close] : rows)
    for (const std::size_t cut : {1u, 5u, 1000u}) {
      client_exchange exchange;
      EXPECT_EQ(play(exchange, in, cut), by_close ? state::reading : state::done) << in;
      EXPECT_EQ(exchange.end_of_stream(), state::done) << in;
      EXPECT_EQ(exchange.answer().status, 200);
      EXPECT_EQ(exchange.answer().body, "hello");
      EXPECT_TRUE(exchange.answer().ok());
    }
}

TEST(HttpClient, AnswersThatBreakOffOrAreNoneFail) {
  for (const char* in : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "220 smtp\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", "HTTP/1.1 abc\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                         "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n0123456789a"}) {
    client_exchange exchange(false, 10);
    play(exchange, in, 7);
    EXPECT_EQ(exchange.end_of_stream(), state::failed) << in;
    EXPECT_STRNE(exchange.error(), "");
  }
}

TEST(HttpClient, ARequestCarriesItsLength) {
  EXPECT_EQ(request_text("POST", "/v1/accounts", "rookery", {{"Content-Type", "application/json"}}, "{}"),
            "POST /v1/accounts HTTP/1.1\r\nHost: rookery\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "Connection: close\r\n\r\n{}");
  EXPECT_EQ(request_text("GET", "/", "h"), "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
}

TEST(HttpClient, AnswersWithoutBodyEndWithTheirHead) {
  client_exchange head(true), none;
  EXPECT_EQ(head.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), state::done);
  EXPECT_EQ(none.feed("HTTP/1.1 204 No Content\r\n\r\n"), state::done);
}

} // namespace
} // namespace rookery::http
