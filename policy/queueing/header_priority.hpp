/// How urgent a message's header says that it is.
///
/// Source: RFC 2156 (Priority, Importance), RFC 6758 (MT-Priority), RFC 6710 (the numbers of
/// urgent, normal and non-urgent mail). X-Priority, X-MSMail-Priority and Precedence are customs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rookery::queueing {

/// What the words mean as numbers of RFC 6710: greater goes first.
inline constexpr std::int8_t urgent_number = 4, bulk_number = -4;

/// Fed with the header's fields in any order. Not thread-safe.
class priority_reader {
public:
  /// The value may be folded. Only the first 100 octets are read.
  void field(std::string_view name, std::string_view value) noexcept;
  /// -9 to 9. Bulk by Precedence is bulk whatever else is said; else the most urgent field counts. Only
  /// those who may raise (who has logged in) get more than 0.
  std::int8_t number(bool may_raise) const noexcept;

private:
  std::optional<std::int8_t> said_;
  bool bulk_ = false;
};

} // namespace rookery::queueing
