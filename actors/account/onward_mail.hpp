/// What goes on to somewhere else when mail reaches an account here: its forwarding, and replies to
/// rewritten senders.
///
/// One object a message and one thread. Source: policy/forwarding (SRS, macros, schedule).
#pragma once

#include "actors/config/settings.hpp"
#include "base/clock.hpp"
#include "base/crypto/secret_box.hpp"
#include "base/id.hpp"
#include "policy/forwarding/forward_rule.hpp"
#include "policy/routing/directory_view.hpp"
#include "storage/queue/command.hpp"
#include "storage/queue/envelope_record.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::queue {
class spool_view;
}

namespace rookery::actors {

struct onward_facts {
  std::shared_ptr<const routing::directory_view> directory;
  std::shared_ptr<const forwarding::forward_limits> limits;
  std::string sender;                               ///< envelope sender
  std::vector<std::string> delivered_to;            ///< addresses of the Delivered-To fields it came with, lower case
  base::wall_time now{};
  std::function<std::optional<base::wall_time>(base::account_id)> last_used; ///< of its forwarding, as noted; may be empty
};

class onward_mail {
public:
  explicit onward_mail(onward_facts facts) : facts_(std::move(facts)) {}

  /// Mail for `recipient` (as addressed) reaches this account. False: no copy stays in its mailbox.
  /// `notify`: what its sender wants to hear (smtp::notify).
  bool reaches(const routing::account_record&, std::string_view recipient, std::uint8_t notify);
  /// A message for each sender and way that came of it: as `like`, with recipients, sender and id of its own.
  std::vector<storage::queue::envelope> envelopes(const storage::queue::envelope& like,
                                                  const std::function<base::message_id()>& next_id) const;
  bool empty() const noexcept { return goes_.empty(); }
  /// How many messages there are by now: those of one `reaches` stand together, in the order of the calls.
  std::size_t count() const noexcept { return goes_.size(); }
  /// For the same commit: when the forwarding of these accounts was used, unless that was noted a moment ago.
  std::vector<storage::queue::put_note> notes() const;

private:
  struct going {
    std::string sender, account;
    delivery::relay way;
    std::string bad;                                ///< why it may not leave; then it waits in "bad"
    std::vector<std::string> targets;
    std::uint8_t notify = 0;
  };
  onward_facts facts_;
  std::vector<going> goes_;
  std::vector<base::account_id> used_;
};

/// "SRS0=…@ours" → the address behind it, when the mark is ours and the domain too; for recipients that nobody here has.
std::optional<std::string> rewritten_sender(const forwarding::forward_limits&, const routing::directory_view&,
                                            std::string_view recipient, base::wall_time now);

/// What a spool's notes say of an account's forwarding.
std::optional<base::wall_time> forward_used(const storage::queue::spool_view&, base::account_id);

/// What the settings allow. `srs_domain`: ours, to which reports about rewritten senders come; `secrets` may be
/// null: senders are not rewritten then.
std::shared_ptr<const forwarding::forward_limits> forward_limits_of(const config::settings&, const base::secret_box* secrets,
                                                                    std::string_view srs_domain);

} // namespace rookery::actors
