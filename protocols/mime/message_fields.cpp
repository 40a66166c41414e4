#include "protocols/mime/message_fields.hpp"

#include "base/text.hpp"
#include "protocols/mime/header.hpp"

namespace rookery::mime {
namespace {

field_values* part_field(std::string_view name, part_fields& p) {
  // All begin with "Content-".
  switch (name.size()) {
  case 10: return base::iequals(name, "Content-ID") ? &p.id : nullptr;
  case 11: return base::iequals(name, "Content-MD5") ? &p.md5 : nullptr;
  case 12: return base::iequals(name, "Content-Type") ? &p.type : nullptr;
  case 16:
    if (base::iequals(name, "Content-Language")) return &p.language;
    return base::iequals(name, "Content-Location") ? &p.location : nullptr;
  case 19:
    if (base::iequals(name, "Content-Disposition")) return &p.disposition;
    return base::iequals(name, "Content-Description") ? &p.description : nullptr;
  case 25: return base::iequals(name, "Content-Transfer-Encoding") ? &p.encoding : nullptr;
  default: return nullptr;
  }
}

field_values* message_field(std::string_view name, message_fields& m) {
  switch (name.size()) {
  case 2:
    if (base::iequals(name, "To")) return &m.to;
    return base::iequals(name, "Cc") ? &m.cc : nullptr;
  case 3: return base::iequals(name, "Bcc") ? &m.bcc : nullptr;
  case 4:
    if (base::iequals(name, "From")) return &m.from;
    return base::iequals(name, "Date") ? &m.date : nullptr;
  case 6: return base::iequals(name, "Sender") ? &m.sender : nullptr;
  case 7: return base::iequals(name, "Subject") ? &m.subject : nullptr;
  case 8: return base::iequals(name, "Reply-To") ? &m.reply_to : nullptr;
  case 10:
    if (base::iequals(name, "Message-ID")) return &m.message_id;
    return base::iequals(name, "References") ? &m.references : nullptr;
  case 11: return base::iequals(name, "In-Reply-To") ? &m.in_reply_to : nullptr;
  default: return nullptr;
  }
}

} // namespace

void read_fields(base::const_bytes header, std::uint32_t fields_max, part_fields& part, message_fields* message) {
  header_reader r(header);
  for (std::uint32_t count = 0; count < fields_max; ++count) {
    const auto f = r.next();
    if (!f) return;
    if (f->name.size() < 2) continue;
    auto* values = base::istarts_with(f->name, "Content-") ? part_field(f->name, part)
                   : message                               ? message_field(f->name, *message)
                                                           : nullptr;
    if (values) values->add(f->value);
  }
}

} // namespace rookery::mime
