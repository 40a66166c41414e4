/// The small files of an account's index as octets: docs/formats/search_index.md.
#pragma once

#include "base/result.hpp"
#include "storage/file/file_system.hpp"
#include "storage/search/account_index.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::storage::search {

struct manifest {
  struct segment_row {
    std::uint32_t file = 0, first = 0, documents = 0;
    std::uint64_t octets = 0;
  };
  std::string store;       ///< identity of the mail store
  std::uint64_t position = 0; ///< of the log, packed: what the mailboxes showed was before it
  std::uint32_t next_file = 1, next_document = 1;
  std::vector<segment_row> segments;
  std::vector<std::uint32_t> place_files;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> reached; ///< mailbox, UID
};
std::string write_manifest(const manifest&);
base::result<manifest> read_manifest(std::string_view);

struct documents_file {
  std::vector<content_key> keys;
  std::vector<std::uint32_t> partial; ///< ascending numbers
};
std::string write_documents(const documents_file&);
base::result<documents_file> read_documents(std::string_view);

struct place_row {
  std::uint32_t mailbox = 0;
  place at;
};
std::string write_places(const std::vector<place_row>&);
base::result<std::vector<place_row>> read_places(std::string_view);

/// A new file in place of what may lie there, synced; its name is durable after the directory's sync. Errors: io, no_space.
base::result<void> write_durably(file_system&, const std::string& path, std::string_view octets);

} // namespace rookery::storage::search
