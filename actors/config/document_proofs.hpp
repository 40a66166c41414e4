/// What an account's document keeps of its password and its certificates. Private to actors/config.
#pragma once

#include "base/result.hpp"
#include "policy/routing/directory_view.hpp"
#include "protocols/json/value.hpp"

#include <memory>

namespace rookery::config {

/// Null when there is nothing; a failure when what is there cannot be read.
base::result<std::shared_ptr<const routing::further_proofs>> read_further(const json::value& content);

} // namespace rookery::config
