/// Prints JSON into a string, append only, without building a tree.
///
///   writer w(out);
///   w.begin_object().key("name").string(name).key("octets").number(n).end_object();
///
/// The caller keeps begin and end in pairs and gives each member a key. Commas are
/// set by the writer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::json {

/// Appends `text` in quotation marks (RFC 8259 §7): control octets, '"' and '\' are
/// escaped, octets that are no UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

class writer {
public:
  explicit writer(std::string& out) : out_(out) {}
  writer& begin_object() { return open('{'); }
  writer& end_object() { return close('}'); }
  writer& begin_array() { return open('['); }
  writer& end_array() { return close(']'); }
  writer& key(std::string_view name);
  writer& string(std::string_view text);
  writer& number(std::int64_t n);
  writer& number(std::uint64_t n);
  writer& number(int n) { return number(static_cast<std::int64_t>(n)); }
  writer& number(unsigned n) { return number(static_cast<std::uint64_t>(n)); }
  /// The shortest text that reads back as the same number; null when it is not finite.
  writer& number(double d);
  writer& boolean(bool b) { return raw(b ? "true" : "false"); }
  writer& null() { return raw("null"); }
  /// Text that is JSON already.
  writer& raw(std::string_view json);

private:
  writer& open(char c);
  writer& close(char c);
  void separate();
  std::string& out_;
  bool comma_ = false;
};

} // namespace rookery::json
