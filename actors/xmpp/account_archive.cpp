#include "actors/xmpp/archive_page.hpp"
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/archive_query.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

archive_page read_page(const xmpp::archive_query& q, const storage::chat::chat_view& view, const std::string& owner) {
  return read_archive_page(q, view, owner, q.with ? q.with->bare_text() : std::string(), [&q](const xmpp::element& stanza) {
    // XEP-0313 §4.1.1: a full address means just that one.
    return !q.with || q.with->is_bare() || stanza.get("from") == q.with->text() || stanza.get("to") == q.with->text();
  });
}

} // namespace

void chat_account::query_archive(client& c, query iq, receipt_ptr receipt) {
  xmpp::condition why{};
  const auto q = xmpp::read_archive_query(*iq.child("query", xmpp::space::archive), why);
  if (!q) return refuse(c, iq, why);
  const auto asked = std::make_shared<const xmpp::element>(iq);
  // What the client has sent before it asks is in the answer.
  behind_sent([this, asked, q = *q, id = c.id, receipt] { read_archive(id, asked, q, receipt); });
}

void chat_account::read_archive(std::uint64_t id, const stanza_ptr& asked, const xmpp::archive_query& q, const receipt_ptr& receipt) {
  const auto found = std::make_shared<archive_page>();
  read(
      [found, q, &n = node_, owner = owner_] { *found = read_page(q, n.chat_of(owner), owner); },
      [this, found, asked, id, receipt] {
        auto* to = find(id);
        if (to == nullptr) return;
        if (found->unknown_id) return refuse(*to, *asked, xmpp::condition::item_not_found);
        for (auto& m : found->messages) {
          m.set("from", bare_.text()).set("to", to->address.text());
          deliver(*to, m);
        }
        auto answer = xmpp::iq_result(*asked);
        answer.add(found->fin());
        deliver(*to, answer);
      },
      [this, asked, id] {
        if (auto* to = find(id)) refuse(*to, *asked, xmpp::condition::resource_constraint);
      });
}

void chat_account::answer_archive_form(client& c, query iq) {
  auto answer = xmpp::iq_result(iq);
  answer.add(xmpp::archive_form());
  deliver(c, answer);
}

/// XEP-0313 §4.2: ids and times of the first and last message.
void chat_account::read_archive_ends(std::function<void(const xmpp::element&)> then, std::function<void()> busy) {
  struct ends {
    storage::chat::stream_page first, last;
  };
  const auto found = std::make_shared<ends>();
  read(
      [found, &n = node_, owner = owner_] {
        storage::chat::stream_query q;
        q.max = 1;
        found->first = n.chat_of(owner).page(owner, storage::chat::stream_kind::archive, q);
        q.backwards = true;
        found->last = n.chat_of(owner).page(owner, storage::chat::stream_kind::archive, q);
      },
      [found, then = std::move(then)] {
        xmpp::element m("metadata", xmpp::space::archive);
        for (const auto& [name, page] : {std::pair{"start", &found->first}, std::pair{"end", &found->last}})
          if (!page->entries.empty())
            m.add(name).set("id", std::to_string(page->entries.front().id)).set("timestamp", xmpp::date_time(page->entries.front().time));
        then(m);
      },
      std::move(busy));
}

void chat_account::answer_archive_metadata(client& c, query iq, receipt_ptr receipt) {
  const auto asked = std::make_shared<const xmpp::element>(iq);
  read_archive_ends(
      [this, asked, id = c.id, receipt](const xmpp::element& metadata) {
        auto* to = find(id);
        if (to == nullptr) return;
        auto answer = xmpp::iq_result(*asked);
        answer.add(metadata);
        deliver(*to, answer);
      },
      [this, asked, id = c.id] {
        if (auto* to = find(id)) refuse(*to, *asked, xmpp::condition::resource_constraint);
      });
}

void chat_account::archive_preferences(client& c, query iq, receipt_ptr receipt) {
  const auto& asked = *iq.child("prefs", xmpp::space::archive);
  const auto present = [this] {
    xmpp::element prefs("prefs", xmpp::space::archive);
    prefs.set("default", archive_default_);
    for (const auto& [name, list] : {std::pair{"always", &archive_always_}, std::pair{"never", &archive_never_}}) {
      auto& e = prefs.add(name);
      for (const auto& j : *list) e.add("jid").add_text(j.text());
    }
    return prefs;
  };
  if (iq.get("type") == "get") {
    auto answer = xmpp::iq_result(iq);
    answer.add(present());
    return deliver(c, answer);
  }
  constexpr std::size_t addresses_max = 500;
  const auto wanted = std::string(asked.get("default"));
  if (wanted != "always" && wanted != "never" && wanted != "roster") return refuse(c, iq, xmpp::condition::bad_request);
  std::set<xmpp::jid> lists[2];
  for (const std::size_t i : {0u, 1u})
    if (const auto* e = asked.child(i == 0 ? "always" : "never", xmpp::space::archive))
      for (const auto* one : e->elements("jid", xmpp::space::archive)) {
        auto j = xmpp::read_jid(one->text());
        if (!j || lists[i].size() >= addresses_max) return refuse(c, iq, j ? xmpp::condition::resource_constraint : xmpp::condition::jid_malformed);
        lists[i].insert(std::move(*j));
      }
  archive_default_ = wanted;
  archive_always_ = std::move(lists[0]);
  archive_never_ = std::move(lists[1]);
  auto answer = xmpp::iq_result(iq);
  answer.add(present());
  std::vector<storage::shard_command> commands;
  commands.push_back(command(storage::chat::put_records{{{storage::chat::record_kind::setting, "archive", xml::to_text(present())}}}));
  commit(std::move(commands), [this, answer, iq, id = c.id, receipt](const commit_done& d) {
    auto* to = find(id);
    if (to == nullptr) return;
    d.error ? refuse(*to, iq, xmpp::condition::resource_constraint) : deliver(*to, answer);
  });
}

} // namespace rookery::actors
