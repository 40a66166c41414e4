#include "storage/directory/config_machine.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/tree/tree.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace rookery::storage::directory {
namespace {

constexpr std::uint8_t record_version = 1;

std::string document_key(document_kind kind, std::string_view key) {
  std::string k{'d', static_cast<char>(kind)};
  k += key;
  return k;
}

std::string history_key(std::uint64_t version) {
  std::string k("h");
  for (int shift = 56; shift >= 0; shift -= 8) k += static_cast<char>(version >> shift);
  return k;
}

std::string print(const document& d) {
  std::string out;
  base::encoder to(out);
  to.u8(record_version);
  to.u64(d.id);
  to.u64(d.version);
  to.i64(base::to_milliseconds(d.changed));
  to.bytes(d.content);
  return out;
}

document_ptr parse_document(std::string_view key, std::string_view value) {
  base::decoder in(value);
  auto d = std::make_shared<document>();
  base::check(key.size() > 2, "configuration record without a key");
  d->kind = static_cast<document_kind>(key[1]);
  d->key = key.substr(2);
  base::check(in.u8() == record_version, "configuration record of another version");
  d->id = in.u64();
  d->version = in.u64();
  d->changed = base::from_milliseconds(in.i64());
  d->content = in.bytes();
  base::check(in.done(), "configuration record is damaged");
  return d;
}

std::string print(const history_entry& e) {
  std::string out;
  base::encoder to(out);
  to.u8(record_version);
  to.i64(base::to_milliseconds(e.time));
  to.bytes(e.author);
  to.varint(e.changes);
  to.varint(e.lines.size());
  for (const auto& line : e.lines) {
    to.u8(static_cast<std::uint8_t>(line.verb));
    to.u8(static_cast<std::uint8_t>(line.kind));
    to.bytes(line.key);
  }
  return out;
}

history_entry parse_history(std::string_view key, std::string_view value) {
  history_entry e;
  for (const char c : key.substr(1)) e.version = e.version << 8 | static_cast<unsigned char>(c);
  base::decoder in(value);
  base::check(in.u8() == record_version, "history record of another version");
  e.time = base::from_milliseconds(in.i64());
  e.author = in.bytes();
  e.changes = static_cast<std::uint32_t>(in.varint());
  const auto lines = in.varint();
  base::check(in.ok() && lines <= history_names_max, "history record is damaged");
  for (std::uint64_t i = 0; i < lines; ++i) {
    const auto verb = static_cast<history_verb>(in.u8());
    const auto kind = static_cast<document_kind>(in.u8());
    e.lines.push_back({verb, kind, std::string(in.bytes())});
  }
  base::check(in.done(), "history record is damaged");
  return e;
}

/// One command at work on the next table; nothing of it is seen if it fails.
class change_run {
public:
  change_run(const config_table& from, std::uint64_t version, std::uint64_t next_id, base::wall_time time)
      : editor_(from), version_(version), next_id_(next_id), time_(time) {}

  outcome operator()(const put& c) {
    const auto* old = editor_.find(c.kind, c.key);
    if (!holds(old, c.expected)) return outcome::conflict;
    auto row = std::make_shared<document>();
    row->kind = c.kind;
    row->key = c.key;
    row->id = old != nullptr ? old->id : next_id_++;
    row->content = c.content;
    note(old != nullptr ? history_verb::changed : history_verb::made, c.kind, c.key);
    place(std::move(row));
    return outcome::done;
  }
  outcome operator()(const remove& c) {
    const auto* old = editor_.find(c.kind, c.key);
    if (old == nullptr) return outcome::no_such_record;
    if (!holds(old, c.expected)) return outcome::conflict;
    drop(c.kind, c.key);
    note(history_verb::removed, c.kind, c.key);
    return outcome::done;
  }
  outcome operator()(const rename& c) {
    const auto* old = editor_.find(c.kind, c.key);
    if (old == nullptr) return outcome::no_such_record;
    if (!holds(old, c.expected) || editor_.find(c.kind, c.new_key) != nullptr) return outcome::conflict;
    auto row = std::make_shared<document>(*old);
    row->key = c.new_key;
    drop(c.kind, c.key);
    place(std::move(row));
    note(history_verb::renamed, c.kind, c.new_key);
    return outcome::done;
  }
  outcome operator()(const require& c) {
    return holds(editor_.find(c.kind, c.key), c.expected) ? outcome::done : outcome::conflict;
  }

