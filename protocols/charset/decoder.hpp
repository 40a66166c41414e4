/// Legacy character sets to UTF-8, by their MIME names, over ICU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::charset {

/// Is the name known? "us-ascii", "utf-8" and "iso-8859-1" always are; the rest is ICU's list.
bool known(std::string_view name);

/// Are ASCII octets in it the characters of ASCII? True of what mail is mostly in; false where one would have to look.
bool keeps_ascii(std::string_view name);

/// `octets` of the character set `name` as UTF-8. What cannot be decoded becomes U+FFFD. An
/// unknown name, or "us-ascii" with 8-bit octets, is read as UTF-8 if well-formed, else as
/// windows-1252: mail in the wild labels badly, and a reader wants to see something.
/// The converters are kept per thread; the names are strangers', so only known ones are kept.
std::string to_utf8(std::string_view name, std::string_view octets);
/// As above, appended to `out`.
void append_utf8(std::string& out, std::string_view name, std::string_view octets);

/// The strict form: nothing when `name` is unknown (RFC 9051 BADCHARSET asks) or `octets` are
/// malformed in it.
std::optional<std::string> to_utf8_strict(std::string_view name, std::string_view octets);

/// The same for a stream in pieces: a character may be cut anywhere. An object of about a
/// kilobyte; not thread-safe.
class decoder {
public:
  explicit decoder(std::string_view name);
  ~decoder();
  decoder(decoder&&) noexcept;
  decoder& operator=(decoder&&) noexcept;

  /// Appends what is complete to `out`.
  void decode(std::string_view octets, std::string& out);
  /// The stream ends: what was begun and not finished becomes U+FFFD.
  void finish(std::string& out);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace rookery::charset
