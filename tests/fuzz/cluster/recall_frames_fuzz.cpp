/// What nodes ask and answer about a recall: any octets are refused, or read, and then printed and read again as the same.
#include "actors/queue/home_recall.hpp"

#include <cstdlib>

namespace {

template <class Read>
void reads_what_it_prints(std::string_view octets, Read read) {
  const auto first = read(octets);
  if (!first) return;
  const auto printed = print(*first);
  const auto again = read(std::string_view(printed));
  if (!again || print(*again) != printed) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::actors;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  reads_what_it_prints(octets, read_copies_question);
  reads_what_it_prints(octets, read_sent_question);
  reads_what_it_prints(octets, read_run_question);
  if (const auto f = read_copies_answer(octets); f && *f == rookery::recall::fate::unreached) std::abort();
  if (const auto a = read_sent_answer(octets)) {
    const auto printed = print(*a);
    const auto again = read_sent_answer(printed);
    if (!again || print(*again) != printed) std::abort();
  }
  if (const auto r = read_run_answer(octets)) {
    const auto printed = print(*r);
    const auto again = read_run_answer(printed);
    if (!again || print(*again) != printed) std::abort();
  }
  return 0;
}
