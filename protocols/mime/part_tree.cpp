#include "protocols/mime/part_tree.hpp"

#include "base/codec.hpp"

namespace rookery::mime {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t parts_max = 100'000;
/// The smallest part in octets: what a damaged count is checked against.
constexpr std::size_t part_octets_min = 8;

/// Well-known types as one octet; 0 is "spelled out".
constexpr std::string_view known_types[] = {"", "text/plain", "text/html", "multipart/mixed", "multipart/alternative", "multipart/related",
                                            "multipart/signed", "multipart/report", "message/rfc822", "application/octet-stream",
                                            "application/pdf", "image/jpeg", "image/png", "image/gif"};
constexpr std::string_view known_charsets[] = {"", "utf-8", "us-ascii", "iso-8859-1", "UTF-8", "windows-1252"};

template <std::size_t N>
void write_text(base::encoder& e, const std::string_view (&known)[N], std::string_view text) {
  for (std::size_t i = 1; i < N; ++i)
    if (known[i] == text) return e.u8(static_cast<std::uint8_t>(i));
  e.u8(0);
  e.bytes(text);
}

template <std::size_t N>
std::string read_text(base::decoder& d, const std::string_view (&known)[N], bool& good) {
  const auto i = d.u8();
  if (i == 0) return std::string(d.bytes());
  good = good && i < N;
  return i < N ? std::string(known[i]) : std::string();
}

} // namespace

std::string write_parts(const part_tree& tree) {
  std::string out;
  out.reserve(4 + tree.size() * 16);
  base::encoder e(out);
  e.u8(version);
  e.varint(tree.size());
  std::uint64_t at = 0;
  for (const auto& p : tree) {
    e.u8(static_cast<std::uint8_t>(static_cast<unsigned>(p.kind) | static_cast<unsigned>(p.encoding) << 2 | (p.attachment ? 0x20u : 0u)));
    e.varint(p.depth);
    e.varint(p.children);
    e.varint(p.descendants);
    // Offsets never go back: each header begins at or behind the body begin of the part before.
    e.varint(p.header_offset - at);
    e.varint(p.header_octets);
    e.varint(p.body_offset - p.header_offset - p.header_octets);
    e.varint(p.body_octets);
    e.varint(p.body_lines);
    write_text(e, known_types, p.type);
    write_text(e, known_charsets, p.charset);
    at = p.header_offset;
  }
  return out;
}

std::optional<part_tree> read_parts(std::string_view stored) {
  base::decoder d(stored);
  if (d.u8() != version) return {};
  const auto count = d.varint();
  if (!d.ok() || count == 0 || count > parts_max || count > stored.size() / part_octets_min) return {};
  part_tree tree(count);
  std::uint64_t at = 0;
  bool good = true;
  for (std::uint64_t i = 0; i < count && good && d.ok(); ++i) {
    auto& p = tree[i];
    const auto bits = d.u8();
    good = (bits & 3) <= 2 && (bits >> 2 & 7) <= static_cast<unsigned>(transfer_encoding::unknown) && bits < 0x40;
    p.kind = static_cast<part_kind>(bits & 3);
    p.encoding = static_cast<transfer_encoding>(bits >> 2 & 7);
    p.attachment = (bits & 0x20) != 0;
    const auto small = [&] {
      const auto v = d.varint();
      good = good && v <= parts_max;
      return static_cast<std::uint32_t>(v);
    };
    p.depth = small();
    p.children = small();
    p.descendants = small();
    const auto offset = [&](std::uint64_t from) {
      const auto v = d.varint();
      good = good && v < (std::uint64_t{1} << 48);
      return from + v;
    };
    p.header_offset = offset(at);
    p.header_octets = offset(0);
    p.body_offset = offset(p.header_offset + p.header_octets);
    p.body_octets = offset(0);
    p.body_lines = offset(0);
    p.type = read_text(d, known_types, good);
    p.charset = read_text(d, known_charsets, good);
    at = p.header_offset;
    good = good && at < (std::uint64_t{1} << 50) && p.descendants < count - i && p.children <= p.descendants;
    if (p.kind == part_kind::leaf) good = good && p.descendants == 0;
    if (p.kind == part_kind::message) good = good && p.children == 1;
  }
  if (!good || !d.done() || tree[0].descendants != count - 1) return {};
  // Every part's children fill its descendants exactly.
  for (std::size_t i = 0; i < tree.size(); ++i) {
    std::size_t child = i + 1, n = 0;
    const auto end = i + 1 + tree[i].descendants;
    for (; child < end; child += tree[child].descendants + 1, ++n)
      if (tree[child].depth != tree[i].depth + 1) return {};
    if (child != end || n != tree[i].children) return {};
  }
  return tree;
}

} // namespace rookery::mime
