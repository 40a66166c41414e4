/// BODY and BODYSTRUCTURE (RFC 9051 §7.5.2) from what parts say and what was measured.
#pragma once

#include "protocols/mime/message_fields.hpp"
#include "protocols/mime/part_tree.hpp"

#include <string>
#include <vector>

namespace rookery::mime {

/// The printed halves of one part, made when its header ends; sizes come in between later.
struct part_print {
  std::string head;      ///< `"text" "plain" ("charset" "utf-8") NIL NIL "7bit"`, or `"mixed"` of a multipart.
  std::string extension; ///< ` NIL NIL NIL NIL`; of a multipart with the parameters in front.
  std::string envelope;  ///< Of the message inside, when this is the root of one.
};

/// Reads what `fields` say into `p` (type, charset, encoding, attachment) and `boundary`, and
/// prints it. `as_message_by_default` is for the parts of a multipart/digest. `nest` false makes
/// leaves of multiparts and messages: the depth is used up.
void describe_part(const part_fields& fields, bool as_message_by_default, bool nest, bool in_related, part& p,
                   part_print& print, std::string& boundary);

/// The whole of the tree.
void append_body_structure(std::string& out, const part_tree&, const std::vector<part_print>&, bool extension);

} // namespace rookery::mime
