/// Access control lists: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS, and their answers.
///
/// Identifiers and rights are text here; what they mean says policy/rights.
///
/// Source: RFC 4314 §3 (commands and answers), §7 (grammar); RFC 8440 (LIST with MYRIGHTS).
#pragma once

#include "protocols/imap/atom.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rookery::imap {

class response_writer;

struct set_acl { std::string mailbox, identifier, rights; }; ///< `rights` as written: "lrs", "+lrs", "-lrs"
struct delete_acl { std::string mailbox, identifier; };
struct get_acl { std::string mailbox; };
struct list_rights { std::string mailbox, identifier; };
struct my_rights { std::string mailbox; };

// False: the reader holds the fault.
bool read_set_acl(word_reader&, set_acl&);
bool read_delete_acl(word_reader&, delete_acl&);
bool read_get_acl(word_reader&, get_acl&);
bool read_list_rights(word_reader&, list_rights&);
bool read_my_rights(word_reader&, my_rights&);

/// Identifier and rights each.
void write_acl(response_writer, std::string_view mailbox, std::span<const std::pair<std::string, std::string>>);
/// `always`: rights that the identifier has in any case; `others`: those that can be given, one by one.
void write_list_rights(response_writer, const list_rights&, std::string_view always, std::string_view others);
void write_my_rights(response_writer, std::string_view mailbox, std::string_view rights);

} // namespace rookery::imap
