/// The fields of a message's header that summaries are made of, found in one pass.
#pragma once

#include "base/bytes.hpp"
#include "protocols/mime/limits.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

/// The values of one field: all fields of an address kind are read as one list (the wild repeats
/// To and Cc); of others the first counts.
struct field_values {
  std::string_view first;
  std::vector<std::string_view> more;
  bool present = false;
  void add(std::string_view value) {
    if (!present) first = value;
    else if (more.size() < 100) more.push_back(value);
    present = true;
  }
};

/// Raw values, views into the header.
struct message_fields {
  field_values date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id, references;
};

/// What a part says about itself; views into its header.
struct part_fields {
  field_values type, encoding, id, description, disposition, md5, language, location;
};

/// One pass for both; `message` may be null.
void read_fields(base::const_bytes header, std::uint32_t fields_max, part_fields& part, message_fields* message);

/// Appends the ENVELOPE of RFC 9051 §7.5.2.
void append_envelope(std::string& out, const message_fields&, const limits&);

/// The stored form of `sort_keys_view`.
std::string write_sort_keys(const message_fields&, const limits&);

} // namespace rookery::mime
