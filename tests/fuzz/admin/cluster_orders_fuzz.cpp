/// A request, and what volumes of a cluster say to it, a JSON document a line: whatever they say there is one answer that can
/// be printed, and an order reads back as it was written.
#include "actors/admin/cluster_orders.hpp"
#include "base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const auto lines = base::split({reinterpret_cast<const char*>(data), size}, '\n');
  admin::request what;
  const auto space = lines.front().find(' ');
  what.method = lines.front().substr(0, space);
  if (space == std::string_view::npos || !admin::parse_target(lines.front().substr(space + 1), what)) return 0;
  std::vector<json::value> said;
  for (std::size_t i = 1; i < lines.size() && i < 6; ++i) {
    auto one = json::parse(lines[i], {.octets = 64 * 1024, .depth = 16, .values = 2000});
    if (one) said.push_back(std::move(*one));
  }
  if (!said.empty()) {
    what.body = said.front();
    if (const auto order = admin::read_order(said.front())) {
      const auto again = admin::read_order(admin::print_order(order->what, order->volume));
      if (!again || again->volume != order->volume || again->what.path != order->what.path || again->what.query != order->what.query || !(again->what.body == order->what.body)) std::abort();
    }
  }
  const auto answer = admin::ask_volumes(what, [&](const admin::request&, std::optional<std::uint64_t> only) {
    std::vector<admin::volume_answer> out;
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (only && *only != i) continue;
      auto read = admin::read_answer(said[i]);
      out.push_back({i, i % 2 == 0 ? "mail" : "", read ? std::move(*read) : admin::refusal(base::make_error(base::error_kind::try_later, "not reached"))});
    }
    return out;
  });
  if (answer && (answer->status < 100 || answer->status > 599 || json::to_text(answer->body).empty())) std::abort();
  return 0;
}
