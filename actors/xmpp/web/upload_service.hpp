/// Files that people send each other through the web service: who may bring one, where it is kept, when it goes.
///
/// A file is an owner of its own in the chat store (`upload_owner`): pieces, and at last its facts; together with these goes a
/// line in the records of its account. So it is in the log, in backups and on replicas like a message. So is its place, until the
/// file is whole: whoever leads the volume takes it. One a volume; the volume's node and router outlive it.
#pragma once

#include "actors/node.hpp"
#include "actors/xmpp/messages.hpp"
#include "protocols/xmpp/upload.hpp"

#include <caf/all.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

class chat_router;

/// Octets of one piece.
inline constexpr std::size_t upload_piece_octets = 512 * 1024;
/// Places that wait for their file, in this process and of one account; how long they wait, and how long a file may take.
inline constexpr std::size_t upload_slots_max = 10'000, upload_slots_of_one_max = 50;
inline constexpr std::chrono::minutes upload_slot_time{10};
inline constexpr std::chrono::hours upload_time{6};
/// Files of one account.
inline constexpr std::size_t upload_files_max = 2'000;

/// Key of a piece in the records of its file.
std::string upload_piece_key(std::uint64_t number);
/// Key of what was promised, there until the file is whole: facts whose `stored` is when the place goes.
inline constexpr const char* upload_place_key = "place";

/// To the service, from a connection: so much more of a file came. Answered with upload_kept.
struct upload_piece {
  std::string id;
  std::uint64_t number = 0;
  std::shared_ptr<const std::string> octets;
  bool last = false;
};
struct upload_kept {
  bool kept = false;          ///< on the disk; with the last piece: to be had
};
/// To the service, from its reader: this place may be promised.
struct upload_promised {
  routed_stanza_ptr asked;
  std::string id;
};

/// Places that this process has promised or begun to fill. Any thread.
class upload_slots {
public:
  struct slot {
    xmpp::upload_request what;
    std::string owner;        ///< of the account's records
    base::instant until{};
    bool coming = false;
    base::instant promised_until{}; ///< `until` again, if the file does not come whole
  };
  /// Nothing: too many wait.
  std::optional<std::string> reserve(const std::string& owner, xmpp::upload_request, base::instant now);
  /// One that was promised before this process led the volume; nothing changes when it is known or too many are.
  void restore(const std::string& id, slot);
  /// A client begins to bring the file: once at a time.
  std::optional<slot> begin(const std::string& id, std::string_view name, base::instant now);
  std::optional<slot> find(const std::string& id) const;
  /// The file is whole, or nothing was promised.
  void end(const std::string& id);
  /// It broke off: within its time the place may be used again.
  void release(const std::string& id);
  /// Octets that are promised to this account.
  std::uint64_t octets_of(const std::string& owner, base::instant now) const;

private:
  void forget_old(base::instant now);
  mutable std::mutex lock_;
  std::map<std::string, slot> slots_;
};

class upload_service {
public:
  upload_service(node&, chat_router&);
  ~upload_service();
  /// This process has a web service, under this URL, for all of its volumes. Before its first connection; any thread.
  void open_at(std::string url);
  /// Empty: there is none.
  std::string url() const;
  upload_slots& slots() noexcept { return slots_; }
  /// `upload_slots::begin`, also for a place that is known from the records alone. Blocks.
  std::optional<upload_slots::slot> begin(const std::string& id, std::string_view name);
  /// Whether the piece is on the disk within this time. Blocks.
  bool keep(upload_piece, std::chrono::milliseconds limit);
  const caf::actor& actor() const noexcept { return actor_; }
  /// No more handles of it.
  void forget() noexcept { actor_ = nullptr; }

private:
  node& node_;
  upload_slots slots_;
  caf::actor actor_;
};

/// Removes files that are older than their domain keeps them, whose account is gone, or that never came whole. Blocks.
/// Gives how many went.
base::result<std::uint64_t> tidy_uploads(node&, const chat_router&, const upload_slots&, base::wall_time now);
/// Removes one file. Blocks.
base::result<void> drop_upload(node&, const std::string& id, const xmpp::upload_facts&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::upload_piece)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::upload_kept)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::upload_promised)
