#include "storage/tree/tree_copy.hpp"

namespace rookery::storage {
namespace {

constexpr std::size_t batch_octets = 1u << 20;

} // namespace

base::result<std::uint64_t> copy_tree(const tree& from, const std::string& directory) {
  auto to = tree::open_leveldb(directory, {});
  if (!to) return base::fail(to.error());
  std::uint64_t octets = 0;
  tree::batch batch;
  base::result<void> written;
  // No key of ours begins with so many 0xff.
  const std::string end(64, '\xff');
  const auto read = from.scan({}, end, [&](std::string_view key, std::string_view value) {
    octets += key.size() + value.size();
    batch.put(std::string(key), std::string(value));
    if (batch.octets < batch_octets) return true;
    written = (*to)->write(batch, false);
    batch = {};
    return written.ok();
  });
  if (!read) return base::fail(read.error());
  if (!written) return base::fail(written.error());
  if (auto last = (*to)->write(batch, true); !last) return base::fail(last.error());
  return octets;
}

} // namespace rookery::storage
