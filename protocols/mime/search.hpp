/// SEARCH over headers and decoded text (RFC 9051 §6.4.4). Needles are folded beforehand with
/// charset::fold_for_search; memory is bounded by some tens of kilobytes, whatever the message.
#pragma once

#include "base/bytes.hpp"
#include "protocols/mime/part_tree.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mime {

/// Of one field's value that is searched.
inline constexpr std::size_t search_value_octets_max = 64 * 1024;

/// A field's value as it is searched: words decoded, and a tab as the space that it stands for where a line was folded.
/// A view of `value`, or of `room`.
std::string_view searched_value(std::string_view value, std::string& room);

/// HEADER, SUBJECT, FROM, TO, CC, BCC: does a field of that name contain the needle once decoded?
/// The empty needle asks only whether there is such a field.
bool search_header(base::const_bytes header, std::string_view name, std::string_view folded_needle);

/// BODY (`headers_too` false) and TEXT (true): the decoded text of text parts, the headers of
/// parts and of messages inside with the names of attachments, and for TEXT the message's own header. `message` is the whole of it.
/// The empty needle is in everything.
bool search_text(base::const_bytes message, const part_tree& parts, std::string_view folded_needle,
                 bool headers_too);

/// The decoded text of one part as UTF-8 in pieces of some kilobytes; whole characters each.
/// Stops when `piece` gives false. Returns false when it was stopped.
bool decode_text(base::const_bytes message, const part&, const std::function<bool(std::string_view)>& piece);

/// Fields in which addresses are searched as a person writes them.
bool is_address_field(std::string_view name) noexcept;
/// Names of attachments in a header whose field does not show them as they are (RFC 2231), as UTF-8.
std::vector<std::string> attachment_names(base::const_bytes header);

/// The text of one part at once, at most `octets_max` of it.
std::string decoded_text(base::const_bytes message, const part&, std::size_t octets_max = 16 * 1024 * 1024);

} // namespace rookery::mime
