/// Annotations of mailboxes and of the server: GETMETADATA, SETMETADATA, and their answer.
///
/// Names of entries are in lower case from here on. Mailbox "" is the server.
///
/// Source: RFC 5464 §3 to §5; RFC 9590 (LIST with METADATA).
#pragma once

#include "protocols/imap/atom.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::imap {

class response_writer;

enum class metadata_depth : std::uint8_t { none, one, infinity };
struct get_metadata {
  std::string mailbox;
  std::vector<std::string> entries;
  std::optional<std::uint32_t> octets_max; ///< MAXSIZE: longer values are left out
  metadata_depth depth = metadata_depth::none;
};
struct set_metadata {
  std::string mailbox;
  std::vector<std::pair<std::string, std::optional<std::string>>> entries; ///< without value: it is removed
};
/// Name and value.
using metadata_row = std::pair<std::string, std::string>;

// False: the reader holds the fault.
bool read_get_metadata(word_reader&, get_metadata&);
bool read_set_metadata(word_reader&, set_metadata&);
/// "(" entry ... ")", or one entry.
bool read_metadata_entries(word_reader&, std::vector<std::string>&);

/// Does the answer to what was asked with this depth have the entry?
bool selects(std::string_view asked, metadata_depth, std::string_view entry) noexcept;

/// Nothing without rows. A value with NUL goes as literal8.
void write_metadata(response_writer, std::string_view mailbox, std::span<const metadata_row>);

/// Entries that changed, without their values (RFC 5464 §4.4.2). Nothing without names.
void write_metadata_names(response_writer, std::string_view mailbox, std::span<const std::string> names);

// Response codes, without brackets.
std::string metadata_max_size_code(std::uint64_t octets);
inline constexpr std::string_view metadata_too_many_code = "METADATA TOOMANY";
inline constexpr std::string_view metadata_no_private_code = "METADATA NOPRIVATE";
/// The longest value that MAXSIZE left out has so many octets.
std::string metadata_long_entries_code(std::uint64_t octets);

} // namespace rookery::imap
