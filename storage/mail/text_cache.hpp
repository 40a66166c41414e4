/// Text columns of pages, and what was derived from their messages, that were lately read: bounded by octets, oldest use goes first.
/// Thread-safe; sixteen locks so that readers seldom meet.
#pragma once

#include "storage/mail/keys.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace rookery::storage::mail {

/// What rows hold: a text column, or a derivation (storage/mail/derived_rows.hpp).
struct rows_kind {
  rows_kind(text_column c) noexcept : first(static_cast<std::uint64_t>(c)) {}
  rows_kind(std::uint64_t a, std::uint64_t b) noexcept : first(a), second(b) {}
  std::uint64_t first, second = 0;
  bool operator==(const rows_kind&) const = default;
};

class text_cache {
public:
  struct entry {
    std::shared_ptr<const text_rows> rows;
    std::uint32_t slots = 0; ///< rows of these first slots (of a derivation: of so many slots) are there; more may have come since
  };

  explicit text_cache(std::size_t octets_max) : stripe_octets_max_(octets_max / stripe_count) {}
  /// `rows` is null when there is none.
  entry find(const page_id&, rows_kind);
  /// Keeps the one with more slots.
  void keep(const page_id&, rows_kind, entry);
  std::size_t octets() const;

private:
  static constexpr std::size_t stripe_count = 16;
  struct place {
    page_id page;
    rows_kind kind;
    bool operator==(const place&) const = default;
  };
  struct place_hash {
    std::size_t operator()(const place&) const noexcept;
  };
  struct kept {
    place at;
    entry what;
    std::size_t octets;
  };
  struct stripe {
    mutable std::mutex lock;
    std::list<kept> by_use; // latest first
    std::unordered_map<place, std::list<kept>::iterator, place_hash> by_place;
    std::size_t octets = 0;
  };
  stripe& of(const place& p) { return stripes_[place_hash{}(p) >> 7 & (stripe_count - 1)]; }

  std::size_t stripe_octets_max_;
  std::array<stripe, stripe_count> stripes_;
};

} // namespace rookery::storage::mail
