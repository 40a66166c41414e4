/// What is to be copied between an account's mailboxes and files or another server, and how far it is.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "policy/transfer/folder_map.hpp"
#include "protocols/maildir/folder_name.hpp"
#include "protocols/mbox/reader.hpp"
#include "protocols/remote_login.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

enum class transfer_kind : std::uint8_t { import_mbox, import_maildir, import_cyrus, export_mbox, export_maildir, migrate };
/// "import-mbox" and so on.
std::string_view name(transfer_kind) noexcept;

/// Immutable while it runs.
struct transfer_order {
  transfer_kind kind = transfer_kind::import_mbox;
  base::account_id account;
  std::string address;               ///< of the account
  std::string path;                  ///< files: absolute
  std::string mailbox;               ///< import of one mbox file: where to; INBOX
  mbox::dialect dialect = mbox::dialect::mboxrd;
  maildir::layout layout = maildir::layout::maildirpp;
  std::string owner;                 ///< import of Cyrus: whose mailboxes there; "": called as the account
  bool crlf = false;                 ///< export to a Maildir: octets as they are
  transfer::folder_rules rules;
  bool dry_run = false;              ///< nothing is changed
  bool again = false;                ///< what was copied before does not count

  std::string host;                  ///< migrate: from here on
  std::uint16_t port = 993;
  tls_use tls = tls_use::implicit;
  bool certificate_checked = true;
  bool plaintext_allowed = false;
  std::string login, password;       ///< the service takes the password out and wipes it at the end
  bool expunge = false;              ///< what was removed there since the last pass is removed here

  ~transfer_order();
};

enum class transfer_status : std::uint8_t { running, done, failed, stopped };
std::string_view name(transfer_status) noexcept;

/// All that is told of it. Counts what is durable.
struct transfer_state {
  transfer_status status = transfer_status::running;
  std::string folder;                ///< the present one
  std::uint64_t folders = 0;         ///< that are done
  std::uint64_t messages = 0;        ///< copied now; in a dry run, that would be
  std::uint64_t octets = 0;          ///< of them
  std::uint64_t known = 0;           ///< copied before
  std::uint64_t flags_changed = 0, expunged = 0;
  std::uint64_t left_out = 0;        ///< that cannot be copied; the log says which
  std::uint64_t expected = 0;        ///< messages of the present folder that are to be copied; 0: not known
  std::string reason;                ///< why it failed, or what was left out first; printable
  base::wall_time began{};
  std::optional<base::wall_time> ended;
};

/// One transfer, shared by the thread that does it and by those who ask. Thread-safe.
class transfer_run {
public:
  transfer_run(std::uint64_t id, std::shared_ptr<const transfer_order> order, base::wall_time now)
      : id_(id), order_(std::move(order)) {
    state_.began = now;
  }
  std::uint64_t id() const noexcept { return id_; }
  const transfer_order& order() const noexcept { return *order_; }
  transfer_state state() const {
    const std::lock_guard hold(lock_);
    return state_;
  }
  template <class Change>
  void change(Change&& f) {
    const std::lock_guard hold(lock_);
    f(state_);
  }
  void stop() noexcept { stopped_.store(true); }
  bool stopped() const noexcept { return stopped_.load(); }

private:
  const std::uint64_t id_;
  const std::shared_ptr<const transfer_order> order_;
  mutable std::mutex lock_;
  transfer_state state_;
  std::atomic<bool> stopped_{false};
};
using transfer_run_ptr = std::shared_ptr<transfer_run>;

} // namespace rookery::actors
