/// Where the corpus of difficult messages lies, when it is there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace rookery::mime {

/// ROOKERY_MIME_DATA, else shared/data/mime beside or above the source tree.
inline std::optional<std::filesystem::path> corpus_folder() {
  std::vector<std::filesystem::path> places;
  if (const char* named = std::getenv("ROOKERY_MIME_DATA")) places.emplace_back(named);
  const std::filesystem::path source = ROOKERY_SOURCE_DIR;
  places.push_back(source / "../shared/data/mime");
  places.push_back(source / "../../shared/data/mime");
  for (const auto& p : places)
    if (std::filesystem::is_directory(p)) return p;
  return {};
}

inline std::string read_file(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::string without_cr(std::string text) {
  std::erase(text, '\r');
  return text;
}

inline std::string with_crlf(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

} // namespace rookery::mime
