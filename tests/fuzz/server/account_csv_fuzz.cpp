/// A file of accounts is refused with a line, or gives rows that have only what columns may give.
#include "server/cli/account_csv.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const auto rows = cli::read_account_csv({reinterpret_cast<const char*>(data), size});
  if (!rows) {
    if (rows.error().client.value.empty()) std::abort();
    return 0;
  }
  for (const auto& row : *rows) {
    const auto* members = row.as_object();
    if (members == nullptr || members->size() > 10) std::abort();
    for (const auto& [name, value] : *members) {
      const bool fits = name == "admin" ? value.as_bool() != nullptr : name == "may_send_as" ? value.as_array() != nullptr : value.as_string() != nullptr;
      if (!fits) std::abort();
    }
  }
  return 0;
}
