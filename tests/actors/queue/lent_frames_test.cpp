#include "actors/queue/lent_frames.hpp"

#include "actors/queue/lent_octets.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace rookery::actors {
namespace {

template <class Read>
void refuses_what_is_cut(const std::string& octets, Read read) {
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(read(octets.substr(0, n))) << n;
  auto newer = octets;
  newer[0] = 9;
  EXPECT_FALSE(read(newer));
  EXPECT_FALSE(read(octets + "x"));
}

delivery::way example_way() {
  delivery::way w;
  w.what = delivery::way::kind::host;
  w.key = "[relay.test]:2525 login=ann";
  w.domain = "elsewhere.test";
  w.hop.host = "relay.test";
  w.hop.port = 2525;
  w.hop.login = "ann";
  w.hop.sealed_password = std::string("\0sealed", 7);
  w.hop.tls = delivery::tls_use::required;
  w.hop.lmtp = true;
  w.tls = delivery::tls_use::verified;
  w.require_tls = w.dnssec_requested = true;
  w.return_path = "bounces@here.test";
  w.gateway = "gate.test";
  return w;
}

TEST(LentFrames, AWayIsReadAsItWasPrinted) {
  const delivery::delivery_view view;
  const auto w = example_way();
  const auto octets = print_way(w);
  const auto read = read_way(octets, view);
  ASSERT_TRUE(read);
  EXPECT_EQ(print_way(*read), octets);
  EXPECT_EQ(read->hop, w.hop);
  EXPECT_EQ(read->what, w.what);
  EXPECT_EQ(read->tls, w.tls);
  EXPECT_TRUE(read->require_tls && read->dnssec_requested);
  EXPECT_FALSE(read->dnssec_required || read->tls_optional);
  EXPECT_EQ(read->return_path, w.return_path);
  EXPECT_EQ(read->gateway, w.gateway);
  refuses_what_is_cut(octets, [&](const std::string& o) { return read_way(o, view); });
}

TEST(LentFrames, AWayWithARouteIsReadOnlyWhereTheRouteIsKnown) {
  auto w = example_way();
  auto route = std::make_shared<delivery::route_record>();
  route->domain = "*.example.test";
  route->helo_name = "mail.example.test";
  w.route = route;
  const delivery::delivery_view without;
  EXPECT_FALSE(read_way(print_way(w), without));
  delivery::delivery_builder building(without);
  building.put(*route);
  const auto with = building.finish(2);
  const auto read = read_way(print_way(w), *with);
  ASSERT_TRUE(read && read->route);
  EXPECT_EQ(read->route->helo_name, "mail.example.test");
}

TEST(LentFrames, MailThatStaysInTheClusterIsNotLent) {
  const delivery::delivery_view view;
  auto w = example_way();
  w.what = delivery::way::kind::local;
  EXPECT_FALSE(read_way(print_way(w), view));
  EXPECT_FALSE(read_way(print_way(delivery::home_way(4)), view));
}

TEST(LentFrames, ResultsAreReadAsTheyWerePrinted) {
  attempt_result r;
  r.how = queueing::end_reason::broken;
  r.remote_host = "mx.test";
  r.session = "s1";
  r.tls = "TLSv1.3 dane";
  r.dns = "validated";
  r.peer_does_dsn = true;
  r.recipients = {{7, {delivery::fate::done, "2.1.5", "smtp; 250 2.1.5 ok", "250 ok"}}, {70'000, {delivery::fate::failed, "5.1.1", "", "550 no"}}, {8, {delivery::fate::at_once, "", "", ""}}};
  const auto octets = print_results(r);
  const auto read = read_results(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(print_results(*read), octets);
  EXPECT_EQ(read->recipients.at(1).recipient, 70'000u);
  EXPECT_EQ(read->recipients.at(1).as.what, delivery::fate::failed);
  EXPECT_EQ(read->how, r.how);
  EXPECT_EQ(read->tls, r.tls);
  EXPECT_TRUE(read->peer_does_dsn);
  refuses_what_is_cut(octets, [](const std::string& o) { return read_results(o); });
}

TEST(LentFrames, WhatElseThereIsToDoKeepsItsTimeToTheOthersClock) {
  const base::wall_time here{std::chrono::milliseconds(1'000'000)}, there{std::chrono::milliseconds(5'000'000)};
  given_work g;
  g.what = queueing::take_result::later;
  g.until = here + std::chrono::milliseconds(700);
  const auto octets = print_no_work(g, here);
  const auto read = read_no_work(octets, there);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->what, g.what);
  EXPECT_EQ(read->until, there + std::chrono::milliseconds(700));
  refuses_what_is_cut(octets, [&](const std::string& o) { return read_no_work(o, there); });
  g.what = queueing::take_result::work; // is another frame
  EXPECT_FALSE(read_no_work(print_no_work(g, here), there));
}

TEST(LentFrames, TheEndOfAConnectionIsReadAsItWasPrinted) {
  connection_over o;
  o.how = queueing::close_reason::refused;
  o.why = {{delivery::fate::deferred, "4.3.2", "", "421 4.3.2 busy"}, "mx.test", true, false};
  o.passed = 12;
  const auto octets = print_over(o);
  const auto read = read_over(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->how, o.how);
  EXPECT_EQ(read->why.as.answer, o.why.as.answer);
  EXPECT_EQ(read->why.host, "mx.test");
  EXPECT_NE(read->passed, 0u);
  refuses_what_is_cut(octets, [](const std::string& x) { return read_over(x); });
  take_work t;
  t.recipients_max = 300;
  EXPECT_EQ(read_take_work(print(t))->recipients_max, 300u);
  refuses_what_is_cut(print(t), [](const std::string& x) { return read_take_work(x); });
}

TEST(LentOctets, AreTheSameInMemoryAndInAFile) {
  const auto directory = std::filesystem::temp_directory_path().string();
  for (const std::size_t size : {std::size_t{0}, std::size_t{100'000}, lent_octets::memory_octets_max, 3 * lent_octets::memory_octets_max + 5}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    lent_octets octets(directory);
    for (std::size_t at = 0; at < size; at += 70'000) ASSERT_TRUE(octets.append(std::string_view(text).substr(at, 70'000)));
    EXPECT_EQ(octets.size(), size);
    EXPECT_EQ(octets.in_memory(), size <= lent_octets::memory_octets_max);
    std::string read;
    for (char piece[33'333];;) {
      const auto n = octets.read(read.size(), piece, sizeof piece);
      ASSERT_TRUE(n);
      if (*n == 0) break;
      read.append(piece, *n);
    }
    EXPECT_EQ(read, text);
  }
}

} // namespace
} // namespace rookery::actors
