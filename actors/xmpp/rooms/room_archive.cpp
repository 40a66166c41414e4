// A room's archive, for those who may enter it. XEP-0313; XEP-0059.
#include "actors/xmpp/archive_page.hpp"
#include "actors/xmpp/rooms/room_actor.hpp"

#include "protocols/xmpp/archive_query.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::stream_kind;

archive_page read_page(const xmpp::archive_query& q, const storage::chat::chat_view& view, const std::string& owner) {
  // §5.1.1: of one occupant alone, by his address in the room. One that was named by its id may be somebody else's.
  const auto with = q.with ? q.with->text() : std::string();
  return read_archive_page(q, view, owner, with, [&](const xmpp::element& stanza) { return with.empty() || stanza.get("from") == with; });
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
  const bool taken = read([found, q = *q, &n = node_, owner = owner_] { *found = read_page(q, n.chat_of(owner), owner); },
                          [this, found, question, answer] {
                            if (found->unknown_id) return refuse(*question, xmpp::condition::item_not_found);
                            auto out = std::move(found->messages);
                            out.push_back(xmpp::iq_result(*question->what));
                            out.back().add(found->fin());
                            answer(std::move(out));
                          });
  if (!taken) refuse(s, xmpp::condition::resource_constraint);
  return true;
}

} // namespace rookery::actors
