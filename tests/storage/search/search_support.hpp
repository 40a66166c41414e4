/// A folder that goes with the test, and documents of plain texts.
#pragma once

#include "storage/search/index_store.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace rookery::storage::search {

struct temporary_folder {
  temporary_folder() {
    // In memory where there is such a volume: these tests sync often, and ask nothing of the disk.
    std::error_code none;
    const std::filesystem::path memory = "/dev/shm";
    const auto parent = std::filesystem::is_directory(memory, none) && ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    auto name = (parent / "rookery_search_test.XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  std::string path;
};

inline content_key key(std::uint32_t n) {
  content_key k{};
  for (std::size_t i = 0; i < 4; ++i) k[i] = static_cast<char>(n >> i * 8);
  return k;
}

} // namespace rookery::storage::search
