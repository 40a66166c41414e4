/// Requests of the administration, one a line: "METHOD target body". Each is answered exactly once,
/// with a status that HTTP knows; targets that cannot be read are refused before.
#include "actors/admin/admin_api.hpp"
#include "base/text.hpp"
#include "tests/actors/admin/small_node.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::size_t requests_max = 20;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto node = std::make_shared<admin::small_node>();
  for (std::size_t i = 0; i < requests_max && !text.empty(); ++i) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto word = [&line] {
      const auto one = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(line.size(), one.size() + 1));
      return one;
    };
    admin::request what;
    what.method = word();
    const auto target = word();
    if (!admin::parse_target(target, what)) continue;
    for (const auto& segment : what.path) {
      admin::request again;
      if (!admin::parse_target("/" + admin::percent_encoded(segment), again) || again.path.size() != 1 || again.path[0] != segment) std::abort();
    }
    if (!line.empty()) {
      auto body = json::parse(line, {.octets = 64 * 1024, .depth = 16, .values = 1000});
      if (!body) continue;
      what.body = std::move(*body);
    }
    // The slow hash is not what is looked at here.
    if (what.body.get_string("password") || line.find("password") != std::string_view::npos) continue;
    int answers = 0;
    admin::handle(node, std::move(what), [&](const admin::response& r) {
      ++answers;
      if (r.status < 200 || r.status > 599 || json::to_text(r.body).empty()) std::abort();
    });
    if (answers != 1) std::abort();
  }
  return 0;
}
