/// Names and passwords made comparable: SASLprep.
#pragma once

#include <string>
#include <string_view>

namespace rookery::sasl {

/// SASLprep (RFC 4013) of `text`; ASCII text stays as it is. What the profile prohibits,
/// and what is no UTF-8, is returned unchanged: old clients send such passwords with PLAIN,
/// and both sides of our own comparison go through here.
std::string prepared(std::string_view text);

} // namespace rookery::sasl
