/// A chat shard over a disk in memory, with the log that it was given.
#pragma once

#include "storage/chat/chat_machine.hpp"
#include "storage/tree/memory_tree.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::chat {

inline constexpr base::shard_id test_shard{4};

struct chat_shard {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<chat_machine> machine;
  std::vector<committed_command> log;

  chat_shard() { open(); }
  void open() {
    machine.reset();
    auto opened = chat_machine::open(test_shard, open_memory_tree(disk));
    ASSERT_TRUE(opened) << opened.error().log.value;
    machine = std::move(*opened);
  }
  command_result apply(std::string owner, std::int64_t time_ms, any_command what) {
    return apply_octets(encode({std::move(owner), base::from_milliseconds(time_ms), std::move(what)}));
  }
  command_result apply_octets(std::string payload) {
    committed_command c;
    c.shard = test_shard;
    c.lsn = log.size() + 1;
    c.at = {1, static_cast<std::uint32_t>(100 * c.lsn)};
    c.next = {1, static_cast<std::uint32_t>(100 * c.lsn + 100)};
    c.payload = std::move(payload);
    log.push_back(c);
    return machine->apply(c);
  }
  void replay() {
    const auto from = machine->flushed();
    for (const auto& c : log)
      if (c.at >= from || from.segment == 0) machine->apply(c);
  }
  /// Everything that can be seen, as text.
  std::string seen() const {
    std::string out;
    const auto view = machine->view();
    for (const auto& o : view->owners("", 100000)) {
      out += o.owner + " " + std::to_string(o.facts.records) + "/" + std::to_string(o.facts.record_octets) + "/" + std::to_string(o.facts.change);
      for (int kind = 1; kind < 16; ++kind)
        for (const auto& r : view->records(o.owner, static_cast<record_kind>(kind), 100000))
          out += " " + std::to_string(kind) + ":" + r.key + "=" + r.value + "@" + std::to_string(r.change);
      for (const auto s : {stream_kind::archive, stream_kind::offline}) {
        const auto& facts = s == stream_kind::archive ? o.facts.archive : o.facts.offline;
        out += "\n " + std::to_string(facts.entries) + "/" + std::to_string(facts.octets) + "/" + std::to_string(facts.last_id);
        stream_query all;
        all.max = 100000;
        for (const auto& e : view->page(o.owner, s, all).entries)
          out += " " + std::to_string(e.id) + "@" + std::to_string(base::to_milliseconds(e.time)) + "<" + e.with + ">" + e.stanza;
      }
      out += "\n";
    }
    return out;
  }
};

inline append said(std::string stanza, std::string with = {}) {
  append a;
  a.stanza = std::move(stanza);
  a.with = std::move(with);
  return a;
}

inline std::string ids(const stream_page& page) {
  std::string out;
  for (const auto& e : page.entries) out += (out.empty() ? "" : " ") + e.stanza;
  return out + (page.more ? " …" : "");
}

} // namespace rookery::storage::chat
