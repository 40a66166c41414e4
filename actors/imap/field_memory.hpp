/// Header fields that a client asked for, remembered by page: clients ask for the same fields of the same messages at each start,
/// and reading a header takes a system call and cold memory. Lives in the connection's thread; used for one section of one command.
#pragma once

#include "protocols/imap/fetch.hpp"
#include "storage/mail/derived_rows.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

class field_memory {
public:
  /// Longer ones are read each time.
  static constexpr std::size_t row_octets_max = 8 * 1024;
  /// Fewer new ones of a page are not worth the copy.
  static constexpr std::uint32_t new_rows_min = 16;

  /// Is it a section of chosen fields of the message's own header?
  static bool suits(const imap::fetch_section&);
  explicit field_memory(const imap::fetch_section&);

  /// Makes a page the current one, after keeping what was added for the one before.
  void enter(const std::shared_ptr<const storage::mail::page>&);
  /// The fields of the current page's slot; lives until the next `enter` or `keep`.
  std::optional<std::string_view> find(std::uint32_t slot) const noexcept;
  void add(std::uint32_t slot, std::string_view fields);
  /// Shows what was added to all sessions.
  void keep();

private:
  struct span {
    std::uint32_t begin = 0, octets = 0;
  };

  storage::mail::derivation what_;
  std::shared_ptr<const storage::mail::page> page_;
  std::shared_ptr<const storage::mail::derived_rows> known_;
  std::string added_;
  std::array<span, storage::mail::page_slots> at_{};
  std::bitset<storage::mail::page_slots> added_slots_;
};

} // namespace rookery::actors
