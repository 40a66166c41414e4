/// Who may be connected to next, and what is sent on that connection: everything that waits
/// to leave, by destination.
///
/// A message waits in parts: some of its recipients, one destination, a due time. The
/// destination is a string that names a way out (delivery::route_choice makes it), the same
/// for all queues. Order within a destination: senders take turns (an account, else the
/// envelope sender), urgent messages get four times the turns of normal ones and those four
/// times the turns of bulk; within a turn the oldest due first. Between destinations: the one
/// with the fewest connections, then the one that has waited longest. A third of the
/// connections is out of reach for destinations that have never answered, so that dead ones
/// do not keep living ones waiting.
///
/// Pure and not thread-safe: one actor owns it and gives the time. Nothing here is durable;
/// it is filled from the spool's records at start. Every call is O(log n) in what waits, but
/// for those that say otherwise. About 200 octets a waiting part.
///
/// Source: RFC 5321 §4.5.4.1 (strategy of sending: retries, one probe for a dead host, many
/// recipients in one transaction), RFC 9422 (LIMITS).
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "policy/delivery/schedule.hpp"
#include "policy/queueing/share_book.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::queueing {

using base::wall_time;

/// What a destination may take, and how one that does not answer is left alone.
struct destination_limits {
  std::uint32_t connections = 20;             ///< at once, when it has proved itself
  std::uint32_t first_connections = 2;        ///< at once, before its first answer
  std::uint32_t messages_a_connection = 100;
  std::uint32_t recipients_a_transaction = 100;
  std::uint32_t messages_a_minute = 0;        ///< 0: no limit; evenly spread, a second's worth at once
  /// Pauses after the first, second, … failure to connect in a row; the last one repeats.
  /// A tenth is added or taken away by the destination's name, so that many do not return at once.
  std::vector<std::chrono::seconds> pauses = default_pauses();
  static std::vector<std::chrono::seconds> default_pauses();
  /// Nothing is opened but between `release` and the moment when nothing is due any more, or its first
  /// failure. What is admitted is served all the same.
  bool on_request = false;
};

struct dispatcher_settings {
  std::uint32_t connections = 500;            ///< to all destinations together
  /// Opened in a second to destinations whose last attempt failed, evenly, a fifth of them at once; 0: no limit.
  /// Each costs questions to name servers and a record of each message, and most come to nothing.
  std::uint32_t failing_a_second = 100;
  std::uint32_t quantum = 20;                 ///< transactions after which a connection gives way when others wait for one
  std::chrono::seconds unsettled_pause{60};   ///< for what `ended` gets back without news of it
  destination_limits limits;                  ///< of destinations without their own
};

enum class priority : std::uint8_t { urgent, normal, bulk };

/// Some recipients that wait together. No recipient stands in two parts of a message.
struct waiting_part {
  std::string destination;
  std::vector<std::uint32_t> recipients;      ///< numbers within the envelope
  wall_time due{};                            ///< not before
  /// When something is owed besides an attempt: a delay notice, the end of DELIVERBY, expiry.
  wall_time deadline = wall_time::max();
  bool tried = false;                         ///< an attempt failed before (also before a restart)
};

/// The texts are read during `put` and not kept.
struct waiting_message {
  base::message_id id;
  std::string_view queue;
  std::string_view sender;                    ///< envelope sender; whose turn it is, without `account`
  base::account_id account;
  priority urgency = priority::normal;
  std::vector<waiting_part> parts;
};

/// One connection, from `next_open` to `closed`. Never given twice.
using connection_number = std::uint64_t;

struct slot {
  connection_number connection = 0;
  std::string destination;
  bool open_already = false;                  ///< no new one: this one was told `nothing` or `later`, and has work now
  bool probe = false;                         ///< the destination has failed; this one shows whether it is back
};

/// What is to be sent in one SMTP transaction, or (from `next_lapsed`) looked at.
struct transaction {
  std::uint64_t number = 0;                   ///< never given twice
  base::message_id id;
  std::string destination;
  std::string queue;
  std::vector<std::uint32_t> recipients;      ///< ascending
};

enum class take_result : std::uint8_t {
  work,     ///< `work` is to be sent
  later,    ///< nothing before `until` (the rate); the connection may wait or close
  nothing,  ///< nothing waits
  give_way, ///< close: another destination waits for the slot, or the connection has served its number
  stop      ///< close: the destination was paused
};
struct taken {
  take_result what = take_result::nothing;
  transaction work;
  wall_time until{};
};

enum class close_reason : std::uint8_t {
  finished,  ///< by us, or by the peer between messages
  refused,   ///< 421 or 4xx at greeting, EHLO, STARTTLS, AUTH or MAIL: fewer connections, then a pause
  failed     ///< no connection, no usable name, no TLS: a pause, then one probe. Mail may be taken on such a
             ///< connection before, to write the failure down with it (`in_vain`)
};

/// What became of a transaction, when it is durable.
enum class end_reason : std::uint8_t {
  answered, ///< the peer spoke about the recipients, whatever it said
  broken    ///< the connection was lost, or our own step failed
};
/// A recipient of a transaction that waits on.
struct still_waiting {
  std::uint32_t recipient = 0;
  wall_time due{};
  wall_time deadline = wall_time::max();
};

enum class destination_state : std::uint8_t {
  idle,     ///< nothing is due
  waiting,  ///< due, no slot yet
  active,   ///< connections
  down,     ///< failed, paused until `next_try`
  rated,    ///< over its rate until `next_try`
  closed,   ///< all that waits is in frozen queues or outside their hours
  paused,   ///< by the operator
  on_request ///< something is due; its server has not asked
};
std::string_view word(destination_state) noexcept;

