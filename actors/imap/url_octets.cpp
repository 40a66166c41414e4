#include "actors/imap/url_octets.hpp"

#include "actors/account/message_octets.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/part_reader.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using imap::fetch_section;

constexpr std::size_t piece_octets = 256 * 1024;
/// A header whose fields are chosen is read whole.
constexpr std::uint64_t header_octets_max = 16 * 1024 * 1024;

mime::section_kind kind_of(fetch_section::text which) {
  switch (which) {
    case fetch_section::text::all: return mime::section_kind::all;
    case fetch_section::text::header: return mime::section_kind::header;
    case fetch_section::text::header_fields: return mime::section_kind::header_fields;
    case fetch_section::text::header_fields_not: return mime::section_kind::header_fields_not;
    case fetch_section::text::text: return mime::section_kind::text;
    case fetch_section::text::mime: return mime::section_kind::mime;
  }
  return mime::section_kind::all;
}

struct found {
  std::shared_ptr<const storage::mail::mailbox_view> view; ///< keeps the page
  const storage::mail::page* page = nullptr;
  std::uint32_t slot = 0;
  message_octets message;
  std::optional<mime::part_tree> parts; ///< `where` points into it
  mime::section where;
};

std::optional<found> find(storage::mail::mailbox_cell& cell, const imap::message_url& url) {
  found out;
  out.view = cell.view();
  const auto& view = *out.view;
  if (view.gone || (url.uid_validity != 0 && url.uid_validity != view.status.uid_validity)) return {};
  const auto index = view.find(url.uid);
  if (index >= view.size()) return {};
  const auto at = view.at(index);
  out.page = at.in;
  const auto& columns = storage::mail::load_statics(*out.page);
  out.message = octets_of(*out.page, columns, at.row);
  out.slot = out.page->slot[at.row];
  const auto size = out.message.size();
  const auto kind = kind_of(url.section.which);
  if (url.section.part.empty()) {
    const auto header = std::min<std::uint64_t>(columns.header_octets[out.slot], size);
    switch (kind) {
      case mime::section_kind::all: out.where = {0, size, {}, nullptr}; return out;
      case mime::section_kind::text: out.where = {header, size - header, {}, nullptr}; return out;
      case mime::section_kind::mime: return {};
      default: out.where = {0, header, {}, nullptr}; return out;
    }
  }
  out.parts = mime::read_parts(storage::mail::load_text(*out.page, storage::mail::text_column::parts)->row(out.slot));
  if (!out.parts) return {};
  const auto section = mime::find_section(*out.parts, url.section.part, kind, size);
  if (!section || section->offset > size || section->octets > size - section->offset) return {};
  out.where = *section;
  return out;
}

/// From `offset` of `octets`, as PARTIAL wants.
void cut(const imap::message_url& url, std::uint64_t& offset, std::uint64_t& octets) {
  if (!url.section.partial) return;
  const auto skip = std::min(url.section.offset, octets);
  offset += skip;
  octets -= skip;
  if (!url.to_end) octets = std::min(octets, url.section.octets);
}

url_outcome read_into(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, found& f, std::uint64_t offset,
                      std::uint64_t octets, const std::function<bool(std::string_view)>& take) {
  std::string piece;
  while (octets > 0) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_octets, octets)));
    if (const auto got = read(bodies, cell, f.message, offset, piece.data(), piece.size()); !got)
      return got.error().kind == base::error_kind::not_found ? url_outcome::gone : url_outcome::failed;
    if (!take(piece)) return url_outcome::failed;
    offset += piece.size();
    octets -= piece.size();
  }
  return url_outcome::done;
}

