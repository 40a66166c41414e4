/// A real small node, and a test in the place of the actors around the one that is tested: what is sent to
/// them lies in `self`'s mailbox until the test asks for it.
#pragma once

#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/messages.hpp"
#include "actors/queue/spool_commit.hpp"
#include "storage/queue/spool_machine.hpp"
#include "tests/actors/support/test_node.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace rookery::tests {

class queue_world {
public:
  /// Nothing takes so long, however slow the machine: an answer that is missing is missing.
  static constexpr std::chrono::seconds answer_time{60};

  test_node node{2};
  caf::scoped_actor self{*node.node().system};

  /// The node's own dispatch has begun, so that it does not take the place of one that watches the spool from now on.
  queue_world() { ask<actors::destination_list>(of().dispatch, actors::list_destinations{}); }

  actors::node& of() { return node.node(); }
  /// Writes the group and waits until it is applied.
  void commit(storage::commit_group group) {
    ASSERT_TRUE(actors::commit_group_of(*self, of(), std::move(group), ++token_));
    self->receive([&](const actors::commit_done_ptr& d) { EXPECT_FALSE(d->error) << d->error->log.value; },
                  caf::after(answer_time) >> [] { FAIL() << "the log is silent"; });
  }
  void commit(std::vector<storage::queue::any_command> commands) { commit(actors::spool_group(of().clock->wall(), std::move(commands))); }

  storage::queue::envelope message(std::vector<std::string> recipients) {
    storage::queue::envelope e;
    e.id = of().next_message_id();
    e.sender = "ann@sender.example";
    e.received = of().clock->wall();
    for (auto& r : recipients) e.recipients.emplace_back().address = std::move(r);
    return e;
  }
  /// Puts it into the spool as reception would.
  base::message_id accept(storage::queue::envelope e, const std::string& text = "Subject: x\r\n\r\nHello\r\n") {
    const auto id = e.id;
    storage::commit_group group;
    add(group, std::move(e), text);
    commit(std::move(group));
    return id;
  }
  void add(storage::commit_group& group, storage::queue::envelope e, const std::string& text = "Subject: x\r\n\r\nHello\r\n") {
    actors::add_written(group, of().clock->wall(), std::move(e), text);
  }
  actors::envelope_ptr stored(base::message_id id) {
    auto found = of().spool->view()->find(id);
    return found ? std::make_shared<const storage::queue::envelope>(std::move(*found)) : nullptr;
  }

  /// The next message of type T to `self`.
  template <class T>
  T next() {
    T out{};
    self->receive([&](const T& m) { out = m; }, caf::after(answer_time) >> [] { ADD_FAILURE() << "nothing came"; });
    return out;
  }
  /// What `to` answers. A message of before is handled by then, whoever sent it from here.
  template <class Answer, class Question>
  Answer ask(const caf::actor& to, Question&& question) {
    Answer out{};
    self->request(to, answer_time, std::forward<Question>(question))
        .receive([&](const Answer& a) { out = a; }, [](const caf::error&) { ADD_FAILURE() << "no answer"; });
    return out;
  }
  /// Whether a message of type T lies there now.
  template <class T>
  bool has() {
    bool out = false;
    self->receive([&](const T&) { out = true; }, caf::after(std::chrono::seconds(0)) >> [] {});
    return out;
  }

private:
  std::uint64_t token_ = 0;
};

} // namespace rookery::tests
