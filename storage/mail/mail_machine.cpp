#include "storage/mail/mail_machine.hpp"

#include "base/check.hpp"
#include "storage/mail/check.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/mail_store.hpp"
#include "storage/mail/mailbox_commands.hpp"
#include "storage/mail/message_commands.hpp"
#include "storage/mail/shard_state.hpp"
#include "storage/mail/sharing_commands.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace rookery::storage::mail {
namespace {

class tree_mail_machine final : public mail_machine {
public:
  tree_mail_machine(base::shard_id shard, std::shared_ptr<mail_store> store, const shard_record& reached)
      : shard_(shard), store_(std::move(store)), state_(store_), flushed_(reached), applied_(reached) {}

  base::shard_id shard() const override { return shard_; }
  log_position flushed() const override { return flushed_.applied; }
  log_position applied() const override { return applied_.applied; }

  command_result apply(const committed_command& c) override {
    command_result result;
    // Commands of a group that was applied in part before a flush are not applied again.
    if (c.lsn != 0 && c.lsn <= replayed_) {
      result.what = outcome::already_done;
    } else {
      result = apply_payload(c);
      store_->waiting_octets += 256;
      applied_.lsn = std::max(applied_.lsn, c.lsn);
    }
    if (c.group_end) applied_.applied = std::max(applied_.applied, c.next);
    return result;
  }

  bool quick(const committed_command& c) const override {
    if (c.bodies.size() != 1) return false;
    const auto account = account_of_arrival(c.payload);
    return account && state_.in_memory(*account);
  }

  std::vector<notice> publish() override { return state_.publish(); }
  std::size_t unflushed_octets() const override { return store_->waiting_octets; }

  base::result<void> flush(bool durable) override {
    tree::batch batch;
    state_.collect(batch);
    batch.put(key::shard(), encode(applied_));
    if (auto written = store_->rows->write(batch, durable); !written.ok()) return written;
    state_.flushed();
    flushed_ = applied_;
    store_->waiting_octets = 0;
    return {};
  }

  std::shared_ptr<account_cell> open_account(base::account_id account) override {
    return state_.open_account(account);
  }
  std::shared_ptr<mailbox_cell> open_mailbox(base::account_id account, base::mailbox_id mailbox,
                                             base::account_id reader) override {
    return state_.open_mailbox(account, mailbox, reader);
  }
  std::shared_ptr<const share_table> shares() const override { return store_->shares; }
  metadata_entries metadata(base::account_id account, base::mailbox_id mailbox, base::account_id reader) const override {
    return read_metadata(store_->pending, account, mailbox, reader);
  }
  std::vector<std::pair<base::mailbox_id, std::uint32_t>> recent(base::account_id account) override {
    return state_.recent(account);
  }

  void for_each_body(std::uint32_t segment,
                     const std::function<void(const body_ref&, base::account_id)>& each) const override {
    store_->pending.scan(key::bodies_in(segment), [&](std::string_view k, std::string_view value) {
      key_reader in(k);
      body_ref ref;
      ref.segment = in.u32();
      ref.offset = in.u32();
      const base::account_id account{in.u64()};
      base::check(in.ok(), "mail tree: damaged key of a body row");
      const auto row = read_body_row(value);
      ref.id = row.id;
      ref.length = row.length;
      each(ref, account);
      return true;
    });
  }

  octets_by_segment take_lost_bodies() override { return std::exchange(store_->lost_bodies, {}); }

  const tree& records() const override { return *store_->rows; }
  std::vector<std::string> check() const override { return check_tree(*store_->rows); }

private:
  command_result apply_payload(const committed_command& c) {
    command_result result;
    const auto read = decode_command(c.payload);
    if (!read.ok()) {
      result.what = outcome::malformed;
      return result;
    }
    if (const auto* relocate = std::get_if<relocate_body>(&read->what))
      return mail::apply(state_, *relocate, c.bodies);
    if (!read->account) {
      result.what = outcome::no_such_account;
      return result;
    }
    return std::visit(
        [&]<class C>(const C& what) -> command_result {
          if constexpr (std::is_same_v<C, append> || std::is_same_v<C, deliver> || std::is_same_v<C, replace_message>)
            return mail::apply(state_, read->account, read->time, what, c.bodies);
          else if constexpr (std::is_same_v<C, relocate_body>)
            return {};
          else
            return mail::apply(state_, read->account, read->time, what);
        },
        read->what);
  }

  const base::shard_id shard_;
  const std::shared_ptr<mail_store> store_;
  shard_state state_;
  shard_record flushed_;
  shard_record applied_;
  const std::uint64_t replayed_ = flushed_.lsn;
};

} // namespace

base::result<std::unique_ptr<mail_machine>> mail_machine::open(base::shard_id shard, std::unique_ptr<tree> rows,
                                                               mail_settings settings) {
  auto stored = rows->get(key::shard());
  if (!stored.ok()) return base::fail(stored.error());
  try {
    shard_record reached;
    reached.shard = shard.value;
    if (*stored) reached = read_shard_record(**stored);
    if (reached.shard != shard.value)
      return base::fail(base::error_kind::damaged, "Storage error", "mail tree: it belongs to another shard");
    auto store = std::make_shared<mail_store>(std::move(rows), settings);
    return std::unique_ptr<mail_machine>(std::make_unique<tree_mail_machine>(shard, std::move(store), reached));
  } catch (const base::broken& damage) {
    return base::fail(base::error_kind::damaged, "Storage error", damage.what());
  }
}

} // namespace rookery::storage::mail