  std::map<std::string, std::optional<std::string>>& writes() { return writes_; }
  std::vector<history_entry::line>& lines() { return lines_; }
  std::uint32_t changes() const { return changes_; }
  std::uint64_t next_id() const { return next_id_; }
  std::shared_ptr<const config_table> finish() { return editor_.finish(version_); }

private:
  static bool holds(const document* there, std::uint64_t expected) {
    if (expected == expect::any) return true;
    if (expected == expect::absent) return there == nullptr;
    if (expected == expect::present) return there != nullptr;
    return there != nullptr && there->version == expected;
  }
  void note(history_verb verb, document_kind kind, const std::string& key) {
    ++changes_;
    if (lines_.size() < history_names_max) lines_.push_back({verb, kind, key});
  }
  void place(std::shared_ptr<document> row) {
    row->version = version_;
    row->changed = time_;
    writes_[document_key(row->kind, row->key)] = print(*row);
    editor_.put(std::move(row));
  }
  void drop(document_kind kind, const std::string& key) {
    writes_[document_key(kind, key)] = std::nullopt;
    editor_.remove(kind, key);
  }

  config_table::editor editor_;
  std::uint64_t version_;
  std::uint64_t next_id_;
  base::wall_time time_;
  std::map<std::string, std::optional<std::string>> writes_;
  std::vector<history_entry::line> lines_;
  std::uint32_t changes_ = 0;
};

class tree_config_machine final : public config_machine {
public:
  explicit tree_config_machine(std::unique_ptr<tree> on) : tree_(std::move(on)), cell_(std::make_shared<config_cell>()) {}

  base::result<void> load() {
    auto mark = tree_->get("m");
    if (!mark) return base::fail(mark.error());
    if (!mark.value()) return {};
    base::decoder in(*mark.value());
    if (in.u8() != record_version)
      return base::fail(base::error_kind::unsupported, "the configuration was written by a newer program");
    const auto version = in.u64();
    next_id_ = in.u64();
    lsn_ = in.u64();
    flushed_ = applied_ = log_position::unpacked(in.u64());
    if (!in.done()) return base::fail(base::error_kind::damaged, "the mark of the configuration is damaged");
    config_table::editor editor(config_table{});
    auto read = tree_->scan("d", "e", [&](std::string_view key, std::string_view value) {
      editor.put(parse_document(key, value));
      return true;
    });
    if (!read) return read;
    read = tree_->scan("h", "i", [&](std::string_view key, std::string_view value) {
      history_.push_back(parse_history(key, value));
      return true;
    });
    if (!read) return read;
    table_ = editor.finish(version);
    cell_->publish(table_);
    return {};
  }

  base::shard_id shard() const override { return config_shard; }
  log_position flushed() const override { return flushed_; }
  log_position applied() const override { return applied_; }
  const tree& records() const override { return *tree_; }
  std::shared_ptr<config_cell> cell() const override { return cell_; }

  command_result apply(const committed_command& committed) override {
    if (committed.group_end) applied_ = committed.next;
    command_result result;
    result.number = table_->version();
    // The tree may already have the beginning of a group that replay gives again.
    if (committed.lsn != 0 && committed.lsn <= lsn_) {
      result.what = outcome::already_done;
      return result;
    }
    lsn_ = committed.lsn;
    const auto command = decode_command(committed.payload);
    if (!command) {
      result.what = outcome::malformed;
      return result;
    }
    change_run run(*table_, table_->version() + 1, next_id_, command->time);
    for (std::size_t i = 0; i < command->changes.size(); ++i) {
      result.what = std::visit(run, command->changes[i]);
      if (result.what == outcome::done) continue;
      result.refused_uids.push_back(static_cast<std::uint32_t>(i));
      return result;
    }
    if (run.changes() == 0) return result; // only requirements, and they hold
    table_ = run.finish();
    next_id_ = run.next_id();
    result.number = table_->version();
    for (auto& [key, value] : run.writes()) write(key, std::move(value));
    remember({table_->version(), command->time, command->author, run.changes(), std::move(run.lines())});
    changed_ = true;
    return result;
  }

