// A room's archive, for those who may enter it. XEP-0313; XEP-0059.
#include "actors/xmpp/rooms/room_actor.hpp"

#include "protocols/xmpp/archive_query.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::stream_kind;

struct archive_page {
  storage::chat::stream_page page;
  bool unknown_id = false;
  std::optional<std::uint64_t> count; ///< of all, if nothing narrows
  std::vector<xmpp::element> messages;
};

/// In a reader's thread.
void fill(archive_page& out, const xmpp::archive_query& q, const storage::chat::chat_view& view, const std::string& owner) {
  // XEP-0313 §4.1.3, §4.3: an id that is not there (any more) is no place to go on from.
  for (const auto id : {q.after_id, q.before_id})
    if (id != 0 && id != ~std::uint64_t{0} && !view.find_entry(owner, stream_kind::archive, id)) out.unknown_id = true;
  if (out.unknown_id) return;
  if (!q.narrowed) {
    const auto facts = view.find(owner);
    out.count = facts ? facts->archive.entries : 0;
  }
  if (!q.ids.empty()) {
    for (const auto id : q.ids) {
      auto e = view.find_entry(owner, stream_kind::archive, id);
      if (e) out.page.entries.push_back(std::move(*e));
      else out.unknown_id = true;
    }
    std::sort(out.page.entries.begin(), out.page.entries.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  } else {
    storage::chat::stream_query s;
    s.after_id = q.after_id;
    s.before_id = q.before_id;
    s.from = q.start;
    s.until = q.end;
    s.backwards = q.backwards;
    // §5.1.1: of one occupant alone, by his address in the room.
    if (q.with) s.with = q.with->text();
    s.max = std::max<std::size_t>(q.max, 1);
    out.page = view.page(owner, stream_kind::archive, s);
    if (q.max == 0) {
      out.page.more = !out.page.entries.empty();
      out.page.entries.clear();
    }
  }
  for (const auto& e : out.page.entries)
    if (const auto stanza = read_stanza(e.stanza)) {
      // One that was named by its id may be somebody else's.
      if (q.with && stanza->get("from") != q.with->text()) continue;
      out.messages.push_back(xmpp::archive_result(q, e.id, e.time, *stanza));
    }
  if (q.flipped) std::reverse(out.messages.begin(), out.messages.end());
}

struct archive_ends {
  storage::chat::stream_page first, last;
};

} // namespace

/// False: it is no question to the archive.
bool room_actor::ask_archive(const room_stanza& s) {
  const auto& iq = *s.what;
  if (!s.to.resource.empty() || !xmpp::is_request(iq) || iq.first() == nullptr || iq.first()->space != xmpp::space::archive || !room_->exists()) return false;
  const auto& asked = *iq.first();
  if (!room_->config().archived) return refuse(s, xmpp::condition::service_unavailable), true;
  if (!room_->may_read_archive({s.from, false})) return refuse(s, xmpp::condition::forbidden), true;
  const bool get = iq.get("type") == "get";
  // An answer stands in the line of what the room sends: it is of what was told before it.
  const auto answer = [this, who = s.from](std::vector<xmpp::element> all) {
    for (auto& e : all) {
      e.set("from", address_.text());
      service_.send({std::make_shared<const xmpp::element>(std::move(e)), std::make_shared<const std::vector<xmpp::jid>>(1, who), {}}, address_);
    }
  };
  if (asked.name == "query" && get) {
    std::vector<xmpp::element> out{xmpp::iq_result(iq)};
    out[0].add(xmpp::archive_form());
    answer(std::move(out));
    return true;
  }
  const auto question = std::make_shared<const room_stanza>(s);
  if (asked.name == "metadata" && get) {
    const auto found = std::make_shared<archive_ends>();
    const bool taken = read(
        [found, &n = node_, owner = owner_] {
          storage::chat::stream_query q;
          q.max = 1;
          found->first = n.chat_of(owner).page(owner, stream_kind::archive, q);
          q.backwards = true;
          found->last = n.chat_of(owner).page(owner, stream_kind::archive, q);
        },
        [found, question, answer] {
          std::vector<xmpp::element> out{xmpp::iq_result(*question->what)};
          auto& m = out[0].add("metadata", xmpp::space::archive);
          for (const auto& [name, page] : {std::pair{"start", &found->first}, std::pair{"end", &found->last}})
            if (!page->entries.empty())
              m.add(name).set("id", std::to_string(page->entries.front().id)).set("timestamp", xmpp::date_time(page->entries.front().time));
          answer(std::move(out));
        });
    if (!taken) refuse(s, xmpp::condition::resource_constraint);
    return true;
  }
  if (asked.name != "query") return false;
  xmpp::condition why{};
  const auto q = xmpp::read_archive_query(asked, why);
  if (!q) return refuse(s, why), true;
  const auto found = std::make_shared<archive_page>();
  const bool taken = read([found, q = *q, &n = node_, owner = owner_] { fill(*found, q, n.chat_of(owner), owner); },
                          [this, found, question, answer] {
                            if (found->unknown_id) return refuse(*question, xmpp::condition::item_not_found);
                            auto out = std::move(found->messages);
                            const auto& all = found->page.entries;
                            out.push_back(xmpp::iq_result(*question->what));
                            out.back().add(xmpp::archive_fin(all.empty() ? 0 : all.front().id, all.empty() ? 0 : all.back().id, !all.empty(), !found->page.more, found->count));
                            answer(std::move(out));
                          });
  if (!taken) refuse(s, xmpp::condition::resource_constraint);
  return true;
}

} // namespace rookery::actors
