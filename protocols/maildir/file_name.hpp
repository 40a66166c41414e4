/// The name of a message's file in a Maildir: "1637524800.M1P2.host,S=1234:2,FS".
///
/// Source: https://cr.yp.to/proto/maildir.html; letters a to z for keywords and the fields S= and W= as
/// Dovecot writes them.
#pragma once

#include "base/clock.hpp"
#include "protocols/mbox/message_state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::maildir {

struct file_name {
  std::string_view unique;         ///< what stays when flags change: up to ':', with its fields
  std::string_view base;           ///< up to the first ',' of `unique`
  std::uint64_t system = 0;        ///< mbox::flag
  bool passed = false;             ///< P: resent or forwarded
  std::uint32_t letters = 0;       ///< bit k: keyword letter 'a' + k
  std::optional<std::uint64_t> delivered; ///< seconds since 1970, from its beginning
};

/// Nothing for a name that is no message's: empty, or beginning with a dot. Views into `name`.
std::optional<file_name> read_file_name(std::string_view name) noexcept;
/// ":2," and the letters in their order.
std::string info_of(std::uint64_t system, bool passed, std::uint32_t letters);

/// The keywords behind the letters, by letter; a file `dovecot-keywords` has lines "0 $Junk".
using keyword_letters = std::vector<std::string>;
inline constexpr std::size_t keyword_letters_max = 26;
/// Lines that are none are read over.
keyword_letters read_keywords(std::string_view file);
std::string write_keywords(const keyword_letters&);
/// What the name says, with the keywords of its folder; P is $Forwarded.
mbox::message_state state_of(const file_name&, const keyword_letters&);
/// The letters for these keywords; one that has none yet gets the next, or is left out when all are given.
std::uint32_t letters_for(const std::vector<std::string>& keywords, keyword_letters&);

} // namespace rookery::maildir