url_outcome read_found(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, found& f, const imap::message_url& url,
                       std::uint64_t octets_max, const std::function<bool(std::string_view)>& take) {
  const auto which = url.section.which;
  if (which != fetch_section::text::header_fields && which != fetch_section::text::header_fields_not) {
    auto offset = f.where.offset;
    auto octets = f.where.octets;
    cut(url, offset, octets);
    return octets > octets_max ? url_outcome::too_large : read_into(bodies, cell, f, offset, octets, take);
  }
  if (f.where.octets > header_octets_max) return url_outcome::too_large;
  std::string header;
  const auto done = read_into(bodies, cell, f, f.where.offset, f.where.octets, [&](std::string_view piece) {
    header += piece;
    return true;
  });
  if (done != url_outcome::done) return done;
  const std::vector<std::string_view> names(url.section.fields.begin(), url.section.fields.end());
  const auto fields = mime::header_fields(header, names, which == fetch_section::text::header_fields_not);
  std::uint64_t offset = 0, octets = fields.size();
  cut(url, offset, octets);
  if (octets > octets_max) return url_outcome::too_large;
  return take(std::string_view(fields).substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(octets))) ? url_outcome::done
                                                                                                                  : url_outcome::failed;
}

} // namespace

url_outcome read_url(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, const imap::message_url& url,
                     std::uint64_t octets_max, const std::function<bool(std::string_view)>& take) {
  auto f = find(cell, url);
  return f ? read_found(bodies, cell, *f, url, octets_max, take) : url_outcome::gone;
}

url_outcome read_url_piece(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, const imap::message_url& url,
                           std::uint64_t from, std::size_t most, std::string& out, bool& last) {
  auto f = find(cell, url);
  if (!f) return url_outcome::gone;
  const auto which = url.section.which;
  if (which == fetch_section::text::header_fields || which == fetch_section::text::header_fields_not) {
    std::string all;
    const auto done = read_found(bodies, cell, *f, url, header_octets_max, [&](std::string_view piece) {
      all += piece;
      return true;
    });
    if (done != url_outcome::done) return done;
    out = all.substr(static_cast<std::size_t>(std::min<std::uint64_t>(from, all.size())), most);
    last = from + out.size() >= all.size();
    return url_outcome::done;
  }
  auto offset = f->where.offset;
  auto octets = f->where.octets;
  cut(url, offset, octets);
  const auto skip = std::min(from, octets);
  const auto count = std::min<std::uint64_t>(most, octets - skip);
  last = skip + count == octets;
  return read_into(bodies, cell, *f, offset + skip, count, [&](std::string_view piece) {
    out += piece;
    return true;
  });
}

url_outcome read_url_data(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, const imap::message_url& url,
                          std::uint8_t items, std::uint64_t octets_max, imap::url_data& out) {
  auto f = find(cell, url);
  if (!f) return url_outcome::gone;
  if ((items & imap::url_item::structure) != 0 && url.section.which == fetch_section::text::all) {
    const auto whole = storage::mail::load_text(*f->page, storage::mail::text_column::bodystructure);
    out.structure = imap::part_structure(whole->row(f->slot), url.section.part);
  }
  const bool plain = items == 0 || (items & imap::url_item::body) != 0;
  if (!plain && (items & imap::url_item::binary) == 0) return url_outcome::done;
  const bool decode = !plain && url.section.which == fetch_section::text::all && !url.section.part.empty();
  auto whole = url;
  // RFC 5524 §3.2: PARTIAL counts decoded octets.
  if (decode) whole.section.partial = false;
  std::string octets;
  const auto done = read_found(bodies, cell, *f, whole, octets_max, [&](std::string_view piece) {
    octets += piece;
    return true;
  });
  if (done != url_outcome::done) return done;
  if (plain) {
    // RFC 9051 §4.3: NUL may stand in literal8 alone; FETCH shows it so too.
    std::replace(octets.begin(), octets.end(), '\0', '\x80');
    out.body = std::move(octets);
    return url_outcome::done;
  }
  if (decode) {
    out.binary = mime::decode_section(f->where, octets);
    if (out.binary && !out.structure.empty()) out.structure = imap::decoded_structure(out.structure, *out.binary);
    if (out.binary && url.section.partial) {
      std::uint64_t offset = 0, count = out.binary->size();
      cut(url, offset, count);
      out.binary = out.binary->substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
    }
  } else {
    out.binary = std::move(octets);
  }
  return url_outcome::done;
}

} // namespace rookery::actors
