#include "actors/xmpp/chat_orders.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "actors/xmpp/web/upload_service.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/json/page.hpp"
#include "protocols/xmpp/upload.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/limits.hpp"
#include "storage/chat/upload_owner.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;
using storage::chat::stream_kind;
using answer = base::result<json::value>;

constexpr std::chrono::seconds answer_time{60};
constexpr std::size_t owners_at_once = 200;

base::failure<base::error> silent() { return base::fail(base::error_kind::try_later, "the log does not answer"); }

json::value removed(std::uint64_t count) {
  json::value out{json::object{}};
  out.set("removed", count);
  return out;
}

/// Whose records they are: also of an account that may not log in or chat now.
base::result<std::string> owner_of(const node& n, const std::string& address) {
  const auto who = xmpp::read_jid(address);
  if (!who || who->local.empty() || !who->is_bare()) return base::fail(base::error_kind::invalid, "this is no address of an account or a room");
  if (const auto account = n.directory->get()->account(chat_router::login_name(who->local, who->domain))) return storage::chat::account_owner(account->id);
  auto room = storage::chat::room_owner(who->text());
  if (n.chat_of(room).find(room)) return room;
  return base::fail(base::error_kind::not_found, "there is no such account and no such room");
}

answer archive(node& n, const chat_order& o) {
  const auto owner = owner_of(n, o.address);
  if (!owner) return base::fail(owner.error());
  const auto after = o.after.empty() ? std::optional<std::uint64_t>(0) : base::parse_u64(o.after);
  if (!after) return base::fail(base::error_kind::invalid, "after is the id of a message");
  storage::chat::stream_query q;
  q.after_id = *after;
  q.max = o.max;
  if (o.before) q.until = *o.before - std::chrono::milliseconds(1);
  const auto page = n.chat_of(*owner).page(*owner, stream_kind::archive, q);
  json::array items;
  for (const auto& e : page.entries) {
    json::value one{json::object{}};
    one.set("id", std::to_string(e.id));
    one.set("time", base::to_milliseconds(e.time));
    one.set("with", e.with);
    one.set("stanza", e.stanza);
    items.push_back(std::move(one));
  }
  return json::page_of(std::move(items), page.more ? std::optional(std::to_string(page.entries.back().id)) : std::nullopt);
}

storage::shard_command command_of(const node& n, const std::string& owner, storage::chat::any_command what) {
  storage::shard_command c;
  c.shard = n.chat_shard_of(owner);
  c.payload = storage::chat::encode(storage::chat::command{owner, n.clock->wall(), std::move(what)});
  return c;
}

answer purge_archive(node& n, const chat_order& o) {
  const auto owner = owner_of(n, o.address);
  if (!owner) return base::fail(owner.error());
  if (!o.before) return base::fail(base::error_kind::invalid, "before is missing: a moment, and what is older goes");
  const auto facts = n.chat_of(*owner).find(*owner);
  std::uint64_t all = 0;
  if (!facts) return removed(all);
  for (;;) {
    storage::commit_group group;
    // What comes meanwhile stays, whatever the clock says.
    group.commands.push_back(command_of(n, *owner, storage::chat::drop_before{stream_kind::archive, *o.before, facts->archive.last_id}));
    const auto done = commit_and_wait(n, std::move(group), answer_time);
    if (!done) return silent();
    if (done->error) return base::fail(*done->error);
    const auto went = done->results.front().what == storage::outcome::done ? done->results.front().number : 0;
    all += went;
    if (went < storage::chat::removed_at_once_max) return removed(all);
  }
}

/// Each file once, by its id. False ends it.
template <class F>
void each_upload(const node& n, std::string after, const F& visit) {
  // By their ids, whichever shard has them.
  for (;;) {
    std::map<std::string, const storage::chat::chat_view*> page;
    for (const auto& shard : n.chat)
      for (const auto& o : shard->owners(storage::chat::upload_owner({}), owners_at_once, after)) page.emplace(o.owner, shard.get());
    if (page.empty()) return;
    std::size_t seen = 0;
    for (const auto& [owner, shard] : page) {
      if (++seen > owners_at_once) break; // behind it a shard may have more
      after = owner;
      const auto r = shard->record(owner, record_kind::upload, {});
      const auto facts = r ? xmpp::read_upload_facts(r->value) : std::nullopt;
      if (facts && !visit(owner.substr(1), *facts)) return;
    }
  }
}

std::string address_of(const node& n, const xmpp::upload_facts& f) {
  const auto number = base::parse_u64(std::string_view(f.owner).substr(f.owner.empty() ? 0 : 1));
  const auto account = number ? n.directory->get()->account(base::account_id{*number}) : nullptr;
  return account ? account->address : std::string();
}

