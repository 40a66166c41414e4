/// Whole documents in gzip form.
///
/// Source: RFC 1952. Reading stops at a limit, whatever the ratio is.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rookery::deflate {

std::string gzip(std::string_view octets);
/// Fails with `over_limit` above `octets_max`, with `invalid` when it is no whole gzip member. What
/// follows the first member is not looked at.
base::result<std::string> gunzip(std::string_view compressed, std::size_t octets_max);

} // namespace rookery::deflate
