#include "actors/transfer/transfer_order.hpp"

#include "base/crypto/crypto.hpp"

#include <array>

namespace rookery::actors {

namespace {

constexpr std::array<std::string_view, 6> kinds{"import-mbox", "import-maildir", "import-cyrus", "export-mbox", "export-maildir", "migrate"};
constexpr std::array<std::string_view, 4> statuses{"running", "done", "failed", "stopped"};

} // namespace

std::string_view name(transfer_kind k) noexcept { return kinds[static_cast<std::size_t>(k)]; }
std::string_view name(transfer_status s) noexcept { return statuses[static_cast<std::size_t>(s)]; }

transfer_order::~transfer_order() { base::wipe(password); }

} // namespace rookery::actors