struct destination_status {
  std::string destination;
  destination_state state = destination_state::idle;
  std::string reason;                         ///< of the last failure or the pause, one line
  std::optional<wall_time> next_try;
  std::optional<wall_time> down_since;
  std::uint32_t failures = 0;                 ///< in a row
  std::uint32_t connections = 0, connections_allowed = 0;
  std::uint64_t messages = 0, recipients = 0; ///< that wait; a message counts once for each due time
  std::uint64_t due = 0;                      ///< parts that could be sent now
  std::uint32_t in_flight = 0;                ///< transactions
  std::optional<std::uint32_t> share;         ///< of the limit, this dispatcher's; nothing: all of it
  std::uint32_t nodes = 1;                    ///< that have work for it
};

/// A message at a destination.
struct part_status {
  std::string destination;
  std::vector<std::uint32_t> recipients;
  wall_time due{}, deadline{};
  bool in_flight = false;
};

struct dispatcher_counts {
  std::uint64_t messages = 0, parts = 0, recipients = 0, destinations = 0;
  std::uint32_t connections = 0, transactions = 0;
  std::size_t octets = 0;                     ///< of memory, reckoned
};

class dispatcher {
public:
  explicit dispatcher(dispatcher_settings = {});
  ~dispatcher();
  dispatcher(dispatcher&&) noexcept;
  dispatcher& operator=(dispatcher&&) noexcept;

  // Messages

  /// All that waits of this message; replaces what was known of it (also its queue). No
  /// parts: as `remove`. Recipients in flight stay so; what is said of them here holds from
  /// the moment their transaction has ended.
  /// A part that is the same as before keeps its turn.
  void put(const waiting_message&, wall_time now);
  /// Nothing of it is given out any more. A transaction in flight is not called back.
  void remove(base::message_id);
  bool contains(base::message_id) const noexcept;
  /// Whether recipients of it are in a transaction now.
  bool in_flight(base::message_id) const noexcept;
  /// O(parts of the message).
  std::vector<part_status> parts(base::message_id) const;

  // Connections

  /// The destination that deserves a connection more, or nothing. The slot is taken with
  /// that; each must be given to `closed` in the end, also when it was never opened.
  std::optional<slot> next_open(wall_time now);
  /// What this connection shall send next. `recipients_max`: what the peer allows, 0: anything.
  taken take(connection_number, wall_time now, std::uint32_t recipients_max = 0);
  /// The transaction is over and its outcome is durable. Either `put` or `remove` has told
  /// the news before, or `waiting` does here: those of its recipients that wait on (the rest
  /// is done). With neither (nothing was recorded) they wait for `unsettled_pause`.
  void ended(std::uint64_t transaction, end_reason, wall_time now);
  void ended(std::uint64_t transaction, end_reason, const std::vector<still_waiting>& waiting, wall_time now);
  void closed(connection_number, close_reason, std::string_view why, wall_time now);
  /// Nobody is reached on this connection: mail is taken on it only to write that down, which proves nothing,
  /// until `closed`.
  void in_vain(connection_number);
  /// A connection that the destination's server has made, and takes its mail on: counted, but within no
  /// limit. `closed` ends it as any other. Nothing: nothing waits there, or it is paused.
  std::optional<connection_number> admit(std::string_view destination, wall_time now);
  /// A destination on request is asked for: all that waits there is due, and is opened for.
  void release(std::string_view destination, wall_time now);

  // Other nodes of the cluster (share_book.hpp)

  /// Whether a destination has only the connections that `share` gives it: from the beginning none.
  void set_shared(bool, wall_time now);
  /// Older ones than the last are passed over. `unshared` connections: its limits are its own.
  void share(const destination_share&, wall_time now);
  static constexpr std::uint32_t unshared = 0xffffffff;
  /// Destinations whose needs have changed since this was asked last; none unless they are shared.
  std::vector<destination_need> take_needs(wall_time now);

  // Time

  /// A part whose deadline has come and which is not in flight: it is given out until
  /// `ended`, so that no attempt runs while it is given up. Asked once for each deadline.
  std::optional<transaction> next_lapsed(wall_time now);
  /// When `next_open` or `next_lapsed` may answer without another call in between; a time
  /// that has passed means at once. Nothing: never.
  std::optional<wall_time> wake_at() const;

  // The operator

  /// O(what is due in that queue) when it opens, O(its destinations) when it closes.
  void set_queue(std::string_view queue, bool frozen, delivery::schedule hours, wall_time now);
  bool queue_open(std::string_view queue, wall_time now) const;
  void pause(std::string_view destination, std::string_view why, wall_time now);
  void unpause(std::string_view destination, wall_time now);
  /// Due at once, and a destination that is down is probed at once.
  void retry_message(base::message_id, wall_time now);
  /// It is the next of its kind to have a connection, however many have waited longer. O(parts in it × log n).
  void retry_destination(std::string_view destination, wall_time now);
  void retry_queue(std::string_view queue, wall_time now);
  /// O(destinations).
  void set_settings(dispatcher_settings, wall_time now);
  /// Limits of one destination, kept whether anything waits for it or not; nothing: the general ones.
  void set_limits(std::string_view destination, std::optional<destination_limits>, wall_time now);

  std::optional<destination_status> status(std::string_view destination, wall_time now) const;
  /// In the order of their names, from the first name after `after`, at most `max`. O(destinations).
  std::vector<destination_status> list(std::string_view after, std::size_t max, wall_time now) const;
  dispatcher_counts counts() const noexcept;
  /// Parts that wait in a queue.
  std::uint64_t waiting_in(std::string_view queue) const noexcept;

private:
  class state;
  std::unique_ptr<state> state_;
};

} // namespace rookery::queueing
