/// The owner of a file that somebody brought: its pieces and its facts are records of it.
#pragma once

#include <string>
#include <string_view>

namespace rookery::storage::chat {

/// "" for what all of them begin with.
inline std::string upload_owner(std::string_view id) { return "u" + std::string(id); }

} // namespace rookery::storage::chat
