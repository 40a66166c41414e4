/// Notes about our own reports: what is read is written and read again as the same value.
#include "actors/tlsrpt/notes.hpp"
#include "policy/reporting/report_state.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto state = reporting::decode_report_state(text)) {
    if (reporting::decode_report_state(reporting::encode(*state)) != state) std::abort();
    reporting::after_crash(*state);
    for (auto& t : state->targets)
      if (!t.over()) {
        reporting::begin(t);
        reporting::end(t, text, state->made, state->made);
      }
    if (!reporting::decode_report_state(reporting::encode(*state))) std::abort();
  }
  if (const auto lines = actors::decode_policy_lines(text))
    if (!actors::decode_policy_lines(actors::encode(*lines))) std::abort();
  return 0;
}
