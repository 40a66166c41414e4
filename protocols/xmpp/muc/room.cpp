#include "protocols/xmpp/muc/room.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp::muc {
namespace {

constexpr std::string_view document_space = "urn:rookery:room:1";

} // namespace

room::room(jid address, room_config defaults, std::string salt, room_limits limits)
    : address_(std::move(address)), config_(std::move(defaults)), salt_(std::move(salt)), limits_(limits),
      history_(limits.history_messages, limits.history_octets) {}

element room::document() const {
  element d("room", document_space);
  d.set("salt", base::to_hex(salt_));
  if (locked_) d.set("locked", "true");
  auto form = config_form(config_, static_cast<std::uint32_t>(limits_.occupants));
  form.type = "submit";
  form.title.clear();
  for (auto& f : form.fields) {
    f.label.clear();
    f.options.clear();
  }
  d.add(to_element(form));
  if (!subject_by_.empty()) {
    auto& s = d.add("subject");
    s.set("by", subject_by_).set("stamp", date_time(subject_time_));
    s.add_text(subject_);
  }
  return d;
}

bool room::restore(const element& d) {
  if (!d.is("room", document_space)) return false;
  const auto* x = d.child("x", space::forms);
  const auto form = x != nullptr ? read_form(*x) : std::nullopt;
  const auto config = form ? read_config(*form, config_) : std::nullopt;
  if (!config) return false;
  config_ = *config;
  locked_ = d.get("locked") == "true";
  std::string salt;
  const auto hex = d.get("salt");
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    salt.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  salt_ = std::move(salt);
  if (const auto* s = d.child("subject", document_space)) {
    subject_ = s->text();
    subject_by_ = s->get("by");
    subject_time_ = read_date_time(s->get("stamp")).value_or(base::wall_time{});
  }
  return exists_ = true;
}

void room::restore_member(const jid& bare, member_record r) { set_member(bare, std::move(r)); }

void room::restore_message(std::uint64_t id, base::wall_time time, stanza_ptr stanza) {
  history_.add(id, time, std::move(stanza));
  restore_last_id(id);
}

void room::create(const room_config& config, const std::vector<jid>& owners) {
  exists_ = true;
  locked_ = false;
  config_ = config;
  effects_.emplace_back(keep_document{});
  for (const auto& o : owners) {
    const member_record owner{affiliation::owner, {}, {}};
    set_member(o, owner);
    effects_.emplace_back(keep_member{o, owner});
  }
}

void room::handle(const element& stanza, const jid& to, const sender& who, base::wall_time now) {
  if (stanza.name == "presence") return presence(stanza, to, who, now);
  if (!exists_) {
    if (!is_answer(stanza)) refuse(stanza, who, condition::item_not_found);
    return;
  }
  if (stanza.name == "message") return message(stanza, to, who, now);
  if (stanza.name == "iq") return iq(stanza, to, who, now);
}

void room::gone(const jid& full, base::wall_time) {
  if (auto* o = find(full)) leave(*o, full, nullptr);
}

std::vector<jid> room::session_addresses() const {
  std::vector<jid> all;
  all.reserve(sessions_.size());
  for (const auto& [full, o] : sessions_) all.push_back(full);
  return all;
}

void room::shut_down(bool fault) {
  while (!nicks_.empty()) {
    auto& o = nicks_.begin()->second;
    told t;
    t.available = false;
    t.codes = {fault ? 333 : 332};
    // Each is told alone: the others are out with it.
    for (const auto& s : o.sessions) tell_self(o, s.full, t);
    remove_sessions(o);
    nicks_.erase(nicks_.begin());
  }
}

bool room::may_read_archive(const sender& who) const {
  const auto rank = affiliation_of(who);
  if (rank == affiliation::outcast) return false;
  return rank >= affiliation::member || (!config_.members_only && config_.password.empty()) || find(who.from) != nullptr;
}

