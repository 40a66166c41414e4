// A room under a seed, with many clients that do what they like: what each of them saw is a subsequence of the archive, in
// its order; nothing is told before it is kept; a room made of what was kept is the same room.
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/muc/room.hpp"
#include "tests/protocols/xmpp/muc/room_script.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rookery::xmpp::muc {
namespace {

struct world {
  static constexpr int clients = 12;
  std::mt19937_64 random;
  base::wall_time now = base::from_milliseconds(1'700'000'000'000);
  std::unique_ptr<room> chat;
  std::vector<std::uint64_t> archive;
  std::map<jid, std::vector<std::uint64_t>> seen;
  std::map<jid, member_record> members;
  std::optional<element> document;
  std::uint64_t told_before_kept = 0, reflections = 0, refusals = 0;

  explicit world(std::uint64_t seed) : random(seed) { make(); }
  void make() {
    room_config c;
    c.persistent = true;
    room_limits l;
    l.burst_stanzas = 40;
    chat = std::make_unique<room>(*read_jid("den@c.example"), c, "salt", l);
    if (!document) return;
    ASSERT_TRUE(chat->restore(*document));
    for (const auto& [address, m] : members) chat->restore_member(address, m);
    if (!archive.empty()) chat->restore_last_id(archive.back());
  }
  jid client(std::uint64_t i) const { return *read_jid("u" + std::to_string(i % 9) + "@example.org/r" + std::to_string(i)); }
  void take() {
    for (auto& e : chat->take_effects()) {
      if (const auto* k = std::get_if<keep_message>(&e)) {
        ASSERT_TRUE(archive.empty() || k->id > archive.back());
        archive.push_back(k->id);
      } else if (const auto* m = std::get_if<keep_member>(&e)) {
        if (m->record.empty()) members.erase(m->address);
        else members[m->address] = m->record;
      } else if (std::holds_alternative<keep_document>(e)) {
        document = chat->document();
      } else if (const auto* s = std::get_if<send>(&e)) {
        hear(*s);
      } else if (std::holds_alternative<destroyed>(e)) {
        document.reset();
        members.clear();
        archive.clear();
        seen.clear();
        make();
        return;
      }
    }
  }
  void hear(const send& s) {
    const auto* id = s.stanza->child("stanza-id", space::stanza_ids);
    if (s.stanza->get("type") == "error") ++refusals;
    for (const auto& to : *s.to) {
      if (std::find(s.except.begin(), s.except.end(), to) != s.except.end()) continue;
      EXPECT_FALSE(to.empty());
      if (s.stanza->name != "message" || id == nullptr || s.stanza->child("delay", space::delay) != nullptr) continue;
      const auto n = std::stoull(std::string(id->get("id")));
      if (archive.empty() || archive.back() < n) ++told_before_kept;
      ++reflections;
      seen[to].push_back(n);
    }
  }
  void step() {
    now += std::chrono::milliseconds(random() % 50);
    const auto who = client(random() % clients);
    const auto other = client(random() % clients);
    const auto nick = "n" + std::to_string(random() % 14);
    const std::string room_text = chat->address().text();
    std::string xml, to = room_text;
    switch (random() % 16) {
      case 0: case 1: case 2: to += "/" + nick; xml = "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>"; break;
      case 3: to += "/" + nick; xml = "<presence type='unavailable'/>"; break;
      case 4: to += "/" + nick; xml = "<presence><show>away</show></presence>"; break;
      case 5: to += "/" + nick; xml = "<message type='chat'><body>psst</body></message>"; break;
      case 6: xml = "<message type='groupchat'><subject>" + nick + "</subject></message>"; break;
      case 7: {
        const char* roles[] = {"none", "visitor", "participant", "moderator"};
        xml = "<iq type='set' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='" + nick + "' role='" + roles[random() % 4] + "'/></query></iq>";
        break;
      }
      case 8: {
        const char* ranks[] = {"outcast", "none", "member", "admin", "owner"};
        xml = "<iq type='set' id='2'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='" + other.bare_text() + "' affiliation='" + ranks[random() % 5] + "'/></query></iq>";
        break;
      }
      case 9:
        xml = std::string("<iq type='set' id='3'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>") +
              "<field var='muc#roomconfig_persistentroom'><value>1</value></field><field var='" +
              (random() % 2 ? "muc#roomconfig_moderatedroom" : "muc#roomconfig_membersonly") + "'><value>" + (random() % 4 ? "0" : "1") + "</value></field></x></query></iq>";
        break;
      case 10:
        if (random() % 3 == 0) {
          chat->gone(who, now);
          return take();
        }
        [[fallthrough]];
      default: xml = "<message type='groupchat'><body>" + nick + "</body></message>";
    }
    auto read = xml::parse("<s xmlns='jabber:client'>" + xml + "</s>");
    auto stanza = *std::get<element>(read).first();
    stanza.set("from", who.text()).set("to", to);
    chat->handle(stanza, *read_jid(to), {who}, now);
    take();
  }
};

TEST(RoomSimulation, WhatAnybodySawIsASubsequenceOfTheArchive) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    world w(seed);
    std::uint64_t messages = 0;
    for (int i = 0; i < 1500; ++i) {
      w.step();
      if (::testing::Test::HasFatalFailure()) return;
      messages = std::max<std::uint64_t>(messages, w.archive.size());
      if (i % 500 == 499 && w.document) { // the process dies here: nobody is in, and all that was kept is as before
        const auto before = w.document;
        const auto config = w.chat->config();
        const auto members = w.chat->members();
        w.make();
        ASSERT_EQ(w.chat->config(), config) << "seed " << seed;
        ASSERT_EQ(w.chat->document(), *before) << "seed " << seed;
        ASSERT_EQ(w.chat->members().size(), members.size()) << "seed " << seed;
        for (const auto& [address, m] : members) ASSERT_EQ(w.chat->members().at(address).rank, m.rank) << "seed " << seed;
      }
    }
    EXPECT_EQ(w.told_before_kept, 0u) << "seed " << seed;
    EXPECT_GT(messages, 20u) << "seed " << seed;
    EXPECT_GT(w.refusals, 0u);
    for (const auto& [who, ids] : w.seen) {
      auto at = w.archive.begin();
      for (const auto id : ids) {
        at = std::find(at, w.archive.end(), id);
        ASSERT_NE(at, w.archive.end()) << "seed " << seed << ": " << who.text() << " saw " << id << " out of order, or it is not kept";
        ++at;
      }
    }
  }
}

} // namespace
} // namespace rookery::xmpp::muc
