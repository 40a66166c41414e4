/// Short spellings for tests of the mail machine.
#pragma once

#include "storage/mail/mail_machine.hpp"
#include "storage/tree/memory_tree.hpp"
#include "tests/storage/mail/mail_model.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::mail {

inline constexpr base::mailbox_id inbox{1};
inline const uid_ranges every{{1, 0xffffffffu}};

inline std::unique_ptr<mail_machine> open_over(const std::shared_ptr<memory_disk>& disk, mail_settings settings = {}) {
  auto opened = mail_machine::open(base::shard_id{first_mail_shard}, open_memory_tree(disk), settings);
  EXPECT_TRUE(opened.ok());
  return std::move(opened).value();
}

inline new_message message_with(std::string envelope, flag_set flags = {}, std::string thread_key = {}) {
  new_message m;
  m.prefix = "X: y\r\n";
  m.internal_date = base::from_milliseconds(1'600'000'000'000);
  m.flags = std::move(flags);
  m.summary.envelope = std::move(envelope);
  m.summary.thread_key = std::move(thread_key);
  return m;
}

/// A machine with a log: what was applied can be applied again.
struct node {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  mail_settings settings;
  std::unique_ptr<mail_machine> machine = open_over(disk);
  std::vector<committed_command> log;
  std::int64_t seconds = 1'700'000'000;
  std::uint32_t offset = 0;

  committed_command make(any_command what, std::size_t bodies, std::uint64_t account = 1) {
    std::vector<body_ref> refs;
    for (; bodies > 0; --bodies) refs.push_back(body_at(1, offset += 16, 100));
    return committed(log.size(), {base::account_id{account}, base::from_milliseconds(seconds * 1000), std::move(what)},
                     std::move(refs));
  }
  command_result run(any_command what, std::size_t bodies = 0, std::uint64_t account = 1) {
    log.push_back(make(std::move(what), bodies, account));
    return machine->apply(log.back());
  }
  command_result append_some(base::mailbox_id to, std::size_t n, flag_set flags = {}) {
    append a{to, {}};
    for (std::size_t i = 0; i < n; ++i) a.messages.push_back(message_with("e" + std::to_string(i), flags));
    return run(a, n);
  }
  base::mailbox_id create(std::string name) { return run(create_mailbox{std::move(name), ""}).mailbox; }
  std::shared_ptr<const mailbox_view> look(base::mailbox_id id, std::uint64_t account = 1) {
    machine->publish();
    return machine->open_mailbox(base::account_id{account}, id)->view();
  }
  std::vector<std::uint32_t> uids(base::mailbox_id id) {
    std::vector<std::uint32_t> out;
    const auto v = look(id);
    for (const auto& p : v->pages) out.insert(out.end(), p->uid.begin(), p->uid.end());
    return out;
  }
  void flush() { ASSERT_TRUE(machine->flush(false).ok()); }
  void reopen() {
    machine.reset();
    machine = open_over(disk, settings);
    for (auto at = static_cast<std::size_t>(machine->flushed().offset); at < log.size(); ++at) machine->apply(log[at]);
    machine->publish();
  }
  void expect_sound() {
    flush();
    EXPECT_EQ(machine->check(), std::vector<std::string>());
  }
};

} // namespace rookery::storage::mail
