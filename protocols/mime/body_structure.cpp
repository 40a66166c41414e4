#include "protocols/mime/body_structure.hpp"

#include "base/text.hpp"
#include "protocols/mime/content.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/imap_text.hpp"

namespace rookery::mime {
namespace {

/// RFC 2046 §5.1.1 allows 70; the wild has longer ones.
constexpr std::size_t boundary_octets_max = 1'000;

void append_text_field(std::string& out, const field_values& f) {
  out += ' ';
  if (f.present) append_string(out, unfold(f.first));
  else out += "NIL";
}

void append_parameters(std::string& out, const std::vector<encoding::parameter>& all) {
  if (all.empty()) {
    out += "NIL";
    return;
  }
  out += '(';
  for (const auto& p : all) {
    if (out.back() != '(') out += ' ';
    append_string(out, p.extended ? p.name + '*' : p.name);
    out += ' ';
    append_string(out, p.value);
  }
  out += ')';
}

void append_disposition(std::string& out, const content_disposition& d) {
  if (d.kind.empty()) {
    out += " NIL";
    return;
  }
  out += " (";
  append_string(out, d.kind);
  out += ' ';
  append_parameters(out, d.parameters);
  out += ')';
}

void append_languages(std::string& out, const field_values& f) {
  out += ' ';
  if (!f.present) {
    out += "NIL";
    return;
  }
  std::string list;
  std::size_t count = 0;
  for (auto tag : base::split(unfold(f.first), ',')) {
    tag = base::trim(tag);
    if (tag.empty()) continue;
    if (count++ > 0) list += ' ';
    append_string(list, tag);
  }
  if (count == 0) out += "NIL";
  else if (count == 1) out += list;
  else ((out += '(') += list) += ')';
}

bool is_signature(const content_type& t) {
  return t.type == "application" && (t.subtype == "pgp-signature" || t.subtype == "pkcs7-signature" || t.subtype == "x-pkcs7-signature");
}

/// As the message says it when we do not know it: a client may.
std::string printed_encoding(const part_fields& f, transfer_encoding e) {
  if (e != transfer_encoding::unknown) return std::string(name_of(e));
  return unfold(f.encoding.first);
}

void append_part(std::string& out, const part_tree& tree, const std::vector<part_print>& prints, std::size_t at, bool extension) {
  const auto& p = tree[at];
  const auto& print = prints[at];
  out += '(';
  if (p.kind == part_kind::multipart) {
    // The grammar wants at least one body part.
    if (p.children == 0) out += extension ? R"(("text" "plain" NIL NIL NIL "7bit" 0 0 NIL NIL NIL NIL))" : R"(("text" "plain" NIL NIL NIL "7bit" 0 0))";
    auto child = at + 1;
    for (std::uint32_t i = 0; i < p.children; ++i, child += tree[child].descendants + 1) append_part(out, tree, prints, child, extension);
    out += ' ';
    out += print.head;
  } else {
    out += print.head;
    out += ' ';
    base::append_number(out, p.body_octets);
    if (p.kind == part_kind::message) {
      out += ' ';
      out += prints[at + 1].envelope;
      out += ' ';
      append_part(out, tree, prints, at + 1, extension);
    }
    if (p.kind == part_kind::message || p.type.starts_with("text/")) {
      out += ' ';
      base::append_number(out, p.body_lines);
    }
  }
  if (extension) out += print.extension;
  out += ')';
}

} // namespace

void describe_part(const part_fields& f, bool as_message_by_default, bool nest, bool in_related, part& p, part_print& print,
                   std::string& boundary) {
  auto type = read_content_type(f.type.first);
  if (as_message_by_default && !f.type.present) {
    type.type = "message";
    type.subtype = "rfc822";
  }
  const auto disposition = read_content_disposition(f.disposition.first);
  p.encoding = read_transfer_encoding(f.encoding.first);
  boundary.clear();
  bool multipart = type.type == "multipart";
  if (multipart) {
    if (const auto* b = encoding::find_parameter(type.parameters, "boundary")) boundary = b->extended ? b->decoded() : b->value;
    while (boundary.ends_with(' ')) boundary.pop_back();
    // Without a usable boundary it is what RFC 2045 §5.2 says of what cannot be read: text.
    if (boundary.empty() || boundary.size() > boundary_octets_max) {
      boundary.clear();
      multipart = false;
      type = {};
    }
  }
  bool message = type.is("message", "rfc822") || type.is("message", "global");
  if ((multipart || message) && !nest) {
    // The grammar has no multipart without parts and no message without an envelope.
    boundary.clear();
    type = {"application", "octet-stream", {}};
    multipart = message = false;
  }
  p.kind = multipart ? part_kind::multipart : message ? part_kind::message : part_kind::leaf;
  p.type = type.type + '/' + type.subtype;
  if (type.type == "text") {
    if (const auto* c = encoding::find_parameter(type.parameters, "charset")) p.charset = base::trim(c->extended ? std::string_view(c->decoded()) : std::string_view(c->value));
    if (p.charset.size() > 64) p.charset.clear();
  }
  const bool named = encoding::find_parameter(disposition.parameters, "filename") || encoding::find_parameter(type.parameters, "name");
  p.attachment = !multipart && (disposition.kind == "attachment" ||
                                (named && type.type != "text" && disposition.kind != "inline" && !in_related && !is_signature(type)));
  if (multipart) {
    append_string(print.head, type.subtype);
    print.extension = ' ';
    append_parameters(print.extension, type.parameters);
  } else {
    append_string(print.head, type.type);
    print.head += ' ';
    append_string(print.head, type.subtype);
    print.head += ' ';
    append_parameters(print.head, type.parameters);
    append_text_field(print.head, f.id);
    append_text_field(print.head, f.description);
    print.head += ' ';
    append_string(print.head, printed_encoding(f, p.encoding));
    append_text_field(print.extension, f.md5);
  }
  append_disposition(print.extension, disposition);
  append_languages(print.extension, f.language);
  append_text_field(print.extension, f.location);
}

void append_body_structure(std::string& out, const part_tree& tree, const std::vector<part_print>& prints, bool extension) {
  append_part(out, tree, prints, 0, extension);
}

} // namespace rookery::mime
