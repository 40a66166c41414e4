/// Whatever is asked of a tree, its records make the same tree again, within the limits.
#include "tests/protocols/xmpp/pubsub/kept_tree.hpp"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  using namespace rookery::xmpp;
  pubsub::tree_limits limits;
  limits.nodes = 4;
  limits.items_a_node = 4;
  limits.items = 8;
  limits.octets = 2'000;
  pubsub::kept_tree t(limits);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A document of requests: <r><iq …/>…</r>; who asks is its attribute "by".
  const auto parsed = xml::parse(text);
  const auto* all = std::get_if<element>(&parsed);
  if (all == nullptr) return 0;
  for (const auto* iq : all->elements()) {
    if (!is_request(*iq) || iq->first() == nullptr) continue;
    const auto by = iq->get("by");
    pubsub::asker who{{by.empty() ? "ann" : "bob", "x.example", "r"}, by.empty(), by == "friend", {"g"}};
    t.step(*iq, who);
    for (const auto& [name, n] : t.of().nodes()) {
      t.of().info(name, who);
      t.of().item_list(name, who);
    }
    const auto fault = t.difference();
    if (fault.empty()) continue;
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
