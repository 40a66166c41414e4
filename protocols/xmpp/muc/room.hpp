/// A chat room as a pure machine: stanzas of its occupants in, effects out.
///
/// Source: XEP-0045; XEP-0203, 0249, 0317 aside: XEP-0359 (stanza ids), XEP-0410 (self-ping), XEP-0421 (occupant ids),
/// XEP-0425 (moderation).
///
/// It knows no clock, no socket and no store. Its host takes the effects after each step and carries them out in their
/// order; what is sent waits until everything that is to be kept before it is durable, so that nobody sees a message,
/// a subject or an affiliation that a crash takes back. One thread at a time.
#pragma once

#include "base/clock.hpp"
#include "protocols/xmpp/jid.hpp"
#include "protocols/xmpp/muc/address_group.hpp"
#include "protocols/xmpp/muc/affiliation.hpp"
#include "protocols/xmpp/muc/history.hpp"
#include "protocols/xmpp/muc/limits.hpp"
#include "protocols/xmpp/muc/room_config.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace rookery::xmpp::muc {

using stanza_ptr = std::shared_ptr<const element>;

/// One stanza for all of `to` but `except`. It has no "to" of its own, or any: each copy gets its address.
struct send {
  stanza_ptr stanza;
  address_list to;
  std::vector<jid> except;
};
/// Into the archive. The stanza has its id in it already.
struct keep_message {
  std::uint64_t id = 0;
  base::wall_time time{};
  stanza_ptr stanza;
};
/// A moderator took a message back: `retracted` takes the place of what it said.
struct replace_message {
  std::uint64_t id = 0;
  element retracted;
};
/// `document()` is another one: configuration or subject.
struct keep_document {};
/// What the room knows of an address. Rank none and no nick: nothing any more.
struct member_record {
  affiliation rank = affiliation::none;
  std::string nick, reason;
  bool empty() const noexcept { return rank == affiliation::none && nick.empty(); }
};
struct keep_member {
  jid address;
  member_record record;
};
/// `vcard()` is another one.
struct keep_vcard {};
/// The room is no more, with all that was kept of it.
struct destroyed {};
/// The last occupant of a persistent room has left: it may be unloaded.
struct emptied {};

using effect = std::variant<send, keep_message, replace_message, keep_document, keep_member, keep_vcard, destroyed, emptied>;

/// Who sends: its full address, and whether it may do in every room what owners may.
struct sender {
  jid from;
  bool is_operator = false;
};

class room {
public:
  /// `salt`: random octets from which the ids of occupants are made; kept in the document. The room does not exist
  /// until it is restored, made by `create`, or entered for the first time.
  room(jid address, room_config defaults, std::string salt, room_limits = {});

  // From records. False: the document cannot be read.
  bool restore(const element& document);
  void restore_member(const jid& bare, member_record);
  void restore_message(std::uint64_t id, base::wall_time, stanza_ptr);
  void restore_vcard(element v) { vcard_ = std::move(v); }
  /// Ids of messages go on behind this.
  void restore_last_id(std::uint64_t id) { last_id_ = std::max(last_id_, id); }
  /// By an operator's hand: open at once.
  void create(const room_config&, const std::vector<jid>& owners);

  /// A stanza to the room or one of its occupants; `to` is its address, read. Its "from" is `who.from`.
  void handle(const element& stanza, const jid& to, const sender& who, base::wall_time now);
  /// The connection of a client is no more.
  void gone(const jid& full, base::wall_time now);
  /// What owners may do by form, by an operator's hand. False: a value is not allowed.
  bool configure(const data_form&);
  bool set_affiliation(const jid& bare, affiliation, std::string_view reason);
  /// `password`: of the alternate room.
  void destroy(std::string_view reason, std::string_view alternate, std::string_view password = {});
  /// The service ends, or something that was to be kept could not be (`fault`): everybody is out.
  void shut_down(bool fault);

