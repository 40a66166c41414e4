#include "protocols/imap/flag.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace rookery::imap {

namespace {

struct named_flag {
  std::uint64_t bit;
  std::string_view name;
};
constexpr std::array<named_flag, 6> system_flags{{{flag::answered, "\\Answered"},
                                                  {flag::flagged, "\\Flagged"},
                                                  {flag::deleted, "\\Deleted"},
                                                  {flag::seen, "\\Seen"},
                                                  {flag::draft, "\\Draft"},
                                                  {flag::recent, "\\Recent"}}};

/// All 64 combinations, ready to be copied: "\Answered \Seen".
struct system_texts {
  struct text {
    char octets[55];
    std::uint8_t size;
  };
  std::array<text, 64> of{};
  constexpr system_texts() {
    for (std::size_t bits = 0; bits < 64; ++bits) {
      std::size_t n = 0;
      for (const auto& f : system_flags) {
        if ((bits & f.bit) == 0) continue;
        if (n > 0) of[bits].octets[n++] = ' ';
        for (const char c : f.name) of[bits].octets[n++] = c;
      }
      of[bits].size = static_cast<std::uint8_t>(n);
    }
  }
};
constexpr system_texts texts;

} // namespace

std::uint8_t kinds_of(const flag_list& flags) noexcept {
  std::uint8_t kinds = 0;
  if ((flags.system & flag::seen) != 0) kinds |= flag_right::seen;
  if ((flags.system & flag::deleted) != 0) kinds |= flag_right::deleted;
  if ((flags.system & ~(flag::seen | flag::deleted)) != 0 || !flags.keywords.empty()) kinds |= flag_right::others;
  return kinds;
}

flag_list allowed(flag_list flags, std::uint8_t may) {
  if ((may & flag_right::seen) == 0) flags.system &= ~flag::seen;
  if ((may & flag_right::deleted) == 0) flags.system &= ~flag::deleted;
  if ((may & flag_right::others) == 0) {
    flags.system &= flag::seen | flag::deleted;
    flags.keywords.clear();
  }
  return flags;
}

std::uint64_t find_system_flag(std::string_view name) noexcept {
  for (const auto& f : system_flags)
    if (base::iequals(name, f.name)) return f.bit;
  return 0;
}

std::size_t find_keyword(const std::vector<std::string>& keywords, std::string_view name) noexcept {
  for (std::size_t k = 0; k < keywords.size(); ++k)
    if (base::iequals(keywords[k], name)) return k;
  return keywords.size();
}

flag_printer::flag_printer(const std::vector<std::string>& keywords) : keywords_(&keywords) {
  room_ = 2 + sizeof(system_texts::text::octets);
  for (const auto& k : keywords) room_ += k.size() + 1;
}

char* flag_printer::print(char* to, std::uint64_t flags) const noexcept {
  *to++ = '(';
  const auto& system = texts.of[flags & 63];
  // A fixed size lets the compiler copy in a few wide moves; room() has the slack.
  std::memcpy(to, system.octets, sizeof system.octets);
  to += system.size;
  bool first = system.size == 0;
  for (auto left = flags >> flag::first_keyword_bit; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    if (k >= keywords_->size()) break;
    if (!first) *to++ = ' ';
    first = false;
    const auto& name = (*keywords_)[k];
    std::memcpy(to, name.data(), name.size());
    to += name.size();
  }
  *to++ = ')';
  return to;
}

} // namespace rookery::imap
