#include "actors/xmpp/chat_book.hpp"

#include "protocols/json/value.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::directory::config_table;
using storage::directory::document;
using storage::directory::document_kind;
using storage::directory::document_ptr;

/// Groups within groups.
constexpr unsigned depth_max = 5;

chat_limits read_limits(const json::value& c) {
  chat_limits l;
  l.on = c.get_bool("chat").value_or(true);
  l.mail_notices = c.get_bool("chat_mail_notices").value_or(false);
  const auto search = c.get_string("chat_search").value_or("domain");
  l.search = search == "all" ? search_scope::all : search == "nobody" ? search_scope::nobody : search_scope::domain;
  const auto number = [&](std::string_view name, std::uint64_t& to) { to = c.get_unsigned(name).value_or(to); };
  number("chat_archive_days", l.archive_days);
  number("chat_room_archive_days", l.room_archive_days);
  number("chat_clients_max", l.clients_max);
  number("chat_contacts_max", l.contacts_max);
  number("chat_offline_messages_max", l.offline_messages_max);
  number("chat_resume_seconds", l.resume_seconds);
  number("chat_token_days", l.token_days);
  number("chat_upload_octets_max", l.upload_octets_max);
  number("chat_upload_quota_octets", l.upload_quota_octets);
  number("chat_upload_days", l.upload_days);
  number("chat_upload_files_an_hour", l.upload_files_an_hour);
  number("chat_rooms_max", l.rooms_max);
  number("chat_room_occupants_max", l.room_occupants_max);
  number("chat_room_history_max", l.room_history_max);
  number("chat_room_stanzas_a_second", l.room_stanzas_a_second);
  return l;
}

} // namespace

bool chat_rules::may_chat(const routing::account_record& a) const {
  if (const auto at = accounts_.find(a.address); at != accounts_.end() && at->second.chat) return *at->second.chat;
  if (const auto at = group_says_.find(a.address); at != group_says_.end()) return at->second;
  return limits(a.domain()).on;
}

bool chat_rules::mail_notices(const routing::account_record& a) const {
  const auto at = accounts_.find(a.address);
  if (at != accounts_.end() && at->second.mail_notices) return *at->second.mail_notices;
  return limits(a.domain()).mail_notices;
}

const chat_limits& chat_rules::limits(std::string_view domain) const {
  static const chat_limits usual;
  const auto at = domains_.find(domain);
  return at == domains_.end() ? usual : at->second;
}

const std::vector<roster_group_ptr>* chat_rules::groups_of(const std::string& address) const {
  const auto at = by_member_.find(address);
  return at == by_member_.end() ? nullptr : &at->second;
}

void chat_rules::make_groups() {
  by_member_.clear();
  group_says_.clear();
  for (const auto& [address, g] : groups_) {
    if (g.name.empty() && !g.chat) continue;
    std::set<std::string> members, opened{address};
    std::vector<const group*> open{&g};
    for (unsigned depth = 0; depth < depth_max && !open.empty(); ++depth) {
      std::vector<const group*> inner;
      for (const auto* one : open)
        for (const auto& t : one->targets) {
          const auto nested = groups_.find(t);
          if (nested == groups_.end()) members.insert(t);
          else if (opened.insert(t).second) inner.push_back(&nested->second);
        }
      open = std::move(inner);
    }
    if (g.chat)
      for (const auto& m : members) {
        auto& says = group_says_.emplace(m, *g.chat).first->second;
        says = says || *g.chat;
      }
    if (g.name.empty()) continue;
    auto shown = std::make_shared<roster_group>();
    shown->name = g.name;
    for (const auto& m : members)
      if (shown->members.size() < group_members_max) shown->members.push_back(m);
    for (const auto& m : shown->members) by_member_[m].push_back(shown);
  }
}

std::shared_ptr<const chat_rules> chat_book::now() const {
  auto table = node_.config->table();
  const std::lock_guard hold(lock_);
  if (seen_ == table || (seen_ && table->version() < seen_->version())) return rules_;
  const auto before = seen_ ? seen_ : std::make_shared<const config_table>();
  std::shared_ptr<chat_rules> next;
  bool groups = false;
  const auto own = [&]() -> chat_rules& {
    if (!next) next = std::make_shared<chat_rules>(*rules_);
    return *next;
  };
  config_table::for_each_change(*before, *table, [&](const document* old, const document_ptr& fresh) {
    const auto kind = fresh ? fresh->kind : old->kind;
    const auto& key = fresh ? fresh->key : old->key;
    if (kind != document_kind::domain && kind != document_kind::alias && kind != document_kind::account) return;
    const auto& content = fresh ? fresh->content : std::string();
    const bool says = content.find("\"chat") != std::string::npos;
    if (kind == document_kind::alias) {
      // Groups within a group that says something count, whatever they say themselves.
      const auto parsed = json::parse(content);
      if (!fresh || !parsed) {
        if (rules_->groups_.count(key) == 0) return;
        own().groups_.erase(key);
      } else {
        chat_rules::group g;
        g.name = parsed->get_string("chat_roster").value_or("");
        g.chat = parsed->get_bool("chat");
        if (auto targets = parsed->get_strings("targets")) g.targets = std::move(*targets);
        own().groups_.insert_or_assign(key, std::move(g));
      }
      groups = true;
      return;
    }
    const auto parsed = says ? json::parse(content) : base::result<json::value>(json::value());
    if (kind == document_kind::domain) {
      if (says && parsed) own().domains_.insert_or_assign(key, read_limits(*parsed));
      else if (rules_->domains_.count(key) != 0) own().domains_.erase(key);
      return;
    }
    const auto chat = says && parsed ? parsed->get_bool("chat") : std::nullopt;
    const auto notices = says && parsed ? parsed->get_bool("chat_mail_notices") : std::nullopt;
    if (chat || notices) own().accounts_.insert_or_assign(key, chat_rules::account{chat, notices});
    else if (rules_->accounts_.count(key) != 0) own().accounts_.erase(key);
  });
  if (groups) {
    own().make_groups();
    own().groups_version_ = table->version();
  }
  seen_ = std::move(table);
  if (next) rules_ = std::move(next);
  return rules_;
}

} // namespace rookery::actors