  std::vector<effect> take_effects() { return std::exchange(effects_, {}); }

  const jid& address() const noexcept { return address_; }
  bool exists() const noexcept { return exists_; }
  const room_config& config() const noexcept { return config_; }
  const element& vcard() const noexcept { return vcard_; }
  element document() const;
  std::size_t occupants() const noexcept { return nicks_.size(); }
  std::size_t sessions() const noexcept { return sessions_.size(); }
  std::vector<jid> session_addresses() const;
  const std::map<jid, member_record>& members() const noexcept { return members_; }
  /// Who may enter may read (XEP-0313 leaves it to the room).
  bool may_read_archive(const sender&) const;
  affiliation affiliation_of(const sender&) const;
  /// What disco#info says of it, without the features of the host.
  element info() const;
  /// Occupants that were looked at for those who entered, and addresses that were written into lists, in all steps
  /// together: what a step costs beside what it sends, counted.
  std::uint64_t gone_through() const noexcept;

private:
  struct session {
    jid full;
    stanza_ptr payload; ///< what its presence carries; never null
  };
  /// The presence that those who enter are shown, as it was made for the last one, with all that it was made of.
  struct seen_presence {
    stanza_ptr stanza, payload;
    jid full;
    std::string nick;
    affiliation rank = affiliation::none;
    role part = role::none;
  };
  struct occupant {
    std::string nick;
    jid bare;
    affiliation rank = affiliation::none;
    role part = role::none;
    std::vector<session> sessions; ///< the last to speak is first
    seen_presence seen[2];         ///< without, with its address
    double tokens = 0;
    base::wall_time counted{};
  };
  /// What a presence says beside the occupant's state.
  struct told {
    bool available = true;
    std::vector<int> codes;
    std::string new_nick, actor, reason;
    const element* extra = nullptr;       ///< within muc#user: destroy
    const element* payload = nullptr;     ///< instead of the session's
  };

  // Presence (room_presence.cpp).
  void presence(const element&, const jid& to, const sender&, base::wall_time);
  void enter(const element&, const std::string& nick, const sender&, base::wall_time);
  std::optional<condition> refusal(const element& stanza, const std::string& nick, const sender&) const;
  void welcome(occupant&, const session&, const element& stanza, base::wall_time, std::vector<int> codes);
  void change_nick(occupant&, const element&, const std::string& nick, const sender&);
  void update(occupant&, const jid& full, const element&);
  void leave(occupant&, const jid& full, const element* payload);
  /// Its client is not there any more.
  void lose(occupant&, const jid& full);
  /// Takes an occupant out with all of its sessions, and says why.
  void expel(occupant&, told);
  bool nick_is_anothers(const std::string& nick, const jid& bare) const;
  element presence_of(const occupant&, bool with_address, const told&, bool self) const;
  /// Of one who is there, for others. In a large room it is told to each who enters: made once.
  const stanza_ptr& shown(occupant&, bool with_address) const;
  void tell_presence(occupant&, const told&);
  /// The same, whoever may see it.
  void tell_others(occupant&, const told&);
  /// Each visitor is gone for the others, or there.
  void show_visitors(bool shown);
  /// It has another part from now on: all are told, and so is it. Who is heard no more is gone for the others.
  void change_part(occupant&, role, told);
  void tell_self(const occupant&, const jid& full, const told&);
  void nobody_left();

  // Messages (room_messages.cpp).
  void message(const element&, const jid& to, const sender&, base::wall_time);
  void groupchat(const element&, occupant&, const jid& full, base::wall_time);
  void set_subject(const element&, occupant&, const jid& full, base::wall_time);
  void private_message(const element&, const std::string& nick, occupant&, const jid& full);
  bool invitations(const element&, const element& x, const sender&);
  void invite(const element& stanza, const element& invitation, const sender&, occupant*);
  void voice_form(const element& stanza, const data_form&, occupant&, const jid& full);
  void send_history(const jid& full, const element* wish, base::wall_time);
  void send_subject(const jid& full);
  void moderate(const element& iq, const element& order, const sender&, base::wall_time);
  /// Tells it to all, and keeps it where it is to be kept.
  void tell_message(element, base::wall_time, bool keep, bool remember);
  bool may_send(occupant&, base::wall_time);
  void announce(const std::vector<int>& codes);

