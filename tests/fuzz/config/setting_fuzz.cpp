/// The text of a setting is refused with a reason, or accepted in a form that is accepted again.
/// The first octet chooses the setting.
#include "actors/config/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const auto all = config::schema();
  if (size == 0) return 0;
  const auto& info = all[data[0] % all.size()];
  const auto checked = config::check_setting(info, {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!checked) {
    if (checked.error().client.value.empty()) std::abort();
    return 0;
  }
  const auto again = config::check_setting(info, *checked);
  if (!again || *again != *checked) std::abort();
  return 0;
}
