/// The actor of an account in chat: its clients, presence, roster, blocked addresses and archive; its only writer.
///
/// One an account in use, scheduled; ends when no client is there and nothing is under way. Keeps nothing durable
/// that is not in storage/chat: what is announced or acknowledged is on the disk first.
#pragma once

#include "actors/node.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/arrival_notes.hpp"
#include "actors/xmpp/messages.hpp"
#include "actors/xmpp/shared_stanza.hpp"
#include "base/fifo.hpp"
#include "protocols/xmpp/message_rules.hpp"
#include "protocols/xmpp/push.hpp"
#include "protocols/xmpp/pubsub/bookmarks.hpp"
#include "protocols/xmpp/pubsub/tree.hpp"
#include "protocols/xmpp/roster.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {
struct archive_query;
}

namespace rookery::actors {

class chat_router;

caf::actor spawn_chat_account(caf::actor_system&, actors::node&, chat_router&, xmpp::jid bare, base::account_id);

/// A task for an account's actor, in its thread.
struct account_task {
  std::shared_ptr<std::function<void()>> run;
};

/// What a login token of this client is sealed for.
std::string token_purpose(std::string_view owner, std::string_view client_key, std::string_view id);

class chat_account final : public caf::event_based_actor {
public:
  chat_account(caf::actor_config&, actors::node*, chat_router*, xmpp::jid bare, base::account_id);
  caf::behavior make_behavior() override;
  const char* name() const override { return "chat_account"; }

private:
  struct client {
    std::uint64_t id = 0;
    xmpp::jid address;
    caf::actor connection;                 ///< null: parked
    std::string session_id, peer, client_id;
    bool reads_archive = false;            ///< what waited comes from there
    std::shared_ptr<delivery_progress> progress;
    base::fifo<deliver_stanza> in_flight;  ///< the connection may not have them yet
    std::uint64_t sent = 0;
    stanza_ptr presence;                   ///< the last one that went to all
    bool active = true;                    ///< somebody looks at it, as it says
    bool available = false, carbons = false, wants_roster = false, wants_blocks = false, was_available = false;
    int priority = 0;
    std::set<xmpp::jid> directed;          ///< who else sees its presence
    wish_list wishes;                      ///< nodes whose news it wishes for; null: none, or not known
    std::string caps_version, caps_asked;  ///< what it said of itself; the id of our question about that
    std::string resume_id;
    parked_ptr parked;
    std::uint64_t parked_at = 0;           ///< which parking: a later one makes its timer void
  };
  using query = const xmpp::element&;
  struct item_row {
    std::string node, id;
    std::uint64_t change = 0;
    std::size_t octets = 0;
  };
  struct account_records;
  struct token_records;

  // chat_account.cpp: clients come and go; reading, writing, order
  void load();
  caf::behavior serving();
  session_bound bind(const bind_session&);
  caf::response_promise bind_and_tell(const bind_session&);
  void displace(client&, std::string_view why);
  client* find(std::uint64_t id);
  client* find_resource(std::string_view resource);
  void deliver(client&, deliver_stanza);
  void deliver(client&, const xmpp::element&, bool can_wait = false);
  void receive_shared(const deliver_shared&);
  void settle_in_flight(client&);
  void look_in_flight();
  void park(const park_session&);
  void resume(caf::response_promise, const resume_session&);
  void try_resume(client&);
  void remove(std::uint64_t id, std::vector<xmpp::stanza_octets> unacknowledged);
  void look_idle();
  void end_all(std::string_view text);
  void read(std::function<void()> work, std::function<void()> then, std::function<void()> busy);
  void commit(std::vector<storage::shard_command>, std::function<void(const commit_done&)>);
  storage::shard_command command(storage::chat::any_command) const;
  /// Runs what concerns the clients in the order in which it came: behind commits that are under way.
  void in_order(std::function<void()>);
  std::function<void()> place_in_order(std::function<void()>);
  void run_in_order();

  // account_messages.cpp
  void send_message(client&, client_stanza&);
  caf::response_promise say(const say_message&);
  caf::response_promise say_elsewhere(const say_message&, caf::response_promise);
  void receive_message(const routed_stanza_ptr&);
  void deliver_message(const routed_stanza_ptr&, std::uint64_t archive_id, bool kept);
  void behind_sent(std::function<void()>);
  void message_went(const message_sent&);
  void copy_sent(const message_sent&);
  std::vector<client*> message_targets(const xmpp::jid& to, xmpp::message_type);
  storage::chat::append archive_line(const xmpp::element&, const xmpp::jid& with) const;
  bool archives(const xmpp::jid& with) const;
  void take_back(const stanza_ptr& retraction, const xmpp::jid& with, const xmpp::jid& author);
  void give_offline(client&);
  void begin_offline(std::uint64_t client);
  void keep_for_later(const xmpp::element&);

