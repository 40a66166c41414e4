#include "protocols/mime/search_texts.hpp"

#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/preview.hpp"
#include "protocols/mime/search.hpp"

#include <cstdint>
#include <utility>

namespace rookery::mime {
namespace {

/// HTML whose visible text is made at once.
constexpr std::size_t html_octets_max = 1024 * 1024;

using kind = search_text_kind;

class texts {
public:
  texts(search_text_taker& to) : to_(to) {}

  void give(kind k, std::string_view utf8) {
    folded_.clear();
    charset::append_folded(folded_, utf8);
    to_.take(k, folded_);
    to_.end();
  }
  void value(kind k, std::string_view value) {
    whole_ = whole_ && value.size() <= search_value_octets_max;
    give(k, searched_value(value, value_));
  }
  void addresses(kind k, std::string_view value) {
    address_reader r(value.substr(0, search_value_octets_max));
    address a;
    while (r.next(a)) {
      if (a.kind == address_kind::group_end) continue;
      if (a.kind == address_kind::mailbox) give(k, a.text());
      if (!a.name.empty()) give(k, a.display_name());
    }
  }
  void fields(kind k, base::const_bytes header) {
    header_reader r(header);
    while (const auto f = r.next()) value(k, f->raw);
    for (const auto& name : attachment_names(header)) give(k, name);
  }
  /// What HEADER asks.
  void values(base::const_bytes header) {
    static constexpr std::pair<std::string_view, kind> keys[] = {
        {"Subject", kind::subject}, {"From", kind::from}, {"To", kind::to}, {"Cc", kind::cc}, {"Bcc", kind::bcc}};
    header_reader r(header);
    while (const auto f = r.next()) {
      value(kind::header_value, f->value);
      const bool addressed = is_address_field(f->name);
      if (addressed) addresses(kind::header_value, f->value);
      for (const auto& [name, k] : keys) {
        if (!base::iequals(name, f->name)) continue;
        value(k, f->value);
        if (addressed) addresses(k, f->value);
      }
    }
  }
  void body(base::const_bytes message, const part& p) {
    const bool html = p.type == "text/html";
    const auto exact = html ? kind::markup : kind::plain;
    decode_text(message, p, [&](std::string_view piece) {
      folded_.clear();
      charset::append_folded(folded_, piece);
      return to_.take(exact, folded_);
    });
    to_.end();
    if (html) give(kind::visible, preview_of_html(decoded_text(message, p, html_octets_max), UINT32_MAX));
  }
  bool whole() const noexcept { return whole_; }

private:
  search_text_taker& to_;
  std::string folded_, value_;
  bool whole_ = true;
};

} // namespace

bool give_search_texts(base::const_bytes message, base::const_bytes header, const part_tree& parts, search_text_taker& to) {
  texts out(to);
  out.values(header);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& p = parts[i];
    if (p.header_offset > message.size()) break;
    out.fields(i == 0 ? kind::header : kind::part_header, message.substr(p.header_offset, p.header_octets));
    if (p.kind == part_kind::leaf && p.type.starts_with("text/")) out.body(message, p);
  }
  return out.whole();
}

} // namespace rookery::mime
