#include "storage/tree/tree.hpp"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/write_batch.h>

#include <utility>

namespace rookery::storage {
namespace {

leveldb::Slice slice(std::string_view v) { return {v.data(), v.size()}; }
std::string_view view(const leveldb::Slice& s) { return {s.data(), s.size()}; }

base::failure<base::error> failed(const char* what, const leveldb::Status& status) {
  const auto kind = status.IsCorruption() ? base::error_kind::damaged : base::error_kind::io;
  return base::fail(kind, "Storage error", std::string("leveldb ") + what + ": " + status.ToString());
}

class leveldb_tree final : public tree {
public:
  explicit leveldb_tree(settings s)
      : cache_(leveldb::NewLRUCache(s.cache_octets)), filter_(leveldb::NewBloomFilterPolicy(10)),
        check_(s.read_only_check) {
    options_.create_if_missing = true;
    options_.paranoid_checks = s.read_only_check;
    options_.block_cache = cache_.get();
    options_.filter_policy = filter_.get();
    options_.write_buffer_size = s.write_buffer_octets;
    options_.max_file_size = 8u << 20;
    // Measured with 100,000 deliveries: 1.6 s of CPU and half the octets, against 1.85 s without.
    options_.compression = leveldb::kSnappyCompression;
  }

  leveldb::Status open(const std::string& directory) {
    leveldb::DB* db = nullptr;
    auto status = leveldb::DB::Open(options_, directory, &db);
    db_.reset(db);
    return status;
  }

  base::result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const auto status = db_->Get(reading(true), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return failed("get", status);
    return std::optional<std::string>(std::move(value));
  }

  base::result<void> scan(std::string_view from, std::string_view to,
                          const std::function<bool(std::string_view, std::string_view)>& each) const override {
    const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(reading(true)));
    for (at->Seek(slice(from)); at->Valid() && view(at->key()) < to; at->Next())
      if (!each(view(at->key()), view(at->value()))) break;
    if (!at->status().ok()) return failed("scan", at->status());
    return {};
  }

  base::result<void> scan_back(std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& each) const override {
    const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(reading(true)));
    at->Seek(slice(to));
    if (at->Valid()) at->Prev();
    else if (at->status().ok()) at->SeekToLast();
    for (; at->Valid() && view(at->key()) >= from; at->Prev())
      if (!each(view(at->key()), view(at->value()))) break;
    if (!at->status().ok()) return failed("scan", at->status());
    return {};
  }

  base::result<void> write(const batch& changes, bool durable) override {
    leveldb::WriteBatch rows;
    for (const auto& change : changes.changes) {
      if (change.value) rows.Put(slice(change.key), slice(*change.value));
      else rows.Delete(slice(change.key));
    }
    leveldb::WriteOptions options;
    options.sync = durable;
    const auto status = db_->Write(options, &rows);
    if (!status.ok()) return failed("write", status);
    return {};
  }

private:
  leveldb::ReadOptions reading(bool keep) const {
    leveldb::ReadOptions options;
    // Damage is found, not read: a block is verified when it comes from the disk.
    options.verify_checksums = true;
    options.fill_cache = keep && !check_;
    return options;
  }

  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  leveldb::Options options_;
  bool check_;
  std::unique_ptr<leveldb::DB> db_; // last: closed before its cache and filter go
};

} // namespace

base::result<std::unique_ptr<tree>> tree::open_leveldb(const std::string& directory, settings s) {
  auto opened = std::make_unique<leveldb_tree>(s);
  if (const auto status = opened->open(directory); !status.ok()) return failed("open", status);
  return std::unique_ptr<tree>(std::move(opened));
}

} // namespace rookery::storage
