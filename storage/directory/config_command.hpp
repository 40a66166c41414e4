/// The commands of shard 0: the only way in which configuration changes.
///
/// A command is a list of changes that take effect together or not at all; each sees
/// what those before it did. Contents are opaque here (JSON that actors/config/
/// has validated). Encoded with base::encoder; type numbers are on disk: never renumber.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::storage::directory {

/// Kinds of documents. Unknown ones (of a newer node) are kept and listed.
enum class document_kind : std::uint8_t {
  domain = 1, account = 2, alias = 3, setting = 4, certificate = 5, node = 6, queue = 7, route = 8, host_login = 9,
  collection = 10, archive = 11, gateway = 12, mailbox_template = 13, expiry = 14
};

/// What must be true of a document before a change: one of these, or the exact
/// `document::version` that the author has seen.
namespace expect {
inline constexpr std::uint64_t absent = 0;                     ///< it does not exist
inline constexpr std::uint64_t any = ~std::uint64_t{0};        ///< never mind
inline constexpr std::uint64_t present = ~std::uint64_t{0} - 1; ///< it exists, in whatever version
} // namespace expect

/// Makes or replaces a document. A new one gets the next id, which is never used again.
struct put {
  document_kind kind{};
  std::string key;
  std::uint64_t expected = expect::any;
  std::string content;
};
/// Removes a document; `outcome::no_such_record` if there is none.
struct remove {
  document_kind kind{};
  std::string key;
  std::uint64_t expected = expect::any;
};
/// Gives a document another key; its id stays. The new key must be free.
struct rename {
  document_kind kind{};
  std::string key;
  std::uint64_t expected = expect::any;
  std::string new_key;
};
/// Changes nothing: the command fails if the expectation does not hold.
struct require {
  document_kind kind{};
  std::string key;
  std::uint64_t expected = expect::present;
};
using change = std::variant<put, remove, rename, require>;

struct config_command {
  std::string author;       ///< who asked for it, for the history
  base::wall_time time{};
  std::vector<change> changes;
};

inline constexpr std::size_t key_octets_max = 400;            ///< an address is at most 320
inline constexpr std::size_t content_octets_max = 1u << 20;   ///< of one document
inline constexpr std::size_t command_octets_max = 4u << 20;   ///< encoded; what one log record may weigh
inline constexpr std::size_t changes_max = 50000;             ///< of one command
inline constexpr std::size_t author_octets_max = 255;

/// The payload of a `shard_command` for `config_shard`.
/// Error over_limit names the bound that is passed.
base::result<std::string> encode(const config_command&);
base::result<config_command> decode_command(std::string_view payload);

// Result (storage/shard/machine.hpp, command_result):
//   done: `number` is the version of the whole configuration, grown by one; every
//     document put or renamed carries it as its `version`.
//   conflict, no_such_record: nothing changed; `number` is the present version and
//     `refused_uids` the index (0-based) of the change that failed.

} // namespace rookery::storage::directory
