#include "protocols/mime/part_reader.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

/// The `n`th (from 1) child of the part at `at`, or nothing.
std::optional<std::size_t> child_of(const part_tree& tree, std::size_t at, std::uint32_t n) {
  if (n == 0 || n > tree[at].children) return {};
  auto child = at + 1;
  for (std::uint32_t i = 1; i < n; ++i) child += tree[child].descendants + 1;
  return child;
}

/// The `n`th part of the message whose root is at `root`: a child of its multipart, or itself.
std::optional<std::size_t> part_of_message(const part_tree& tree, std::size_t root, std::uint32_t n) {
  if (tree[root].kind == part_kind::multipart) return child_of(tree, root, n);
  return n == 1 ? std::optional(root) : std::nullopt;
}

} // namespace

std::optional<section> find_section(const part_tree& tree, std::span<const std::uint32_t> path, section_kind kind,
                                    std::uint64_t message_octets) {
  if (tree.empty()) return {};
  std::size_t at = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    std::optional<std::size_t> next;
    if (i == 0) next = part_of_message(tree, 0, path[0]);
    else if (tree[at].kind == part_kind::multipart) next = child_of(tree, at, path[i]);
    else if (tree[at].kind == part_kind::message) next = part_of_message(tree, at + 1, path[i]);
    if (!next) return {};
    at = *next;
  }
  section out;
  const auto header_of = [&](const part& p) {
    out.offset = p.header_offset;
    out.octets = p.header_octets;
    out.part = &p;
    return out;
  };
  const auto body_of = [&](const part& p) {
    out.offset = p.body_offset;
    out.octets = p.body_octets;
    out.part = &p;
    return out;
  };
  if (kind == section_kind::mime) return path.empty() ? std::nullopt : std::optional(header_of(tree[at]));
  if (kind == section_kind::all) {
    if (!path.empty()) {
      // A multipart has no encoding to undo (RFC 2045 §6.4), whatever it says.
      if (tree[at].kind != part_kind::multipart) out.encoding = tree[at].encoding;
      return body_of(tree[at]);
    }
    out.octets = message_octets;
    out.part = &tree[0];
    return out;
  }
  if (!path.empty()) {
    // HEADER and TEXT of a part: it must be a message.
    if (tree[at].kind != part_kind::message) return {};
    ++at;
  }
  return kind == section_kind::text ? body_of(tree[at]) : header_of(tree[at]);
}

std::optional<std::string> decode_section(const section& s, std::string_view section_octets) {
  if (!decodable(s.encoding)) return {};
  return decode_transfer(s.encoding, section_octets);
}

} // namespace rookery::mime
