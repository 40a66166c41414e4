#include "storage/chat/chat_check.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "storage/chat/rows.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace rookery::storage::chat {
namespace {

/// Lines beyond this many are not kept.
constexpr std::size_t faults_kept_max = 1000;

struct counted {
  std::string name;
  owner_facts said, found;
};

class checker {
public:
  checker(const pending_rows& rows, std::uint64_t last_number) : rows_(rows), last_number_(last_number) {}

  std::vector<std::string> run() {
    each(family::doomed, [&](std::string_view k, std::string_view) { doomed_.insert(key::last_number(k)); });
    each(family::owner, [&](std::string_view k, std::string_view value) {
      const auto h = read_owner(value);
      if (h.number > last_number_ || doomed_.contains(h.number)) fault("owner " + std::string(k.substr(1)) + " has a number that was not given to it");
      if (!owners_.emplace(h.number, counted{std::string(k.substr(1)), h.facts, {}}).second)
        fault("owner " + std::string(k.substr(1)) + " has the number of another");
    });
    each(family::record, [&](std::string_view k, std::string_view value) {
      if (auto* o = owner_of(k)) {
        const auto r = read_record(k, value);
        ++o->found.records;
        o->found.record_octets += r.key.size() + r.value.size();
        if (r.change > o->said.change) fault(o->name + ": a record is newer than its owner");
      }
    });
    each(family::entry, [&](std::string_view k, std::string_view value) { check_entry(k, value); });
    each(family::with, [&](std::string_view k, std::string_view) { check_with(k); });
    for (const auto& [number, o] : owners_) compare(o);
    if (indexed_ != with_somebody_) fault("the index of those written with has " + std::to_string(indexed_) + " rows for " + std::to_string(with_somebody_) + " entries");
    return std::move(faults_);
  }

private:
  template <class Each>
  void each(family f, const Each& visit) {
    const std::string all(1, static_cast<char>(f));
    rows_.scan(all, [&](std::string_view k, std::string_view value) {
      try {
        visit(k, value);
      } catch (const base::broken& why) {
        fault("row " + base::to_hex(k.substr(0, 40)) + ": " + why.what());
      }
      return true;
    });
  }

  counted* owner_of(std::string_view k) {
    base::check(k.size() >= 9, "a key of the chat tree has its owner's number");
    const auto number = key::last_number(k.substr(0, 9));
    const auto found = owners_.find(number);
    if (found != owners_.end()) return &found->second;
    if (!doomed_.contains(number)) fault("a row of owner number " + std::to_string(number) + ", which there is not");
    return nullptr;
  }

  void check_entry(std::string_view k, std::string_view value) {
    auto* o = owner_of(k);
    if (o == nullptr) return;
    base::check(k.size() == key::entry_octets, "the key of an entry is whole");
    const auto which = static_cast<stream_kind>(k[9]);
    base::check(which == stream_kind::archive || which == stream_kind::offline, "an entry is of a stream that there is");
    const auto e = read_entry(key::last_number(k), value);
    const auto& said = which == stream_kind::archive ? o->said.archive : o->said.offline;
    auto& found = which == stream_kind::archive ? o->found.archive : o->found.offline;
    if (e.id > said.last_id || e.time > said.last_time) fault(o->name + ": an entry is newer than the last one of its stream");
    if (found.entries > 0 && e.time < found.last_time) fault(o->name + ": times of entries go back");
    ++found.entries;
    found.octets += e.stanza.size();
    found.last_time = e.time;
    if (!e.with.empty()) ++with_somebody_;
  }

  void check_with(std::string_view k) {
    auto* o = owner_of(k);
    if (o == nullptr) return;
    base::check(k.size() > key::entry_octets, "the key of an index row is whole");
    ++indexed_;
    const auto id = key::last_number(k);
    const auto row = rows_.get(key::entry(key::last_number(k.substr(0, 9)), static_cast<stream_kind>(k[9]), id));
    if (!row || read_entry(id, *row).with != k.substr(10, k.size() - 19)) fault(o->name + ": the index of those written with names an entry that is not so");
  }

  void compare(const counted& o) {
    const auto differ = [&](std::uint64_t said, std::uint64_t found, const char* what) {
      if (said != found) fault(o.name + ": says " + std::to_string(said) + " " + what + ", has " + std::to_string(found));
    };
    differ(o.said.records, o.found.records, "records");
    differ(o.said.record_octets, o.found.record_octets, "octets of records");
    differ(o.said.archive.entries, o.found.archive.entries, "entries of the archive");
    differ(o.said.archive.octets, o.found.archive.octets, "octets of the archive");
    differ(o.said.offline.entries, o.found.offline.entries, "offline messages");
    differ(o.said.offline.octets, o.found.offline.octets, "octets of offline messages");
  }

  void fault(std::string line) {
    if (faults_.size() < faults_kept_max) faults_.push_back(std::move(line));
  }

  const pending_rows& rows_;
  std::uint64_t last_number_;
  std::set<std::uint64_t> doomed_;
  std::map<std::uint64_t, counted> owners_;
  std::uint64_t indexed_ = 0, with_somebody_ = 0;
  std::vector<std::string> faults_;
};

} // namespace

std::vector<std::string> check_rows(const pending_rows& rows, std::uint64_t last_number) {
  return checker(rows, last_number).run();
}

} // namespace rookery::storage::chat
