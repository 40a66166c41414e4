/// A hash map whose copies share what is equal: 64 branches of 64 leaves of rows.
///
/// Copying is one pointer; a change in a copy copies a branch, a list and a leaf. Made
/// for up to some hundred thousand rows (a leaf then holds some hundred, sorted by hash).
/// Row has a member `hash` (std::uint64_t, well mixed); equal hashes may stand side by side.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace rookery::routing {

/// FNV-1a with a final mix; the same on every machine.
inline std::uint64_t hash_of(std::string_view key) noexcept {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  return h ^ h >> 32;
}
inline std::uint64_t hash_of(std::uint64_t key) noexcept {
  key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
  key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
  return key ^ key >> 32;
}

/// A number that no other editor in this process has: nodes carrying it may be changed in place.
inline std::uint64_t next_edit() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

template <class Row>
class radix_map {
  static constexpr std::size_t fan = 64;
  struct leaf {
    std::uint64_t edit = 0;
    std::vector<Row> rows; ///< ascending by hash
  };
  struct branch {
    std::uint64_t edit = 0;
    std::array<std::shared_ptr<leaf>, fan> leaves;
  };
  struct root {
    std::uint64_t edit = 0;
    std::array<std::shared_ptr<branch>, fan> branches;
  };

public:
  /// The first row of this hash for which `same` is true, or null.
  template <class Same>
  const Row* find(std::uint64_t hash, Same&& same) const {
    const auto* at = leaf_of(hash);
    if (at == nullptr) return nullptr;
    for (auto row = lower(at->rows, hash); row != at->rows.end() && row->hash == hash; ++row)
      if (same(*row)) return &*row;
    return nullptr;
  }

  template <class Each>
  void for_each(Each&& each) const {
    if (root_ == nullptr) return;
    for (const auto& b : root_->branches)
      if (b != nullptr)
        for (const auto& l : b->leaves)
          if (l != nullptr)
            for (const auto& row : l->rows) each(row);
  }

  /// Puts a row in place of the one that is `same`, or adds it.
  template <class Same>
  void put(std::uint64_t edit, Row row, Same&& same) {
    auto& rows = own(edit, row.hash).rows;
    auto at = lower(rows, row.hash);
    for (auto r = at; r != rows.end() && r->hash == row.hash; ++r)
      if (same(*r)) {
        *r = std::move(row);
        return;
      }
    rows.insert(at, std::move(row));
  }

  template <class Same>
  void remove(std::uint64_t edit, std::uint64_t hash, Same&& same) {
    if (leaf_of(hash) == nullptr) return;
    auto& rows = own(edit, hash).rows;
    for (auto r = lower(rows, hash); r != rows.end() && r->hash == hash; ++r)
      if (same(*r)) {
        rows.erase(r);
        return;
      }
  }

private:
  template <class Rows>
  static auto lower(Rows& rows, std::uint64_t hash) {
    return std::lower_bound(rows.begin(), rows.end(), hash, [](const Row& r, std::uint64_t h) { return r.hash < h; });
  }
  const leaf* leaf_of(std::uint64_t hash) const noexcept {
    if (root_ == nullptr) return nullptr;
    const auto* b = root_->branches[hash >> 58].get();
    return b == nullptr ? nullptr : b->leaves[(hash >> 52) % fan].get();
  }
  template <class Node>
  static Node& own_node(std::shared_ptr<Node>& node, std::uint64_t edit) {
    if (node == nullptr || node->edit != edit) {
      node = node == nullptr ? std::make_shared<Node>() : std::make_shared<Node>(*node);
      node->edit = edit;
    }
    return *node;
  }
  leaf& own(std::uint64_t edit, std::uint64_t hash) {
    auto& r = own_node(root_, edit);
    auto& b = own_node(r.branches[hash >> 58], edit);
    return own_node(b.leaves[(hash >> 52) % fan], edit);
  }

  std::shared_ptr<root> root_;
};

} // namespace rookery::routing
