/// What a borrower and a lender of a connection say to each other: any octets are refused, or read, and then printed and read again as the same.
#include "actors/queue/home_mail.hpp"
#include "actors/queue/lent_frames.hpp"

#include <cstdlib>

namespace {

using namespace rookery;

template <class Read, class Print>
void reads_what_it_prints(std::string_view octets, Read read, Print print) {
  const auto first = read(octets);
  if (!first) return;
  const auto printed = print(*first);
  const auto again = read(std::string_view(printed));
  if (!again || print(*again) != printed) std::abort();
}

/// One route, so that a way can name it.
const delivery::delivery_view& known_routes() {
  static const auto view = [] {
    const delivery::delivery_view none;
    delivery::delivery_builder building(none);
    delivery::route_record route;
    route.domain = "*.example.test";
    building.put(route);
    return building.finish(1);
  }();
  return *view;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::actors;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const base::wall_time now{std::chrono::milliseconds(1'700'000'000'000)};
  reads_what_it_prints(octets, [](std::string_view o) { return read_way(o, known_routes()); }, [](const delivery::way& w) { return print_way(w); });
  reads_what_it_prints(octets, read_take_work, [](const take_work& t) { return print(t); });
  reads_what_it_prints(octets, [&](std::string_view o) { return read_no_work(o, now); }, [&](const given_work& g) {
    // A lender's word makes nobody wait for ever.
    if (g.until < now || g.until > now + std::chrono::hours(1)) std::abort();
    return print_no_work(g, now);
  });
  reads_what_it_prints(octets, read_results, [](const attempt_result& r) {
    if (r.recipients.size() > home_recipients_max) std::abort();
    for (const auto& one : r.recipients)
      if (one.recipient >= storage::queue::recipients_max || (!one.as.status.empty() && !delivery::valid_status(one.as.status))) std::abort();
    return print_results(r);
  });
  reads_what_it_prints(octets, read_over, [](const connection_over& o) { return print_over(o); });
  return 0;
}
