#include "actors/imap/page_columns.hpp"

#include <algorithm>

namespace rookery::actors {

using storage::mail::text_column;
using storage::mail::text_column_count;

bool take_columns(const storage::mail::page& page, const column_need& need, held_columns& out) {
  if (need.statics && out.statics == nullptr && (out.statics = storage::mail::statics_of(page)) == nullptr) return false;
  for (std::size_t c = 0; c < text_column_count; ++c) {
    if (!need.has(static_cast<text_column>(c)) || out.texts[c]) continue;
    out.texts[c] = storage::mail::text_of(page, static_cast<text_column>(c));
    if (!out.texts[c]) return false;
  }
  return true;
}

void load_columns(const storage::mail::page& page, const column_need& need, held_columns& out) {
  if (need.statics) out.statics = &storage::mail::load_statics(page);
  for (std::size_t c = 0; c < text_column_count; ++c)
    if (need.has(static_cast<text_column>(c)) && !out.texts[c])
      out.texts[c] = storage::mail::load_text(page, static_cast<text_column>(c));
}

bool page_columns::enter(std::uint32_t page_number) {
  if (page_ == page_number) return true;
  held_columns next;
  const auto at = std::find_if(ahead_.begin(), ahead_.end(), [&](const auto& a) { return a.first == page_number; });
  if (at != ahead_.end()) {
    next = std::move(at->second);
    ahead_.erase(at);
  } else if (!take_columns(*view_->pages[page_number], need_, next)) {
    return false;
  }
  current_ = std::move(next);
  page_ = page_number;
  return true;
}

bool page_columns::load(std::vector<std::uint32_t> pages, std::function<void(bool)> then) {
  struct work {
    std::vector<std::pair<std::uint32_t, held_columns>> loaded;
    bool good = false;
  };
  auto w = std::make_shared<work>();
  return node_.readers->run(
      link_,
      [w, view = view_, need = need_, pages = std::move(pages)] {
        for (const auto p : pages) {
          held_columns columns;
          load_columns(*view->pages[p], need, columns);
          w->loaded.emplace_back(p, std::move(columns));
        }
        w->good = true;
      },
      [this, w, then = std::move(then)] {
        ahead_ = std::move(w->loaded);
        then(w->good);
      });
}

} // namespace rookery::actors
