#include "protocols/imap/acl.hpp"

#include "protocols/imap/response_writer.hpp"

namespace rookery::imap {
namespace {

bool space(word_reader& in) { return in.space() || in.syntax("Missing argument"); }

bool read_identifier(word_reader& in, std::string& out) {
  if (!space(in) || !in.astring(out)) return false;
  if (out.size() > in.limits().identifier_octets) return in.fail(parse_fault::limit, "The identifier is too long");
  return true;
}

} // namespace

bool read_set_acl(word_reader& in, set_acl& out) {
  if (!space(in) || !in.mailbox(out.mailbox) || !read_identifier(in, out.identifier) || !space(in) || !in.astring(out.rights))
    return false;
  return out.rights.size() <= in.limits().identifier_octets || in.fail(parse_fault::limit, "Too many rights");
}

bool read_delete_acl(word_reader& in, delete_acl& out) {
  return space(in) && in.mailbox(out.mailbox) && read_identifier(in, out.identifier);
}

bool read_get_acl(word_reader& in, get_acl& out) { return space(in) && in.mailbox(out.mailbox); }

bool read_list_rights(word_reader& in, list_rights& out) {
  return space(in) && in.mailbox(out.mailbox) && read_identifier(in, out.identifier);
}

bool read_my_rights(word_reader& in, my_rights& out) { return space(in) && in.mailbox(out.mailbox); }

void write_acl(response_writer out, std::string_view mailbox, std::span<const std::pair<std::string, std::string>> lines) {
  out.out().append("* ACL ");
  out.mailbox(mailbox);
  for (const auto& [who, rights] : lines) {
    out.out().push_back(' ');
    out.astring(who);
    out.out().push_back(' ');
    out.astring(rights);
  }
  out.out().append("\r\n");
}

void write_list_rights(response_writer out, const list_rights& asked, std::string_view always, std::string_view others) {
  out.out().append("* LISTRIGHTS ");
  out.mailbox(asked.mailbox);
  out.out().push_back(' ');
  out.astring(asked.identifier);
  out.out().push_back(' ');
  out.astring(always);
  for (const char c : others) {
    out.out().push_back(' ');
    out.out().push_back(c);
  }
  out.out().append("\r\n");
}

void write_my_rights(response_writer out, std::string_view mailbox, std::string_view rights) {
  out.out().append("* MYRIGHTS ");
  out.mailbox(mailbox);
  out.out().push_back(' ');
  out.astring(rights);
  out.out().append("\r\n");
}

} // namespace rookery::imap