affiliation room::affiliation_of(const sender& who) const {
  return who.is_operator ? affiliation::owner : affiliation_of(who.from.bare());
}

affiliation room::affiliation_of(const jid& bare) const {
  const auto at = members_.find(bare);
  return at == members_.end() ? affiliation::none : at->second.rank;
}

role room::role_for(affiliation a) const noexcept {
  switch (a) {
    case affiliation::outcast: return role::none;
    case affiliation::none: return config_.moderated ? role::visitor : role::participant;
    case affiliation::member: return role::participant;
    default: return role::moderator;
  }
}

std::string room::occupant_id(const jid& bare) const {
  return base::to_hex(base::view(base::hmac_sha256(salt_, bare.text()))).substr(0, 32);
}

room::occupant* room::find(const jid& full) {
  const auto at = sessions_.find(full);
  return at == sessions_.end() ? nullptr : at->second;
}

room::occupant* room::with_nick(std::string_view nick) {
  const auto at = nicks_.find(nick);
  return at == nicks_.end() ? nullptr : &at->second;
}

void room::send_to(const jid& who, element stanza) { send_to(who, std::make_shared<const element>(std::move(stanza))); }

void room::send_to(const jid& who, stanza_ptr stanza) {
  effects_.emplace_back(send{std::move(stanza), std::make_shared<const std::vector<jid>>(1, who), {}});
}

void room::send_all(stanza_ptr stanza, const address_list& to, std::vector<jid> except) {
  if (!to->empty()) effects_.emplace_back(send{std::move(stanza), to, std::move(except)});
}

void room::refuse(const element& stanza, const sender& who, condition c, std::string_view text) {
  if (is_answer(stanza)) return;
  // §7.2.9: a full room may have a place later.
  const bool full = stanza.name == "presence" && c == condition::service_unavailable;
  auto answer = error_reply(stanza, c, text, full ? "wait" : "");
  // As all examples of XEP-0045 have it: clients know by it that the answer is a room's.
  if (stanza.name == "presence") {
    xml::node x;
    x.nested.emplace_back("x", space::muc);
    answer.children.insert(answer.children.begin(), std::move(x));
  }
  send_to(who.from, std::move(answer));
}

std::uint64_t room::gone_through() const noexcept { return looked_at_ + everybody_.written() + moderators_.written() + others_.written(); }

void room::take_seat(occupant& o, session s) {
  sessions_[s.full] = &o;
  everybody_.add(s.full);
  group_of(o).add(s.full);
  o.sessions.insert(o.sessions.begin(), std::move(s));
  if (o.part != role::visitor) heard_.insert(&o);
}

/// It is not in `o.sessions` any more, or will not be soon.
void room::leave_seat(const occupant& o, const jid& full) {
  sessions_.erase(full);
  everybody_.remove(full);
  group_of(o).remove(full);
}

void room::remove_sessions(occupant& o) {
  for (const auto& s : o.sessions) leave_seat(o, s.full);
  heard_.erase(&o);
}

void room::give_part(occupant& o, role part) {
  if (o.part == part) return;
  for (const auto& s : o.sessions) group_of(o).remove(s.full);
  o.part = part;
  for (const auto& s : o.sessions) group_of(o).add(s.full);
  if (part == role::visitor) heard_.erase(&o);
  else heard_.insert(&o);
}

void room::set_member(const jid& bare, member_record r) {
  const auto at = members_.find(bare);
  if (at != members_.end()) {
    const auto nick = reserved_.find(at->second.nick);
    if (nick != reserved_.end() && nick->second == bare) reserved_.erase(nick);
  }
  if (!r.nick.empty()) reserved_[r.nick] = bare;
  if (!r.empty()) members_[bare] = std::move(r);
  else if (at != members_.end()) members_.erase(at);
}

std::size_t room::owners() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [](const auto& m) { return m.second.rank == affiliation::owner; }));
}

} // namespace rookery::xmpp::muc
