// A room of thousands: what a step costs beside what it sends, counted; and that lists which are kept are those that
// would be made anew.
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/muc/room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace rookery::xmpp::muc {
namespace {

const jid den{"den", "conference.example.org", {}};
const jid ann{"ann", "example.org", "phone"};

struct hall {
  base::wall_time now = base::from_milliseconds(1'700'000'000'000);
  room chat;
  std::uint64_t sends = 0, copies = 0;     ///< stanzas, and to how many
  std::vector<send> last;                  ///< of the last step

  explicit hall(const room_config& c, const room_limits& limits = generous()) : chat(den, c, "salt", limits) {
    chat.create(c, {ann.bare()});
    take();
    enter(ann, "ann");
  }
  static room_limits generous() {
    room_limits l;
    l.stanzas_a_second = 0;
    return l;
  }
  void take() {
    last.clear();
    for (auto& e : chat.take_effects())
      if (auto* s = std::get_if<send>(&e)) {
        ++sends;
        copies += s->to->size();
        last.push_back(std::move(*s));
      }
  }
  void say(const jid& who, const std::string& to, const std::string& octets) {
    auto read = xml::parse("<stream xmlns='jabber:client'>" + octets + "</stream>");
    auto stanza = *std::get<element>(read).first();
    stanza.set("from", who.text()).set("to", to);
    last.clear(); // sent: nobody holds the lists
    chat.handle(stanza, *read_jid(to), {who, false}, now);
    take();
  }
  void enter(const jid& who, const std::string& nick) {
    say(who, den.text() + "/" + nick, "<presence><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
  }
  void leave(const jid& who) { say(who, den.text() + "/x", "<presence type='unavailable'/>"); }
  void rank(const jid& who, const std::string& affiliation) {
    say(ann, den.text(), "<iq type='set' id='r'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='" + who.bare_text() + "' affiliation='" + affiliation + "'/></query></iq>");
  }
  void part(const std::string& nick, const std::string& role) {
    say(ann, den.text(), "<iq type='set' id='p'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='" + nick + "' role='" + role + "'/></query></iq>");
  }
  std::vector<std::string> hearers(std::string_view what) const {
    std::vector<std::string> all;
    for (const auto& s : last)
      if (s.stanza->name == what)
        for (const auto& to : *s.to)
          if (std::find(s.except.begin(), s.except.end(), to) == s.except.end()) all.push_back(to.text());
    std::sort(all.begin(), all.end());
    return all;
  }
};

jid visitor(std::size_t i) { return {"u" + std::to_string(i % 250), "example.org", "r" + std::to_string(i)}; }

TEST(LargeRoom, WhoJoinsAnAudienceCostsTheSameWhenThousandsAreThere) {
  room_config c;
  c.moderated = true;
  c.tell_visitors = false;
  hall h(c);
  constexpr std::size_t audience = 9'999;
  for (std::size_t i = 0; i < audience; ++i) {
    const auto sends = h.sends, gone_through = h.chat.gone_through();
    h.enter(visitor(i), "n" + std::to_string(i));
    ASSERT_EQ(h.sends - sends, 3u) << "the speaker, himself, the subject: " << i;
    ASSERT_LE(h.chat.gone_through() - gone_through, 4u) << i;
  }
  ASSERT_EQ(h.chat.occupants(), audience + 1);
  h.say(ann, den.text(), "<message type='groupchat' id='1'><body>hello</body></message>");
  ASSERT_EQ(h.last.size(), 1u);
  EXPECT_EQ(h.last.front().to->size(), audience + 1);
  const auto held = h.last.front().to;

  // As they go: the list that is still on its way is copied once, not for each.
  const auto before = h.chat.gone_through();
  for (std::size_t i = 0; i < audience; i += 2) h.leave(visitor(i));
  EXPECT_LE(h.chat.gone_through() - before, held->size() + audience + 2);
  EXPECT_EQ(held->size(), audience + 1);
  h.say(ann, den.text(), "<message type='groupchat' id='2'><body>hello</body></message>");
  EXPECT_EQ(h.last.front().to->size(), h.chat.sessions());
}

TEST(LargeRoom, WhereAllAreToldOfAllNothingIsGoneThroughThatIsNotSent) {
  hall h({});
  constexpr std::size_t people = 500;
  const auto copies = h.copies, gone_through = h.chat.gone_through();
  for (std::size_t i = 0; i < people; ++i) h.enter(visitor(i), "n" + std::to_string(i));
  EXPECT_GE(h.copies - copies, people * people) << "each of each";
  EXPECT_LE(h.chat.gone_through() - gone_through, people * people / 2 + 5 * people);
}

TEST(LargeRoom, AVisitorWhomNobodySeesIsNotMissed) {
  room_config c;
  c.moderated = true;
  c.tell_visitors = false;
  hall h(c);
  h.enter(visitor(1), "n1");
  h.enter(visitor(2), "n2");
  h.say(visitor(1), den.text(), "<message type='error' id='e'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
  EXPECT_EQ(h.hearers("presence"), std::vector<std::string>{visitor(1).text()}) << "he hears of it alone";
  h.part("n2", "participant");
  EXPECT_EQ(h.hearers("presence").size(), 2u) << "with a voice he is seen by ann, and by himself";
  h.enter(visitor(3), "n3");
  EXPECT_EQ(h.hearers("presence").size(), 3u) << "ann, n2, himself";
  h.part("n2", "visitor");
  h.enter(visitor(4), "n4");
  EXPECT_EQ(h.hearers("presence").size(), 2u) << "ann, himself";
}

TEST(LargeRoom, VisitorsAreShownAndHiddenByConfigurationAsFarAsThatIsBounded) {
  room_config c;
  c.moderated = true;
  c.tell_visitors = false;
  auto limits = hall::generous();
  limits.presences_a_change = 12;
  hall h(c, limits);
  const auto configure = [&](const std::string& values) {
    h.say(ann, den.text(), "<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='muc#roomconfig_presencebroadcast'>" +
                               values + "</field></x></query></iq>");
    return h.last.back().stanza->get("type") == "result";
  };
  for (std::size_t i = 0; i < 3; ++i) h.enter(visitor(i), "n" + std::to_string(i));
  ASSERT_TRUE(configure("<value>visitor</value>"));
  EXPECT_EQ(h.hearers("presence").size(), 3u * 3u) << "each of the three is told to ann and the other two";
  EXPECT_TRUE(configure("<value>visitor</value>"));
  EXPECT_TRUE(h.hearers("presence").empty()) << "nothing changed";
  h.enter(visitor(3), "n3");
  EXPECT_FALSE(configure("<value>participant</value>")) << "twenty would be told";
  EXPECT_TRUE(h.hearers("presence").empty());
  EXPECT_TRUE(h.chat.config().tell_visitors);
  h.leave(visitor(3));
  EXPECT_TRUE(configure("<value>participant</value>"));
  EXPECT_EQ(h.hearers("presence").size(), 3u * 3u);
  EXPECT_FALSE(h.chat.config().tell_visitors);
}

TEST(LargeRoom, AnAudienceHasReservedNicks) {
  hall h({});
  for (std::size_t i = 0; i < 3; ++i)
    h.say(visitor(i), den.text(), "<iq type='set' id='n'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>"
                                  "<field var='muc#register_roomnick'><value>n" + std::to_string(i) + "</value></field></x></query></iq>");
  const auto refused = [&](const jid& who, const std::string& nick) {
    h.enter(who, nick);
    return h.last.size() == 1 && h.last.front().stanza->get("type") == "error";
  };
  EXPECT_TRUE(refused(visitor(7), "n1"));
  EXPECT_FALSE(refused(visitor(1), "n1"));
  h.leave(visitor(1));
  h.say(visitor(1), den.text(), "<iq type='set' id='n'><query xmlns='jabber:iq:register'><remove/></query></iq>");
  EXPECT_FALSE(refused(visitor(7), "n1")) << "it is nobody's any more";
  h.rank(visitor(2), "none");
  EXPECT_FALSE(refused(visitor(8), "n2"));
  EXPECT_TRUE(refused(visitor(9), "n0"));
}

TEST(LargeRoom, TheListsAreThoseThatWouldBeMadeAnew) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    room_config c;
    c.moderated = seed % 2 == 0;
    c.tell_visitors = seed % 3 != 0;
    hall h(c);
    struct person {
      std::string nick;
      bool here = false;
    };
    std::vector<person> people(12);
    for (int step = 0; step < 120; ++step) {
      const auto i = random() % people.size();
      const jid who{"p" + std::to_string(i / 2), "example.org", "r" + std::to_string(i)};
      auto& p = people[i];
      switch (random() % 6) {
      case 0:
      case 1:
        p.nick = "n" + std::to_string(i / 2);
        h.enter(who, p.nick);
        break;
      case 2: h.leave(who); break;
      case 3: h.rank(who, random() % 3 == 0 ? "admin" : random() % 2 == 0 ? "member" : "none"); break;
      case 4: h.part("n" + std::to_string(i / 2), random() % 2 == 0 ? "participant" : "visitor"); break;
      case 5: h.chat.gone(who, h.now); h.take(); break;
      }
      auto all = std::vector<std::string>();
      for (const auto& one : h.chat.session_addresses()) all.push_back(one.text());
      std::sort(all.begin(), all.end());
      h.say(ann, den.text(), "<message type='groupchat' id='1'><body>hello</body></message>");
      ASSERT_EQ(h.hearers("message"), all) << "seed " << seed << ", step " << step;
      // Her own change is told to moderators and to all others: together everybody, and her once more.
      h.say(ann, den.text() + "/ann", "<presence><show>away</show></presence>");
      ASSERT_EQ(h.hearers("presence"), all) << "seed " << seed << ", step " << step;
    }
  }
}

TEST(AddressGroup, IsASetWhoseListsStayAsTheyWereGiven) {
  std::mt19937_64 random(7);
  address_group group;
  std::set<std::string> model;
  std::vector<std::pair<address_list, std::vector<jid>>> held;
  for (int step = 0; step < 5'000; ++step) {
    const auto who = visitor(random() % 40);
    if (random() % 2 == 0) {
      group.add(who);
      model.insert(who.text());
    } else {
      group.remove(who);
      model.erase(who.text());
    }
    std::set<std::string> now;
    for (const auto& one : *group.all()) now.insert(one.text());
    ASSERT_EQ(now, model);
    ASSERT_EQ(group.all()->size(), model.size());
    if (step % 100 == 0) held.emplace_back(group.all(), *group.all());
  }
  for (const auto& [list, was] : held) EXPECT_EQ(*list, was);
  group.clear();
  EXPECT_TRUE(group.empty());
}

} // namespace
} // namespace rookery::xmpp::muc
