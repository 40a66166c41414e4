#include "protocols/cyrus/index_file.hpp"

#include "protocols/mbox/message_state.hpp"

#include <string>

namespace rookery::cyrus {
namespace {

constexpr std::size_t header_octets_least = 24;
constexpr std::size_t record_octets_least = 52;
constexpr std::uint32_t expunged = 1u << 31;

std::uint32_t word(std::string_view file, std::size_t at) noexcept {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(file[at + i]);
  return v;
}

std::uint64_t system_flags(std::uint32_t cyrus) noexcept {
  using namespace mbox;
  constexpr std::uint64_t meaning[] = {flag::answered, flag::flagged, flag::deleted, flag::draft, flag::seen};
  std::uint64_t out = 0;
  for (std::size_t bit = 0; bit < std::size(meaning); ++bit)
    if ((cyrus >> bit & 1) != 0) out |= meaning[bit];
  return out;
}

base::failure<base::error> damaged(const std::string& why) {
  return base::fail(base::error_kind::damaged, "cyrus.index is damaged: " + why);
}

} // namespace

base::result<std::vector<index_record>> read_index(std::string_view file) {
  if (file.size() < header_octets_least) return damaged("it is too short");
  const auto version = word(file, 8), begin = word(file, 12), size = word(file, 16), count = word(file, 20);
  if (version < index_version_least || version > index_version_most)
    return base::fail(base::error_kind::unsupported, "cyrus.index has version " + std::to_string(version) + "; " +
                                                       std::to_string(index_version_least) + " to " +
                                                       std::to_string(index_version_most) + " can be read");
  if (begin < header_octets_least || size < record_octets_least) return damaged("its header names impossible sizes");
  if (begin > file.size() || std::uint64_t{count} * size > file.size() - begin) return damaged("it ends within its records");
  std::vector<index_record> out;
  out.reserve(count);
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto r = file.substr(begin + std::size_t{i} * size, size);
    index_record m;
    m.uid = word(r, 0);
    if (m.uid <= last) return damaged("its UIDs do not grow");
    last = m.uid;
    const auto flags = word(r, 32);
    if ((flags & expunged) != 0) continue;
    m.octets = word(r, 12);
    m.received = base::wall_time(std::chrono::seconds(word(r, 4)));
    m.system = system_flags(flags);
    for (std::size_t k = 0; k < 4; ++k) m.keywords[k / 2] |= std::uint64_t{word(r, 36 + 4 * k)} << (k % 2 * 32);
    out.push_back(m);
  }
  return out;
}

} // namespace rookery::cyrus
