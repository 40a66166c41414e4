#include "server/cli/tar_text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace rookery::cli {
namespace {

constexpr std::size_t block = 512;
struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(header) == block);

template <std::size_t N>
void octal(char (&field)[N], unsigned long long number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(N - 1), number);
  std::memcpy(field, digits, N - 1);
}

} // namespace

bool append_tar_file(std::string& tar, std::string_view name, std::string_view content, std::int64_t modified_seconds) {
  if (name.empty() || name.size() > tar_name_octets_max) return false;
  header h{};
  std::memcpy(h.name, name.data(), name.size());
  octal(h.mode, 0600);
  octal(h.uid, 0);
  octal(h.gid, 0);
  octal(h.size, content.size());
  octal(h.mtime, static_cast<unsigned long long>(std::max<std::int64_t>(modified_seconds, 0)));
  std::memset(h.checksum, ' ', sizeof h.checksum);
  h.type = '0';
  std::memcpy(h.magic, "ustar", 6);
  std::memcpy(h.version, "00", 2);
  unsigned sum = 0;
  const auto* octets = reinterpret_cast<const unsigned char*>(&h);
  for (std::size_t i = 0; i < sizeof h; ++i) sum += octets[i];
  std::snprintf(h.checksum, sizeof h.checksum, "%06o", sum);
  tar.append(reinterpret_cast<const char*>(&h), sizeof h);
  tar += content;
  tar.append((block - content.size() % block) % block, '\0');
  return true;
}

void end_tar(std::string& tar) { tar.append(2 * block, '\0'); }

std::string tar_name_part(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (auto& c : out)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_')) c = '_';
  if (out == "." || out == "..") out = "_";
  return out;
}

} // namespace rookery::cli
