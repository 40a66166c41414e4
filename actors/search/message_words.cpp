#include "actors/search/message_words.hpp"

#include "protocols/mime/search_texts.hpp"

#include <algorithm>
#include <string>

namespace rookery::actors {
namespace {

using mime_kind = mime::search_text_kind;
using storage::search::text_source;

constexpr text_source source_of(mime_kind k) {
  switch (k) {
    case mime_kind::plain: return text_source::plain;
    case mime_kind::markup: return text_source::markup;
    case mime_kind::visible: return text_source::visible;
    case mime_kind::part_header: return text_source::part_header;
    case mime_kind::header: return text_source::header;
    case mime_kind::header_value: return text_source::header_value;
    case mime_kind::subject: return text_source::subject;
    case mime_kind::from: return text_source::from;
    case mime_kind::to: return text_source::to;
    case mime_kind::cc: return text_source::cc;
    case mime_kind::bcc: break;
  }
  return text_source::bcc;
}

class into_document final : public mime::search_text_taker {
public:
  explicit into_document(storage::search::document& to) : to_(to) {}
  bool take(mime_kind k, std::string_view folded) override {
    to_.feed(source_of(k), folded);
    return !to_.full();
  }
  void end() override { to_.end_text(); }

private:
  storage::search::document& to_;
};

} // namespace

void collect_words(storage::search::document& into, storage::body_reader& bodies, storage::mail::mailbox_cell& cell,
                   const storage::mail::page& page, std::uint32_t row) {
  const auto& statics = storage::mail::load_statics(page);
  const auto slot = page.slot[row];
  auto message = octets_of(page, statics, row);
  const auto octets = std::min<std::uint64_t>(message.size(), indexed_octets_max);
  std::string whole(octets, '\0');
  if (!read(bodies, cell, message, 0, whole.data(), octets)) return into.set_partial();
  if (octets < message.size()) into.set_partial();
  const auto parts = mime::read_parts(storage::mail::load_text(page, storage::mail::text_column::parts)->row(slot));
  collect_words(into, whole, base::const_bytes(whole).substr(0, statics.header_octets[slot]), parts ? *parts : mime::part_tree{});
}

void collect_words(storage::search::document& into, base::const_bytes whole, base::const_bytes header, const mime::part_tree& parts) {
  into_document taker(into);
  if (!mime::give_search_texts(whole, header, parts, taker)) into.set_partial();
}

} // namespace rookery::actors
