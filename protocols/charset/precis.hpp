/// Names that people type made comparable: PRECIS profiles.
///
/// Source: RFC 8264 (classes), RFC 8265 §3.3 (UsernameCaseMapped), §4.2 (OpaqueString), RFC 5892 appendix A
/// (contextual rules), RFC 5893 §2 (Bidi).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::charset {

/// As a name of an account: wide forms narrowed, lower case, NFC, letters and digits of any script and the visible
/// ASCII characters. Nothing for an empty or prohibited text, or more than 1,023 octets before or after.
std::optional<std::string> username_case_mapped(std::string_view utf8);

/// As a password or a resource: NFC, spaces of any kind as U+0020, case kept. Nothing for an empty or
/// prohibited text (controls, unassigned), or more than 1,023 octets before or after.
std::optional<std::string> opaque_string(std::string_view utf8);

} // namespace rookery::charset
