#include "actors/queue/seven_bit_stream.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {

using mime::seven_bit_verdict;

seven_bit_stream::seven_bit_stream(std::shared_ptr<storage::body_reader> bodies, std::shared_ptr<const storage::queue::envelope> message, std::shared_ptr<const lent_octets> lent)
    : bodies_(std::move(bodies)), message_(std::move(message)), lent_(std::move(lent)) {}

base::result<std::string> seven_bit_stream::read_piece() {
  const auto& prefix = message_->prefix;
  if (at_ < prefix.size()) {
    auto out = prefix.substr(static_cast<std::size_t>(at_));
    at_ = prefix.size();
    return out;
  }
  const auto& content = message_->content;
  const auto from = static_cast<std::uint32_t>(at_ - prefix.size());
  std::string out(std::min<std::uint64_t>(piece_octets, (lent_ ? lent_->size() : content.length) - from), '\0');
  if (out.empty()) return out;
  const auto n = lent_ ? lent_->read(from, out.data(), out.size()) : bodies_->read(content, from, out.data(), out.size());
  if (!n) return base::fail(n.error());
  if (*n == 0) return base::fail(base::error_kind::damaged, "it is damaged", "a body in the spool is shorter than its record says");
  out.resize(*n);
  at_ += *n;
  return out;
}

base::result<seven_bit_verdict> seven_bit_stream::survey() {
  mime::seven_bit_survey all;
  for (;;) {
    auto piece = read_piece();
    if (!piece) return base::fail(piece.error());
    if (piece->empty()) break;
    all.feed(*piece);
  }
  all.finish();
  at_ = 0;
  octets_ = all.octets_estimate();
  if (all.verdict() == seven_bit_verdict::clean || all.verdict() == seven_bit_verdict::convertible) converter_.emplace(all);
  return all.verdict();
}

base::result<std::string> seven_bit_stream::next() {
  std::string out;
  while (out.empty() && !finished_) {
    auto piece = read_piece();
    if (!piece) return piece;
    if (piece->empty()) {
      converter_->finish(out);
      finished_ = true;
    } else {
      converter_->feed(*piece, out);
    }
  }
  return out;
}

} // namespace rookery::actors