  // Administration (room_admin.cpp, room_owner.cpp).
  void iq(const element&, const jid& to, const sender&, base::wall_time);
  void iq_to_occupant(const element&, const std::string& nick, const sender&);
  void admin_get(const element& stanza, const element& query, const sender&);
  void admin_set(const element& stanza, const element& query, const sender&);
  struct order {
    std::optional<affiliation> rank;
    std::optional<role> part;
    jid address;
    std::string nick, reason, new_nick;
  };
  std::variant<order, condition> read_order(const element& item, const sender&) const;
  std::optional<condition> refusal(const order&, const sender&) const;
  void carry_out(const order&, const std::string& actor);
  void apply_affiliation(const jid& bare, affiliation, const std::string& nick, const std::string& reason, const std::string& actor);
  void owner_get(const element& stanza, const element& query, const sender&);
  void owner_set(const element& stanza, const element& query, const sender&);
  void take_config(room_config);
  /// What it costs to show or hide the visitors for who is there: presences.
  std::size_t visitors_told() const;
  void disco(const element& stanza, const element& query, const sender&);
  void registration(const element& stanza, const element& query, const sender&);
  void vcard_request(const element& stanza, const element& v, const sender&);

  // Common.
  jid at(std::string_view nick) const { return address_.with_resource(nick); }
  occupant* find(const jid& full);
  const occupant* find(const jid& full) const { return const_cast<room*>(this)->find(full); }
  occupant* with_nick(std::string_view nick);
  affiliation affiliation_of(const jid& bare) const;
  role role_for(affiliation) const noexcept;
  std::string occupant_id(const jid& bare) const;
  void send_to(const jid&, element);
  void send_to(const jid&, stanza_ptr);
  void send_all(stanza_ptr, const address_list&, std::vector<jid> except = {});
  void refuse(const element& stanza, const sender&, condition, std::string_view text = {});
  address_group& group_of(const occupant& o) { return o.part == role::moderator ? moderators_ : others_; }
  void take_seat(occupant&, session);
  void leave_seat(const occupant&, const jid& full);
  void remove_sessions(occupant&);
  void give_part(occupant&, role);
  /// All that is known of an address; nothing is, when it is empty.
  void set_member(const jid& bare, member_record);
  std::size_t owners() const;

  jid address_;
  room_config config_;
  std::string salt_;
  room_limits limits_;
  bool exists_ = false;
  bool locked_ = false;                     ///< XEP-0045 §10.1: until its owner has said how it is to be
  std::string subject_, subject_by_;
  base::wall_time subject_time_{};
  element vcard_;
  std::uint64_t last_id_ = 0;
  std::map<jid, member_record> members_;
  std::map<std::string, jid, std::less<>> reserved_; ///< whose nick it is, of members
  std::map<std::string, occupant, std::less<>> nicks_;
  struct by_nick {
    bool operator()(const occupant* a, const occupant* b) const { return a->nick < b->nick; }
  };
  std::set<occupant*, by_nick> heard_;      ///< all but visitors
  std::unordered_map<jid, occupant*> sessions_;
  history history_;
  address_group everybody_, moderators_, others_; ///< sessions; the others are no moderators
  std::uint64_t looked_at_ = 0;
  struct pending_iq {
    std::string new_id, id;
    jid from;                               ///< who asked
    std::string nick;                       ///< who was asked
  };
  std::vector<pending_iq> iqs_;
  std::uint64_t iq_number_ = 0;
  std::vector<effect> effects_;
};

} // namespace rookery::xmpp::muc
