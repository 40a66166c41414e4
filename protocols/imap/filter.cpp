#include "protocols/imap/filter.hpp"

#include "protocols/imap/command_parser.hpp"

#include <utility>

namespace rookery::imap {

namespace {

std::optional<search_program> read_filter(std::string_view value, const parse_limits& limits) {
  const auto text = " " + std::string(value);
  word_reader reader(text, limits);
  search out;
  // The same as behind SEARCH, in UTF-8; what is told of the result is not a filter's to say.
  if (!read_search(reader, out, {}) || !reader.at_end() || out.extended) return {};
  return std::move(out.program);
}

} // namespace

bool names_filter(std::string_view entry) noexcept { return entry.starts_with(own_filters) || entry.starts_with(shared_filters); }

bool is_filter(std::string_view value, const parse_limits& limits) { return read_filter(value, limits).has_value(); }

std::optional<std::string> expand_filters(search_program& program, const find_annotation& find, const parse_limits& limits) {
  std::size_t expanded = 0;
  // New nodes stand behind, so what they name is met later in the same walk.
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (program.nodes[i].key != search_key::filter) continue;
    const auto name = program.nodes[i].text;
    auto value = find(std::string(own_filters) + name);
    if (!value) value = find(std::string(shared_filters) + name);
    auto inner = value && ++expanded <= limits.limits->filters ? read_filter(*value, limits) : std::nullopt;
    const auto behind = static_cast<std::uint32_t>(program.nodes.size());
    if (!inner || behind + inner->nodes.size() > limits.limits->search_terms) return name;
    const bool fuzzy = program.nodes[i].fuzzy;
    for (auto& node : inner->nodes) {
      node.fuzzy |= fuzzy;
      for (auto& child : node.children) child += behind;
      program.nodes.push_back(std::move(node));
    }
    program.nodes[i].key = search_key::each;
    program.nodes[i].text.clear();
    program.nodes[i].children = {behind + inner->root};
    program.uses_modseq |= inner->uses_modseq;
    program.uses_saved |= inner->uses_saved;
    program.uses_fuzzy |= inner->uses_fuzzy;
  }
  program.uses_filters = false;
  return {};
}

} // namespace rookery::imap
