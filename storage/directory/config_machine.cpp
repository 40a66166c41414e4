#include "storage/directory/config_machine.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/directory/agreed_command.hpp"
#include "storage/tree/tree.hpp"

#include <algorithm>
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

std::size_t octets_of(const history_entry& e) {
  std::size_t octets = 0;
  if (e.before)
    for (const auto& b : *e.before) octets += b.key.size() + b.content.size() + 8;
  return octets;
}

std::uint64_t version_in(std::string_view key) {
  std::uint64_t version = 0;
  for (const char c : key.substr(1)) version = version << 8 | static_cast<unsigned char>(c);
  return version;
}

std::string print(const config_mark& m) {
  std::string out;
  base::encoder to(out);
  to.u8(record_version);
  to.varint(m.agreed);
  to.varint(m.sequences.size());
  for (const auto& [origin, sequence] : m.sequences) {
    to.varint(origin);
    to.varint(sequence);
  }
  return out;
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
  /// Null when it is too much to be kept.
  std::shared_ptr<const std::vector<document_before>> before() {
    if (before_octets_ > before_octets_max) return nullptr;
    return std::make_shared<const std::vector<document_before>>(std::move(before_));
  }
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
  /// What was there before the command, the first time it is touched.
  void touch(document_kind kind, const std::string& key) {
    if (before_octets_ > before_octets_max || !touched_.emplace(kind, key).second) return;
    const auto* old = editor_.find(kind, key);
    before_.push_back({kind, key, old != nullptr, old != nullptr ? old->content : std::string()});
    before_octets_ += key.size() + before_.back().content.size() + 8;
  }
  void place(std::shared_ptr<document> row) {
    touch(row->kind, row->key);
    row->version = version_;
    row->changed = time_;
    writes_[document_key(row->kind, row->key)] = print(*row);
    editor_.put(std::move(row));
  }
  void drop(document_kind kind, const std::string& key) {
    touch(kind, key);
    writes_[document_key(kind, key)] = std::nullopt;
    editor_.remove(kind, key);
  }

  config_table::editor editor_;
  std::uint64_t version_;
  std::uint64_t next_id_;
  base::wall_time time_;
  std::map<std::string, std::optional<std::string>> writes_;
  std::vector<history_entry::line> lines_;
  std::set<std::pair<document_kind, std::string>> touched_;
  std::vector<document_before> before_;
  std::size_t before_octets_ = 0;
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
    mark_.next_id = in.u64();
    lsn_ = in.u64();
    flushed_ = applied_ = log_position::unpacked(in.u64());
    if (!in.done()) return base::fail(base::error_kind::damaged, "the mark of the configuration is damaged");
    if (auto loaded = load_mark(); !loaded) return loaded;
    config_table::editor editor(config_table{});
    auto read = tree_->scan("d", "e", [&](std::string_view key, std::string_view value) {
      editor.put(parse_document(key, value));
      return true;
    });
    if (!read) return read;
    read = tree_->scan("h", "i", [&](std::string_view key, std::string_view value) {
      auto e = read_history(version_in(key), value);
      base::check(e.ok(), "history record is damaged");
      before_octets_ += octets_of(*e);
      history_.push_back(std::move(*e));
      return true;
    });
    if (!read) return read;
    table_ = editor.finish(version);
    publish_table();
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
    switch (committed.payload.empty() ? 0 : static_cast<std::uint8_t>(committed.payload.front())) {
    case agreed_version: return apply_agreed(committed.payload, result);
    case picture_version: return replace(committed.payload, result);
    case parted_version: return part(result);
    default: return apply_changes(committed.payload, result);
    }
  }

  command_result apply_agreed(std::string_view payload, command_result result) {
    auto agreed = decode_agreed(payload);
    if (!agreed) {
      result.what = outcome::malformed;
      return result;
    }
    if (agreed->index <= mark_.agreed) {
      result.what = outcome::already_done;
      return result;
    }
    mark_.agreed = agreed->index;
    changed_ = true;
    if (agreed->origin != 0) {
      auto& last = mark_.sequences[agreed->origin];
      if (agreed->sequence <= last) {
        result.what = outcome::already_done;
        return result;
      }
      last = agreed->sequence;
    }
    return apply_changes(agreed->command, result);
  }

  /// The old documents go, whatever they were.
  command_result replace(std::string_view payload, command_result result) {
    const auto with = decode_replacement(payload);
    auto picture = with ? read_picture(with->picture) : base::fail(with.error());
    if (!picture) {
      result.what = outcome::malformed;
      return result;
    }
    if (with->index <= mark_.agreed) {
      result.what = outcome::already_done;
      return result;
    }
    for (const auto kind : table_->kinds())
      table_->for_each(kind, {}, [&](const document_ptr& d) {
        write(document_key(d->kind, d->key), std::nullopt);
        return true;
      });
    config_table::editor editor(config_table{});
    for (auto& d : picture->documents) {
      write(document_key(d->kind, d->key), print(*d));
      editor.put(std::move(d));
    }
    table_ = editor.finish(picture->version);
    mark_ = std::move(picture->mark);
    mark_.agreed = std::max(mark_.agreed, with->index);
    {
      const std::lock_guard hold(history_lock_);
      for (const auto& e : history_) write(history_key(e.version), std::nullopt);
      history_.clear();
      before_octets_ = 0;
      for (auto& e : picture->history) {
        before_octets_ += octets_of(e);
        write(history_key(e.version), print(e));
        history_.push_back(std::move(e));
      }
    }
    changed_ = true;
    result.number = table_->version();
    return result;
  }

  /// The documents of the cluster go; everything else stays as it was agreed.
  command_result part(command_result result) {
    config_table::editor editor(*table_);
    for (const auto kind : {document_kind::node, cluster_document, volume_document})
      table_->for_each(kind, {}, [&](const document_ptr& d) {
        write(document_key(d->kind, d->key), std::nullopt);
        editor.remove(d->kind, d->key);
        return true;
      });
    table_ = editor.finish(table_->version() + 1);
    mark_.agreed = 0;
    mark_.sequences.clear();
    changed_ = true;
    result.number = table_->version();
    return result;
  }

  command_result apply_changes(std::string_view payload, command_result result) {
    const auto command = decode_command(payload);
    if (!command) {
      result.what = outcome::malformed;
      return result;
    }
    change_run run(*table_, table_->version() + 1, mark_.next_id, command->time);
    for (std::size_t i = 0; i < command->changes.size(); ++i) {
      result.what = std::visit(run, command->changes[i]);
      if (result.what == outcome::done) continue;
      result.refused_uids.push_back(static_cast<std::uint32_t>(i));
      return result;
    }
    if (run.changes() == 0) return result; // only requirements, and they hold
    table_ = run.finish();
    mark_.next_id = run.next_id();
    result.number = table_->version();
    for (auto& [key, value] : run.writes()) write(key, std::move(value));
    remember({table_->version(), command->time, command->author, run.changes(), std::move(run.lines()), run.before()});
    changed_ = true;
    return result;
  }

  std::vector<notice> publish() override {
    if (!changed_) return {};
    changed_ = false;
    publish_table();
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
    to.u64(mark_.next_id);
    to.u64(lsn_);
    to.u64(applied_.packed());
    batch.put("m", std::move(mark));
    if (mark_.agreed != 0 || stored_agreed_) batch.put("r", print(mark_));
    stored_agreed_ = stored_agreed_ || mark_.agreed != 0;
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
        if (d->id == 0 || d->id >= mark_.next_id) faults.push_back(name + "its id was never given");
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

  std::shared_ptr<const marked_table> marked() const {
    const std::lock_guard hold(history_lock_);
    return marked_;
  }

private:
  void publish_table() {
    cell_->publish(table_);
    auto now = std::make_shared<const marked_table>(marked_table{table_, mark_});
    const std::lock_guard hold(history_lock_);
    marked_.swap(now);
  }
  base::result<void> load_mark() {
    auto stored = tree_->get("r");
    if (!stored) return base::fail(stored.error());
    if (!stored.value()) return {};
    base::decoder in(*stored.value());
    const auto version = in.u8();
    mark_.agreed = in.varint();
    const auto origins = in.varint();
    for (std::uint64_t i = 0; i < origins && in.ok(); ++i) {
      const auto origin = in.varint();
      mark_.sequences[origin] = in.varint();
    }
    if (version != record_version || !in.done())
      return base::fail(base::error_kind::damaged, "the record of the configuration's agreement is damaged");
    stored_agreed_ = true;
    return {};
  }
  void write(const std::string& key, std::optional<std::string> value) {
    const auto octets = key.size() + (value ? value->size() : 0);
    pending_octets_ += octets;
    pending_[key] = std::move(value);
  }
  void remember(history_entry entry) {
    write(history_key(entry.version), print(entry));
    const std::lock_guard hold(history_lock_);
    before_octets_ += octets_of(entry);
    history_.push_back(std::move(entry));
    while (history_.size() > history_entries_max) {
      before_octets_ -= octets_of(history_.front());
      write(history_key(history_.front().version), std::nullopt);
      history_.pop_front();
    }
    for (auto& e : history_) {
      if (before_octets_ <= before_total_octets_max) break;
      if (!e.before) continue;
      before_octets_ -= octets_of(e);
      e.before = nullptr;
      write(history_key(e.version), print(e));
    }
  }

  std::unique_ptr<tree> tree_;
  std::shared_ptr<config_cell> cell_;
  std::shared_ptr<const config_table> table_ = std::make_shared<const config_table>();
  config_mark mark_;
  bool stored_agreed_ = false; ///< there is a record of how far the agreement is followed
  std::uint64_t lsn_ = 0;
  log_position applied_, flushed_;
  bool changed_ = false;
  std::map<std::string, std::optional<std::string>> pending_;
  std::size_t pending_octets_ = 0;
  mutable std::mutex history_lock_; ///< of what follows
  std::shared_ptr<const marked_table> marked_ = std::make_shared<const marked_table>(marked_table{std::make_shared<const config_table>(), {}});
  std::deque<history_entry> history_;
  std::size_t before_octets_ = 0; ///< of all in `history_`
};

} // namespace

std::shared_ptr<const marked_table> marked_table_of(const config_machine& m) {
  const auto* own = dynamic_cast<const tree_config_machine*>(&m);
  base::check(own != nullptr, "a configuration machine of another kind");
  return own->marked();
}

base::result<std::unique_ptr<config_machine>> config_machine::open(std::unique_ptr<tree> on) {
  auto machine = std::make_unique<tree_config_machine>(std::move(on));
  if (auto loaded = machine->load(); !loaded) return base::fail(loaded.error());
  return std::unique_ptr<config_machine>(std::move(machine));
}

} // namespace rookery::storage::directory