  // account_presence.cpp
  void send_presence(client&, client_stanza&);
  void broadcast(client&, const xmpp::element&, bool first);
  void go_offline(client&, const xmpp::element& unavailable);
  void send_subscription(client&, client_stanza&, xmpp::subscription_step);
  void receive_presence(const routed_stanza&);
  void receive_subscription(const routed_stanza&, xmpp::subscription_step);
  void show_presence(const xmpp::jid& to, bool hide);
  void route_presence(const xmpp::element&, const xmpp::jid& from, const xmpp::jid& to);
  void route_presence(const xmpp::element&, const xmpp::jid& from, const std::vector<xmpp::jid>& to);
  void forget_home(std::uint64_t volume);

  // account_roster.cpp
  void query_roster(client&, query iq, receipt_ptr);
  void set_roster(client&, query iq, receipt_ptr);
  void store_item(const xmpp::roster_item&, std::function<void(bool)>);
  void push_item(const xmpp::jid& contact);
  xmpp::roster_item own_item(const xmpp::jid& contact) const;
  void merge(const xmpp::jid& contact);
  void share_groups();
  std::string roster_version() const;

  // account_queries.cpp: IQs that the server answers
  void send_iq(client&, client_stanza&);
  void receive_iq(const routed_stanza&);
  bool answer_own(client&, query iq, const receipt_ptr&);
  bool answer_server(client&, query iq, const receipt_ptr&);
  void answer_record(client&, query iq, storage::chat::record_kind, std::string key, xmpp::element empty, receipt_ptr);
  void store_record(client&, query iq, storage::chat::record_kind, std::string key, std::string value, receipt_ptr);
  void query_blocks(client&, query iq, receipt_ptr);
  void set_blocks(client&, query iq, receipt_ptr);
  bool blocked(const xmpp::jid&) const;
  void refuse(client&, query iq, xmpp::condition, std::string_view text = {});
  xmpp::element account_info(const xmpp::jid& asker) const;

  // account_push.cpp: notices for phones
  struct push_state {
    xmpp::push_registration what;
    base::instant not_before{};
    bool waiting = false;                  ///< for that moment
  };
  void restore_push(const std::vector<storage::chat::stored_record>&);
  bool answer_push(client&, query iq, const receipt_ptr&);
  bool attended() const;
  void note_for_push(const xmpp::element& message);
  void push_later(const std::string& key, push_state&);
  void push_now(const std::string& key, push_state&);
  bool heard_push(const routed_stanza&);

  // account_password.cpp
  bool answer_registration(client&, const stanza_ptr& iq, const receipt_ptr&);
  void change_password(std::uint64_t client_id, const stanza_ptr& iq, const std::string& address, std::string password, const receipt_ptr&);

  // account_tokens.cpp: for the next logins of clients (XEP-0484)
  caf::response_promise settle(const settle_token&);
  void write_tokens(caf::response_promise, const settle_token&, const token_records&);

  // account_pubsub.cpp: nodes and items (XEP-0060, XEP-0163)
  using reply_to = std::function<void(xmpp::element)>;
  void restore_pubsub(const std::vector<storage::chat::stored_record>& nodes, std::vector<item_row> items);
  void query_pubsub(const stanza_ptr& iq, xmpp::pubsub::asker, reply_to);
  void settle_pubsub(xmpp::pubsub::outcome, const stanza_ptr& iq, reply_to);
  void keep_pubsub(xmpp::pubsub::outcome, std::vector<storage::shard_command> more, std::function<void(bool)> then);
  void read_items(std::string node, std::vector<std::string> ids, std::function<void(std::vector<xmpp::element>)>);
  xmpp::pubsub::asker asker_of(const xmpp::jid&) const;
  void spread(const xmpp::pubsub::notice&);
  void send_last_item(const std::string& node, const xmpp::jid& to);
  void look_at_caps(client&, const xmpp::element& presence);
  bool heard_caps(client&, query iq);
  void wish(client&, wish_list);
  void ask_last_items(const client&, const xmpp::jid& contact, const wish_list&);
  void grant_wishes(const routed_stanza&);
  void receive_news(const routed_stanza&);
  void begin_anew(std::string_view event, std::string_view text);