/// By the records of their account.
base::result<std::vector<std::pair<std::string, xmpp::upload_facts>>> uploads_of(const node& n, const std::string& address) {
  const auto owner = owner_of(n, address);
  if (!owner) return base::fail(owner.error());
  std::vector<std::pair<std::string, xmpp::upload_facts>> all;
  for (const auto& r : n.chat_of(*owner).records(*owner, record_kind::upload, 2 * upload_files_max))
    if (auto f = xmpp::read_upload_facts(r.value)) all.emplace_back(r.key, std::move(*f));
  return all;
}

json::value shown(const node& n, const std::string& id, const xmpp::upload_facts& f) {
  json::value one{json::object{}};
  one.set("id", id);
  one.set("address", address_of(n, f));
  one.set("name", f.name);
  one.set("type", f.type);
  one.set("octets", f.octets);
  one.set("time", base::to_milliseconds(f.stored));
  return one;
}

answer uploads(node& n, const chat_router& router, const chat_order& o) {
  json::array items;
  if (o.address.empty()) {
    std::optional<std::string> next;
    each_upload(n, o.after.empty() ? std::string() : storage::chat::upload_owner(o.after), [&](const std::string& id, const xmpp::upload_facts& f) {
      if (items.size() >= o.max) {
        next = *items.back().get_string("/id");
        return false;
      }
      items.push_back(shown(n, id, f));
      return true;
    });
    return json::page_of(std::move(items), next);
  }
  const auto all = uploads_of(n, o.address);
  if (!all) return base::fail(all.error());
  std::uint64_t octets = 0;
  for (const auto& [id, f] : *all) {
    items.push_back(shown(n, id, f));
    octets += f.octets;
  }
  auto out = page_of(std::move(items), {});
  out.set("octets", octets);
  const auto who = xmpp::read_jid(o.address);
  out.set("quota", who ? router.limits(who->domain).upload_quota_octets : 0);
  return out;
}

answer purge_uploads(node& n, const chat_order& o) {
  const auto all = uploads_of(n, o.address);
  if (!all) return base::fail(all.error());
  std::uint64_t count = 0;
  for (const auto& [id, f] : *all) {
    if (o.before && f.stored >= *o.before) continue;
    if (auto done = drop_upload(n, id, f); !done) return base::fail(done.error());
    ++count;
  }
  return removed(count);
}

} // namespace

base::result<void> send_chat_message(node& n, chat_router& router, std::string_view from, std::string_view to, std::string_view text) {
  const auto sender = xmpp::read_jid(from), receiver = xmpp::read_jid(to);
  if (!sender || !receiver || !sender->is_bare()) return base::fail(base::error_kind::invalid, "these are no addresses");
  if (!receiver->is_bare() || !router.find(*receiver)) return base::fail(base::error_kind::not_found, std::string(to) + " is no account of this server that chats");
  const bool by_server = sender->local.empty();
  if (by_server ? !router.serves(sender->domain) : !router.find(*sender))
    return base::fail(base::error_kind::not_found, std::string(from) + " is no domain and no account of this server that chats");
  auto message = xmpp::make_message("chat");
  message.set("id", base::random_token(16)).set("from", sender->text()).set("to", receiver->text());
  message.add("body").add_text(text);
  const auto what = std::make_shared<const xmpp::element>(std::move(message));
  caf::scoped_actor self{*n.system};
  std::optional<bool> went;
  if (by_server) {
    routed_stanza r{what, *sender, *receiver, nullptr, std::make_shared<const std::vector<storage::shard_command>>(), caf::actor_cast<caf::actor>(self), 1};
    router.route(std::move(r));
    self->receive([&](const message_sent& m) { went = m.archive_id != 0; }, caf::after(answer_time) >> [] {});
  } else {
    const auto account = router.account(*sender);
    if (!account) return base::fail(base::error_kind::not_found, std::string(from) + " does not chat any more");
    self->request(account, answer_time, say_message{what, *receiver}).receive([&](bool sent) { went = sent; }, [](const caf::error&) {});
  }
  if (!went) return base::fail(base::error_kind::try_later, "nobody has dealt with it in time; it may be under way");
  if (!*went) return base::fail(base::error_kind::denied, "it was refused: " + std::string(to) + " does not take it, or too much waits there");
  return {};
}

base::result<json::value> carry_out(node& n, chat_router& router, const chat_order& o) {
  switch (o.what) {
  case chat_order::verb::archive: return archive(n, o);
  case chat_order::verb::purge_archive: return purge_archive(n, o);
  case chat_order::verb::uploads: return uploads(n, router, o);
  case chat_order::verb::purge_uploads: return purge_uploads(n, o);
  case chat_order::verb::send: break;
  }
  if (auto sent = send_chat_message(n, router, o.address, o.to, o.text); !sent) return base::fail(sent.error());
  json::value out{json::object{}};
  out.set("sent", true);
  return out;
}

} // namespace rookery::actors
