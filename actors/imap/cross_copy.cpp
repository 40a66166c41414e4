#include "actors/imap/cross_copy.hpp"

#include "actors/account/message_octets.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::size_t piece_octets = 256 * 1024;

} // namespace

void cross_copy::gather(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, const storage::mail::mailbox_view& view,
                        const std::vector<imap::row_range>& rows, std::uint8_t keep, base::wall_time now) {
  for (const auto& range : rows)
    for (auto row = range.first; row < range.end; ++row) {
      result_ = add(bodies, cell, view, row, keep);
      if (result_ != outcome::done) return;
    }
  auto all = gathering_.finish(now);
  result_ = all ? outcome::done : outcome::failed;
  if (all) gathered_ = std::move(all).value();
}

cross_copy::outcome cross_copy::add(storage::body_reader& bodies, storage::mail::mailbox_cell& cell,
                                    const storage::mail::mailbox_view& view, std::uint32_t row, std::uint8_t keep) {
  const auto place = view.at(row);
  const auto& page = *place.in;
  const auto& columns = storage::mail::load_statics(page);
  auto message = octets_of(page, columns, place.row);
  imap::append_message about;
  const auto bits = page.flags[place.row];
  about.flags.system = bits & imap::flag::stored_mask;
  for (std::size_t k = 0; k < view.keywords.size(); ++k)
    if ((bits & imap::flag::keyword_bit(k)) != 0) about.flags.keywords.push_back(view.keywords[k]);
  about.flags = imap::allowed(std::move(about.flags), keep);
  about.internal_date = base::from_milliseconds(columns.internal_date[page.slot[place.row]]);
  about.octets = message.size();
  gathering_.begin(about);
  if (gathering_.octets() > octets_max_) return outcome::too_large;
  std::string piece;
  for (std::uint64_t at = 0; at < about.octets; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_octets, about.octets - at)));
    if (const auto got = read(bodies, cell, message, at, piece.data(), piece.size()); !got)
      return got.error().kind == base::error_kind::not_found ? outcome::gone : outcome::failed;
    if (!gathering_.add(piece)) return outcome::failed;
  }
  return outcome::done;
}

} // namespace rookery::actors
