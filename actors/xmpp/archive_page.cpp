#include "actors/xmpp/archive_page.hpp"

#include "protocols/xml/reader.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::stream_kind;

/// What was kept can be read, whatever streams take.
constexpr xml::limits bounds{.stanza_octets = 2u << 20, .tag_octets = 2u << 20};

} // namespace

xmpp::element archive_page::fin() const {
  const auto& all = page.entries;
  return xmpp::archive_fin(all.empty() ? 0 : all.front().id, all.empty() ? 0 : all.back().id, !all.empty(), !page.more, count);
}

archive_page read_archive_page(const xmpp::archive_query& q, const storage::chat::chat_view& view, const std::string& owner, const std::string& with,
                               const std::function<bool(const xmpp::element&)>& fits) {
  archive_page out;
  // §4.1.3, §4.3: an id that is not there (any more) is no place to go on from.
  for (const auto id : {q.after_id, q.before_id})
    if (id != 0 && id != ~std::uint64_t{0} && !view.find_entry(owner, stream_kind::archive, id)) out.unknown_id = true;
  if (out.unknown_id) return out;
  if (!q.narrowed) {
    const auto facts = view.find(owner);
    out.count = facts ? facts->archive.entries : 0;
  }
  auto& entries = out.page.entries;
  if (!q.ids.empty()) {
    for (const auto id : q.ids) {
      auto e = view.find_entry(owner, stream_kind::archive, id);
      if (e) entries.push_back(std::move(*e));
      else out.unknown_id = true;
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  } else {
    storage::chat::stream_query s;
    s.after_id = q.after_id;
    s.before_id = q.before_id;
    s.from = q.start;
    s.until = q.end;
    s.with = with;
    s.backwards = q.backwards;
    s.max = std::max<std::size_t>(q.max, 1);
    out.page = view.page(owner, stream_kind::archive, s);
    if (q.max == 0) {
      out.page.more = !entries.empty();
      entries.clear();
    }
  }
  for (const auto& e : entries) {
    const auto parsed = xml::parse(e.stanza, bounds);
    if (const auto* stanza = std::get_if<xml::element>(&parsed); stanza != nullptr && fits(*stanza))
      out.messages.push_back(xmpp::archive_result(q, e.id, e.time, *stanza));
  }
  if (q.flipped) std::reverse(out.messages.begin(), out.messages.end());
  return out;
}

} // namespace rookery::actors
