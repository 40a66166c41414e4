/// Messages on their way from one account's mailbox into another's: read as they are shown, hashed and summarized like
/// an APPEND. Made in a connection's thread, `gather` runs in a reader.
#pragma once

#include "actors/imap/append_gathering.hpp"
#include "protocols/imap/sequence_map.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

class cross_copy {
public:
  enum class outcome : std::uint8_t {
    done,
    too_large, ///< more octets than allowed
    gone,      ///< a message was expunged meanwhile, and its body with it
    failed     ///< the disk
  };
  cross_copy(base::mailbox_id to, std::string spill_directory, std::uint64_t octets_max)
      : gathering_(to, std::move(spill_directory)), octets_max_(octets_max) {}

  /// `keep`: imap::flag_right bits of the flags that the copies have.
  void gather(storage::body_reader&, storage::mail::mailbox_cell&, const storage::mail::mailbox_view&,
              const std::vector<imap::row_range>&, std::uint8_t keep, base::wall_time now);
  outcome result() const noexcept { return result_; }
  std::uint64_t octets() const noexcept { return gathering_.octets(); }
  /// Once, when done. This object must live until what it gives is durable.
  append_gathering::gathered take() { return std::move(*gathered_); }

private:
  outcome add(storage::body_reader&, storage::mail::mailbox_cell&, const storage::mail::mailbox_view&, std::uint32_t row,
              std::uint8_t keep);

  append_gathering gathering_;
  std::uint64_t octets_max_;
  std::optional<append_gathering::gathered> gathered_;
  outcome result_ = outcome::failed;
};

} // namespace rookery::actors
