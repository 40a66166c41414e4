/// The rows of LIST and LSUB, with STATUS where asked (RFC 5258, RFC 5819).
#pragma once

#include "actors/imap/rows.hpp"
#include "actors/shard/messages.hpp"
#include "protocols/imap/metadata.hpp"
#include "protocols/imap/response_writer.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

using account_view_ptr = std::shared_ptr<const storage::mail::account_view>;

/// Mailboxes that are matched in the connection's thread; longer lists go to a reader.
inline constexpr std::size_t listed_here_max = 2000;

/// A mailbox of another account that LIST may show, or one that shows messages of the account's own.
struct foreign_mailbox {
  std::string name;             ///< as it is listed
  base::account_id owner;
  account_view_ptr list;        ///< that holds `status`
  const storage::mail::mailbox_status* status = nullptr;
  std::uint32_t rights = 0;     ///< policy/rights
  std::uint32_t attributes = 0; ///< imap::list_attribute
};

/// What a LIST selects of an account, and of what others share with it. Holds their views.
struct listed_mailboxes {
  account_view_ptr account;
  std::vector<foreign_mailbox> foreign; ///< by name
  std::map<std::string, std::vector<imap::metadata_row>, std::less<>> metadata; ///< by name, where it is asked for
  std::vector<imap::list_mailbox> mailboxes;
  imap::list_result result;
  recent_counts recent;         ///< where STATUS (RECENT) is asked for; else null
  /// Null: one's own, or none.
  const foreign_mailbox* find_foreign(std::string_view name) const noexcept;
};
std::shared_ptr<listed_mailboxes> list_mailboxes(account_view_ptr, const imap::list&, recent_counts,
                                                 std::vector<foreign_mailbox> foreign);

/// Special uses of a mailbox, as list_attribute bits, and back.
std::uint32_t special_use_bits(std::string_view stored) noexcept;
std::string special_use_text(std::uint32_t bits);

/// `owner`: 0 for the session's own account.
imap::status_values status_of(const storage::mail::mailbox_status&, std::uint64_t append_limit, base::account_id owner = {});

class list_rows final : public rows {
public:
  list_rows(std::shared_ptr<const listed_mailboxes> listed, imap::list command, imap::client_mode mode,
            std::uint64_t append_limit)
      : listed_(std::move(listed)), command_(std::move(command)), mode_(mode), append_limit_(append_limit) {}
  progress produce(base::buffer& out) override;

private:
  std::shared_ptr<const listed_mailboxes> listed_;
  imap::list command_;
  imap::client_mode mode_;
  std::uint64_t append_limit_;
  std::size_t next_ = 0;
};

} // namespace rookery::actors