  // account_remotes.cpp: clients of contacts at other servers
  struct remote_client {
    std::string version, asked;            ///< what it said of itself; the id of our question about that
    wish_list wishes;                      ///< null: not known
  };
  void look_at_remote(const routed_stanza&);
  bool heard_remote_caps(const routed_stanza&);
  void wish(const xmpp::jid&, remote_client&, wish_list);
  void grant_remotes(const xmpp::jid& contact);
  void spread_to_remotes(const xmpp::jid& contact, const std::string& node, const std::function<xmpp::element(const xmpp::jid&)>& news);

  // account_profile.cpp: pictures, cards and bookmarks in their several forms
  bool answer_profile(client&, const stanza_ptr& iq, const receipt_ptr&);
  void set_vcard(client&, query iq, receipt_ptr);
  void take_over_avatar(const std::string& item_octets);
  void show_photo(std::string id);
  void read_bookmarks(std::function<void(std::vector<xmpp::pubsub::bookmark>)>);
  void give_bookmarks(const stanza_ptr& iq, bool as_node, reply_to);
  void store_bookmarks(const stanza_ptr& iq, const xmpp::element& storage, bool as_node, reply_to);
  void tell_bookmarks();
  void give_vcard4(const stanza_ptr& iq, const xmpp::pubsub::asker&, reply_to);
  reply_to replies(const client&, receipt_ptr);

  // account_archive.cpp
  void query_archive(client&, query iq, receipt_ptr);
  void read_archive(std::uint64_t client, const stanza_ptr& iq, const xmpp::archive_query&, const receipt_ptr&);
  void answer_archive_form(client&, query iq);
  void read_archive_ends(std::function<void(const xmpp::element&)> then, std::function<void()> busy);
  void answer_archive_metadata(client&, query iq, receipt_ptr);
  void archive_preferences(client&, query iq, receipt_ptr);

  actors::node& node_;
  chat_router& router_;
  const xmpp::jid bare_;
  const base::account_id id_;
  const std::string owner_;
  awaited_commits commits_;
  bool changing_password_ = false;
  std::vector<std::unique_ptr<client>> clients_;
  std::uint64_t last_client_ = 0, last_parking_ = 0, taken_ = 0;
  std::map<xmpp::jid, xmpp::roster_item> own_roster_; ///< as it is kept
  struct shared_contact {
    std::string name;
    std::vector<std::string> groups;
    bool operator==(const shared_contact&) const = default;
  };
  std::map<xmpp::jid, shared_contact> shared_;        ///< of groups of the directory
  std::map<xmpp::jid, xmpp::roster_item> roster_;     ///< both, as clients see it
  std::uint64_t groups_seen_ = ~std::uint64_t{0};
  std::uint64_t roster_change_ = 0;
  std::set<xmpp::jid> blocks_;
  std::string archive_default_ = "always";
  std::set<xmpp::jid> archive_always_, archive_never_;
  bool has_offline_ = false;
  arrival_notes arrivals_;
  xmpp::pubsub::tree nodes_;
  std::string photo_;                      ///< of the vCard: its digest
  std::uint64_t last_question_ = 0;
  std::map<xmpp::jid, remote_client> remotes_;
  struct ordered {
    std::uint64_t number = 0;
    std::function<void()> run;
    bool ready = false;
  };
  base::fifo<ordered> ordered_;
  std::uint64_t last_ordered_ = 0;
  struct sent_message {
    std::uint64_t client;
    stanza_ptr what;                       ///< null: nobody gets a copy
  };
  std::map<std::uint64_t, sent_message> sent_;
  base::fifo<std::pair<std::uint64_t, std::function<void()>>> behind_sent_; ///< and what waits for messages up to that one
  std::map<std::uint64_t, caf::response_promise> said_; ///< without a client, by the same numbers
  std::uint64_t last_sent_ = 0;
  std::map<std::uint64_t, std::pair<caf::response_promise, resume_session>> resuming_; ///< by client
  std::uint64_t reads_ = 0;
  base::wall_time last_seen_{};
  bool looks_in_flight_ = false;
  std::map<std::string, push_state> pushes_;               ///< by push_registration::key
  std::map<std::uint64_t, std::string> unanswered_pushes_; ///< by the number in the id: whose
  std::uint64_t unseen_ = 0;               ///< messages since somebody was there
  std::string push_sender_, push_text_;    ///< of the last one
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_task)
