// Rooms over a node's store: what was told was kept, and a service that starts anew has the same rooms.
#include "actors/xmpp/rooms/room_service.hpp"

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/owner.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

namespace rookery::actors {
namespace {

/// What rooms sent, by address; waits for it.
class listeners {
public:
  void hear(const xmpp::muc::send& s) {
    const std::lock_guard hold(lock_);
    for (const auto& to : *s.to)
      if (std::find(s.except.begin(), s.except.end(), to) == s.except.end()) heard_[to.text()].push_back(s.stanza);
    more_.notify_all();
  }
  /// The next stanza for `who` that `wanted` accepts; those before it are dropped. Null after ten seconds.
  xmpp::muc::stanza_ptr next(const std::string& who, const std::function<bool(const xmpp::element&)>& wanted) {
    std::unique_lock hold(lock_);
    xmpp::muc::stanza_ptr found;
    more_.wait_for(hold, std::chrono::seconds(10), [&] {
      auto& all = heard_[who];
      while (!all.empty() && !found) {
        if (wanted(*all.front())) found = all.front();
        all.erase(all.begin());
      }
      return found != nullptr;
    });
    return found;
  }

private:
  std::mutex lock_;
  std::condition_variable more_;
  std::map<std::string, std::vector<xmpp::muc::stanza_ptr>> heard_;
};

/// In front of a node's log while it lives: lets requests through, or holds them until it is told what becomes of each.
class doorkeeper {
public:
  explicit doorkeeper(actors::node& n) : node_(n), log_(n.log), state_(std::make_shared<shared>()) {
    node_.log = n.system->spawn([log = log_, state = state_](caf::event_based_actor*) -> caf::behavior {
      return {[log, state](const commit_request_ptr& r) {
        const std::lock_guard hold(state->lock);
        if (!state->holds) return caf::anon_send(log, r);
        state->held.push_back(r);
        state->more.notify_all();
      }};
    });
  }
  ~doorkeeper() {
    std::swap(node_.log, log_);
    caf::anon_send_exit(log_, caf::exit_reason::user_shutdown);
  }
  void hold() {
    const std::lock_guard hold(state_->lock);
    state_->holds = true;
  }
  /// Until so many are held. False after ten seconds.
  bool wait_for(std::size_t count) {
    std::unique_lock hold(state_->lock);
    return state_->more.wait_for(hold, std::chrono::seconds(10), [&] { return state_->held.size() >= count; });
  }
  /// All from now on, those that are held first.
  void pass() {
    const std::lock_guard hold(state_->lock);
    state_->holds = false;
    for (auto& r : std::exchange(state_->held, {})) caf::anon_send(log_, r);
  }
  void refuse_first() {
    const std::lock_guard hold(state_->lock);
    const auto r = state_->held.front();
    state_->held.erase(state_->held.begin());
    node_.gate->leave(r->octets);
    const auto answer = std::make_shared<commit_done>();
    answer->token = r->token;
    answer->error = base::make_error(base::error_kind::try_later, "the test refuses it");
    caf::anon_send(caf::actor_cast<caf::actor>(r->reply_to), commit_done_ptr(answer));
  }

private:
  struct shared {
    std::mutex lock;
    std::condition_variable more;
    bool holds = false;
    std::vector<commit_request_ptr> held;
  };
  actors::node& node_;
  caf::actor log_;
  std::shared_ptr<shared> state_;
};

class Rooms : public ::testing::Test {
protected:
  Rooms() : node_(1) { start(); }
  /// A service that knows nothing but what is in the store.
  void start() {
    ears_.push_back(std::make_unique<listeners>());
    auto* ears = ears_.back().get();
    services_.push_back(std::make_unique<room_service>(
        node_.node(), [ears](const xmpp::muc::send& s, const xmpp::jid&) { ears->hear(s); },
        [this](std::string_view) {
          room_defaults d;
          d.rooms_max = 3;
          d.may_create = may_create_;
          return d;
        }));
    services_.back()->load();
  }
  room_service& service() { return *services_.back(); }
  void say(const std::string& who, const std::string& to, const std::string& octets) {
    auto read = xml::parse("<s xmlns='jabber:client'>" + octets + "</s>");
    auto stanza = *std::get<xmpp::element>(read).first();
    stanza.set("from", who).set("to", to);
    service().take({std::make_shared<const xmpp::element>(std::move(stanza)), *xmpp::read_jid(who), *xmpp::read_jid(to), nullptr});
  }
  std::string next(const std::string& who, const std::function<bool(const xmpp::element&)>& wanted) {
    const auto got = ears_.back()->next(who, wanted);
    return got ? xml::to_text(*got, xmpp::space::client) : std::string("nothing");
  }
  std::string answer(const std::string& who, const std::string& id) {
    return next(who, [&](const xmpp::element& e) { return e.get("id") == id; });
  }
  void enter(const std::string& who, const std::string& nick) {
    say(who, den + "/" + nick, "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    ASSERT_NE(next(who, is_subject), "nothing");
  }
  void configure(const std::string& field, const std::string& value) {
    say(ann, den, "<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='muc#roomconfig_" +
                      field + "'><value>" + value + "</value></field></x></query></iq>");
    ASSERT_NE(answer(ann, "c").find("result"), std::string::npos);
  }
  static bool is_subject(const xmpp::element& e) { return e.child("subject", xmpp::space::client) != nullptr && e.child("body", xmpp::space::client) == nullptr; }
  std::string archived(const std::string& room) {
    std::string out;
    const auto owner = storage::chat::room_owner(room);
    for (const auto& e : node_.node().chat_of(owner).page(owner, storage::chat::stream_kind::archive, {}).entries) {
      const auto m = read_stanza(e.stanza);
      out += (m ? m->child_text("body", xmpp::space::client) : "?") + " ";
    }
    return out;
  }

  const std::string den = "den@conference.example.test", ann = "ann@example.test/a", bob = "bob@example.test/b";
  bool may_create_ = true;
  tests::test_node node_;
  std::vector<std::unique_ptr<listeners>> ears_;
  std::vector<std::unique_ptr<room_service>> services_;
};

TEST_F(Rooms, APersistentRoomIsTheSameAfterAStart) {
  enter(ann, "Ann");
  configure("persistentroom", "1");
  configure("roomname", "The Den");
  say(ann, den, "<message type='groupchat' id='s'><subject>Tea</subject></message>");
  ASSERT_NE(answer(ann, "s"), "nothing");
  say(ann, den, "<iq type='set' id='m'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='eve@example.test' affiliation='outcast'><reason>spam</reason></item></query></iq>");
  ASSERT_NE(answer(ann, "m"), "nothing");
  for (int i = 1; i <= 30; ++i) say(ann, den, "<message type='groupchat' id='" + std::to_string(i) + "'><body>" + std::to_string(i) + "</body></message>");
  ASSERT_NE(answer(ann, "30"), "nothing");
  // What was told is in the store: nothing has to be waited for.
  EXPECT_TRUE(archived(den).ends_with(" 28 29 30 ")) << archived(den);

  start();
  ASSERT_TRUE(service().list().find("conference.example.test", "den"));
  EXPECT_EQ(service().list().find("conference.example.test", "den")->title, "The Den");
  say("eve@example.test/e", den + "/Eve", "<presence id='e'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
  EXPECT_NE(answer("eve@example.test/e", "e").find("forbidden"), std::string::npos);
  say(bob, den + "/Bob", "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>");
  std::string bodies;
  const auto last = next(bob, [&](const xmpp::element& e) {
    bodies += e.child_text("body", xmpp::space::client) + " ";
    return is_subject(e);
  });
  EXPECT_NE(last.find("Tea"), std::string::npos) << last;
  EXPECT_TRUE(bodies.ends_with(" 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30  ")) << bodies;
  say(ann, den, "<iq type='get' id='o'><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>");
  EXPECT_NE(answer(ann, "o").find("The Den"), std::string::npos) << "she owns it still";
}

TEST_F(Rooms, ATemporaryRoomEndsWithItsLastOccupantOrItsNode) {
  enter(ann, "Ann");
  configure("roomname", "x");
  say(ann, den, "<message type='groupchat' id='1'><body>hello</body></message>");
  ASSERT_NE(answer(ann, "1"), "nothing");
  EXPECT_EQ(archived(den), "hello ");
  start();
  EXPECT_FALSE(service().list().find("conference.example.test", "den"));
  EXPECT_EQ(archived(den), "") << "it ended with the service before";
  enter(ann, "Ann");
  configure("roomname", "y");
  say(ann, den + "/Ann", "<presence type='unavailable'/>");
  ASSERT_NE(next(ann, [](const xmpp::element& e) { return e.get("type") == "unavailable"; }), "nothing");
  EXPECT_FALSE(service().list().find("conference.example.test", "den"));
  EXPECT_FALSE(node_.node().chat_of(storage::chat::room_owner(den)).find(storage::chat::room_owner(den)));
}

TEST_F(Rooms, AModeratedMessageIsATombstoneInTheArchive) {
  enter(ann, "Ann");
  configure("persistentroom", "1");
  say(ann, den, "<message type='groupchat' id='1'><body>rude</body></message>");
  const auto told = ears_.back()->next(ann, [](const xmpp::element& e) { return e.get("id") == "1"; });
  ASSERT_TRUE(told);
  const std::string id(told->child("stanza-id", xmpp::space::stanza_ids)->get("id"));
  say(ann, den, "<iq type='set' id='2'><moderate xmlns='urn:xmpp:message-moderate:1' id='" + id + "'><retract xmlns='urn:xmpp:message-retract:1'/></moderate></iq>");
  const auto moderated = answer(ann, "2");
  ASSERT_NE(moderated.find("result"), std::string::npos) << moderated;
  const auto owner = storage::chat::room_owner(den);
  const auto found = node_.node().chat_of(owner).find_entry(owner, storage::chat::stream_kind::archive, std::stoull(id));
  ASSERT_TRUE(found) << id << " is not among: " << archived(den);
  const auto& kept = found->stanza;
  EXPECT_EQ(kept.find("rude"), std::string::npos) << kept;
  EXPECT_NE(kept.find("retracted"), std::string::npos) << kept;
}

TEST_F(Rooms, TheListIsGivenInPages) {
  for (const auto* name : {"ab", "aa", "ac"}) {
    const auto room = std::string(name) + "@conference.example.test";
    say(ann, room + "/Ann", "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>");
    ASSERT_NE(next(ann, is_subject), "nothing");
  }
  // One more than the domain may have.
  say(ann, den + "/Ann", "<presence id='d'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
  EXPECT_NE(answer(ann, "d").find("resource-constraint"), std::string::npos);
  int number = 0;
  const auto list = [&](const std::string& set) {
    const auto id = "l" + std::to_string(++number);
    say(bob, "conference.example.test", "<iq type='get' id='" + id + "'><query xmlns='http://jabber.org/protocol/disco#items'>" + set + "</query></iq>");
    const auto read = xml::parse(answer(bob, id));
    std::string out;
    const auto& iq = std::get<xmpp::element>(read);
    const auto* q = iq.first();
    for (const auto* i : q->elements("item", xmpp::space::disco_items)) out += std::string(i->get("jid")).substr(0, 2) + " ";
    if (const auto* s = q->child("set", xmpp::space::result_sets))
      out += s->child_text("first", xmpp::space::result_sets) + "-" + s->child_text("last", xmpp::space::result_sets) + " of " + s->child_text("count", xmpp::space::result_sets);
    return out;
  };
  const auto set = [](const std::string& inner) { return "<set xmlns='http://jabber.org/protocol/rsm'>" + inner + "</set>"; };
  EXPECT_EQ(list(""), "aa ab ac ");
  EXPECT_EQ(list(set("<max>2</max>")), "aa ab aa-ab of 3");
  EXPECT_EQ(list(set("<max>2</max><after>ab</after>")), "ac ac-ac of 3");
  EXPECT_EQ(list(set("<max>2</max><before/>")), "ab ac ab-ac of 3");
  EXPECT_EQ(list(set("<max>2</max><before>ab</before>")), "aa aa-aa of 3");
  EXPECT_EQ(list(set("<max>0</max>")), "- of 3");
}

TEST_F(Rooms, WhereOnlyOperatorsMakeRoomsNobodyElseDoes) {
  may_create_ = false;
  say(ann, den + "/Ann", "<presence id='1'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
  EXPECT_NE(answer(ann, "1").find("not-allowed"), std::string::npos);
  std::mutex lock;
  std::condition_variable told;
  std::optional<bool> made;
  service().run(*xmpp::read_jid(den), {std::make_shared<std::function<void(xmpp::muc::room&)>>([&](xmpp::muc::room& r) {
                                         auto c = r.config();
                                         c.persistent = true;
                                         r.create(c, {*xmpp::read_jid("ann@example.test")});
                                       }),
                                       std::make_shared<std::function<void(bool)>>([&](bool good) {
                                         const std::lock_guard hold(lock);
                                         made = good;
                                         told.notify_all();
                                       })});
  {
    std::unique_lock hold(lock);
    ASSERT_TRUE(told.wait_for(hold, std::chrono::seconds(10), [&] { return made.has_value(); }));
    EXPECT_TRUE(*made);
  }
  start();
  enter(ann, "Ann");
  configure("roomname", "hers");
}

TEST_F(Rooms, WhatWasUnderWayWhenACommitFailedIsReadToo) {
  doorkeeper door(node_.node());
  enter(ann, "Ann");
  configure("persistentroom", "1");
  door.hold();
  say(ann, den, "<message type='groupchat' id='1'><body>one</body></message>");
  say(ann, den, "<message type='groupchat' id='2'><body>two</body></message>");
  ASSERT_TRUE(door.wait_for(2));
  door.refuse_first();
  EXPECT_NE(next(ann, [](const xmpp::element& e) { return e.get("type") == "unavailable"; }).find("333"), std::string::npos);
  say(bob, den + "/Bob", "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>");
  // Whatever the room has read too early is read by now.
  std::mutex lock;
  std::condition_variable told;
  int read = 0;
  constexpr int rounds = 64;
  for (int i = 0; i < rounds; ++i) {
    ASSERT_TRUE(node_.node().readers->run([&] {
      const std::lock_guard hold(lock);
      ++read;
      told.notify_all();
    }));
    std::unique_lock hold(lock);
    ASSERT_TRUE(told.wait_for(hold, std::chrono::seconds(10), [&] { return read > i; }));
  }
  door.pass();
  std::string bodies;
  ASSERT_NE(next(bob, [&](const xmpp::element& e) {
    bodies += e.child_text("body", xmpp::space::client) + " ";
    return is_subject(e);
  }), "nothing");
  EXPECT_NE(bodies.find("two"), std::string::npos) << bodies;
  EXPECT_EQ(bodies.find("one"), std::string::npos) << bodies;
  EXPECT_EQ(archived(den), "two ");
  // What comes behind has a later id than all that is kept.
  say(bob, den, "<message type='groupchat' id='3'><body>three</body></message>");
  ASSERT_NE(answer(bob, "3"), "nothing");
  EXPECT_EQ(archived(den), "two three ");
}

TEST_F(Rooms, TheListHasWhatWasKeptBehindAFault) {
  doorkeeper door(node_.node());
  enter(ann, "Ann");
  configure("persistentroom", "1");
  door.hold();
  say(ann, den, "<message type='groupchat' id='1'><body>one</body></message>");
  say(ann, den, "<iq type='set' id='c'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='muc#roomconfig_roomname'><value>Den</value></field></x></query></iq>");
  ASSERT_TRUE(door.wait_for(2));
  door.refuse_first();
  EXPECT_NE(next(ann, [](const xmpp::element& e) { return e.get("type") == "unavailable"; }).find("333"), std::string::npos);
  door.pass();
  enter(bob, "Bob");
  EXPECT_EQ(service().list().find("conference.example.test", "den")->title, "Den");
}

TEST_F(Rooms, ARoomThatThereIsNotIsSaidSo) {
  say(bob, den, "<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
  EXPECT_NE(answer(bob, "1").find("item-not-found"), std::string::npos);
  // A client that was in it before a restart.
  say(bob, den + "/Bob", "<presence><show>away</show></presence>");
  EXPECT_NE(next(bob, [](const xmpp::element& e) { return e.get("type") == "unavailable"; }).find("333"), std::string::npos);
  say(bob, "conference.example.test", "<iq type='get' id='2'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
  EXPECT_NE(answer(bob, "2").find("conference"), std::string::npos);
}

} // namespace
} // namespace rookery::actors
