/// The actor of a room: the one writer of its records, around the machine xmpp::muc::room.
///
/// Scheduled; made for the first stanza to its room, reads the records in a reader's thread, ends some time after the
/// last occupant has left. What a step changes goes into one commit group; what it sends waits until that is applied,
/// and so does everything behind it. When something could not be kept all occupants are told to come again, and
/// the room is read anew when the commits that are under way have ended.
#pragma once

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/rooms/room_records.hpp"
#include "actors/xmpp/rooms/room_service.hpp"
#include "base/fifo.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace rookery::actors {

/// To a room's actor: the service ends.
struct end_room {};
/// To a room's actor: these clients are not there any more.
struct lose_clients {
  std::shared_ptr<const std::function<bool(const xmpp::jid&)>> lost;
};
/// To a room's actor from a reader: do this in your thread.
struct room_read {
  std::shared_ptr<std::function<void()>> then;
};

caf::actor spawn_room(caf::actor_system&, room_service&, xmpp::jid address);

class room_actor final : public caf::event_based_actor {
public:
  room_actor(caf::actor_config&, room_service*, xmpp::jid);
  caf::behavior make_behavior() override;
  const char* name() const override { return "room_actor"; }

private:
  /// What one step sends, and whether it may yet.
  struct step {
    std::vector<xmpp::muc::send> sends;
    std::shared_ptr<void> receipt;
    std::function<void(bool)> done;
    std::uint32_t waits = 0;                ///< commits that are under way
    bool ends = false;
  };

  void load();
  void loaded(kept_room);
  void take(const room_stanza_ptr&);
  void handle(const room_stanza&);
  bool ask_archive(const room_stanza&);
  void settle(std::shared_ptr<void> receipt, std::function<void(bool)> done = {}, const stanza_origin& = {});
  void add(storage::commit_group&, std::string owner, storage::chat::any_command, std::optional<base::wall_time> = {}); ///< now, unless it is said
  void add_entry(storage::commit_group&);
  void replace(const xmpp::muc::replace_message&, const std::shared_ptr<step>&);
  void keep(storage::commit_group, const std::shared_ptr<step>&, std::function<void()> kept);
  void flush();
  void fail(const base::error&);
  void read_anew();
  void send(const std::vector<xmpp::muc::send>&);
  void refuse(const room_stanza&, xmpp::condition, std::string_view text = {});
  void look_idle();
  /// `work` in a reader's thread, `then` here. False: the readers are busy.
  bool read(std::function<void()> work, std::function<void()> then);

  room_service& service_;
  actors::node& node_;
  const xmpp::jid address_;
  const std::string owner_, service_owner_;
  std::unique_ptr<xmpp::muc::room> room_;   ///< null: it is being read
  base::fifo<room_stanza_ptr> early_;       ///< came before it was read
  base::fifo<room_task> early_tasks_;
  base::fifo<std::shared_ptr<step>> steps_; ///< in order; the first waits for its commit
  std::optional<room_entry> entry_;         ///< as the list has it
  awaited_commits commits_;
  arrival_notes arrivals_;
  std::uint64_t taken_ = 0, reads_ = 0, generation_ = 0, commits_under_way_ = 0;
  bool idle_asked_ = false;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_room)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::lose_clients)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::room_read)