  std::vector<notice> publish() override {
    if (!changed_) return {};
    changed_ = false;
    cell_->publish(table_);
    return {notice{}};
  }

  std::size_t unflushed_octets() const override { return pending_octets_; }

  base::result<void> flush(bool durable) override {
    tree::batch batch;
    for (auto& [key, value] : pending_) {
      if (value) batch.put(key, *value);
      else batch.remove(key);
    }
    std::string mark;
    base::encoder to(mark);
    to.u8(record_version);
    to.u64(table_->version());
    to.u64(next_id_);
    to.u64(lsn_);
    to.u64(applied_.packed());
    batch.put("m", std::move(mark));
    auto written = tree_->write(batch, durable);
    if (!written) return written;
    pending_.clear();
    pending_octets_ = 0;
    flushed_ = applied_;
    return {};
  }

  std::vector<history_entry> history(std::size_t max) const override {
    const std::lock_guard hold(history_lock_);
    const auto count = std::min(max, history_.size());
    return {history_.rbegin(), history_.rbegin() + static_cast<std::ptrdiff_t>(count)};
  }

  std::vector<std::string> check() const override {
    std::vector<std::string> faults;
    std::set<std::uint64_t> ids;
    for (const auto kind : table_->kinds())
      table_->for_each(kind, {}, [&](const document_ptr& d) {
        const auto name = "configuration document " + std::to_string(static_cast<unsigned>(kind)) + " \"" + d->key + "\": ";
        if (d->id == 0 || d->id >= next_id_) faults.push_back(name + "its id was never given");
        else if (!ids.insert(d->id).second) faults.push_back(name + "its id belongs to another document");
        if (d->version > table_->version()) faults.push_back(name + "it is newer than the configuration");
        return true;
      });
    if (!pending_.empty()) return faults; // the tree is behind, as it may be
    std::size_t records = 0, documents = 0;
    for (const auto kind : table_->kinds()) documents += table_->count(kind);
    const auto read = tree_->scan("d", "e", [&](std::string_view, std::string_view) { return ++records, true; });
    if (!read) faults.push_back("configuration: the tree cannot be read: " + read.error().log.value);
    else if (records != documents)
      faults.push_back("configuration: " + std::to_string(records) + " records, but " + std::to_string(documents) +
                       " documents");
    return faults;
  }

private:
  void write(const std::string& key, std::optional<std::string> value) {
    const auto octets = key.size() + (value ? value->size() : 0);
    pending_octets_ += octets;
    pending_[key] = std::move(value);
  }
  void remember(history_entry entry) {
    write(history_key(entry.version), print(entry));
    const std::lock_guard hold(history_lock_);
    history_.push_back(std::move(entry));
    while (history_.size() > history_entries_max) {
      write(history_key(history_.front().version), std::nullopt);
      history_.pop_front();
    }
  }

  std::unique_ptr<tree> tree_;
  std::shared_ptr<config_cell> cell_;
  std::shared_ptr<const config_table> table_ = std::make_shared<const config_table>();
  std::uint64_t next_id_ = 1;
  std::uint64_t lsn_ = 0;
  log_position applied_, flushed_;
  bool changed_ = false;
  std::map<std::string, std::optional<std::string>> pending_;
  std::size_t pending_octets_ = 0;
  mutable std::mutex history_lock_;
  std::deque<history_entry> history_;
};

} // namespace

base::result<std::unique_ptr<config_machine>> config_machine::open(std::unique_ptr<tree> on) {
  auto machine = std::make_unique<tree_config_machine>(std::move(on));
  if (auto loaded = machine->load(); !loaded) return base::fail(loaded.error());
  return std::unique_ptr<config_machine>(std::move(machine));
}

} // namespace rookery::storage::directory
