/// Address lists (RFC 5322 §3.4 with its obsolete forms, RFC 6532), read tolerantly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

enum class address_kind : std::uint8_t {
  mailbox,
  group_begin, ///< `name` is the group's; its members follow.
  group_end
};

/// One entry, in the flat form that ENVELOPE has too (RFC 9051 §7.5.2). Octets are as in the
/// message, with quotes and quoted pairs undone; encoded words are not decoded here.
struct address {
  address_kind kind = address_kind::mailbox;
  std::string name;    ///< Display name, else a trailing comment; may be empty.
  std::string route;   ///< Obsolete source route "@a,@b"; nearly always empty.
  std::string mailbox; ///< Local part, unquoted.
  std::string domain;  ///< Empty when the message has none.

  /// "local@domain", the local part quoted when it must be; "local" without a domain.
  std::string text() const;
  /// The name as UTF-8, encoded words decoded.
  std::string display_name() const;
};

/// Reads entry by entry into an object that is used again, so that most addresses cost no
/// allocation. Nothing in the input is an error: what makes no sense is skipped or becomes a
/// mailbox without a domain. Groups do not nest; every begin gets its end.
class address_reader {
public:
  explicit address_reader(std::string_view value) noexcept : in_(value) {}
  /// False at the end; `out` is unspecified then.
  bool next(address& out);

private:
  void skip_cfws(std::string* comment);
  void word(std::string& out);
  bool domain(std::string& out, std::string* comment);
  bool angle(address& out, std::string* comment);

  std::string_view in_;
  std::size_t at_ = 0;
  bool in_group_ = false;
};

/// At most `addresses_max` entries of the value.
std::vector<address> read_addresses(std::string_view value, std::size_t addresses_max = 4'000);

} // namespace rookery::mime
