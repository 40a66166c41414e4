/// The searches of a session whose client wants to hear when their results change.
///
/// Lives as long as the mailbox is selected, in the connection's thread. It knows which messages
/// each search found; after each look at news those that changed are asked about again, alone:
/// at once when flags and other columns decide, else in a reader, and so are orders. An answer
/// becomes the truth when it is written: what vanished meanwhile is taken out of it before.
///
/// Source: RFC 5267 §4.3 (CONTEXT=SEARCH, CONTEXT=SORT).
#pragma once

#include "actors/imap/mailbox_session.hpp"
#include "actors/imap/search_rows.hpp"
#include "protocols/imap/response_writer.hpp"
#include "protocols/imap/result_update.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

class search_contexts final : public mailbox_observer, public std::enable_shared_from_this<search_contexts> {
public:
  /// `mailbox` must outlive it. `wake` is called when there is something that `tell` would write.
  search_contexts(const node& n, net::connection& link, const mailbox_session& mailbox, std::function<void()> wake)
      : node_(n), link_(link), mailbox_(mailbox), wake_(std::move(wake)) {}

  bool has(std::string_view tag) const noexcept;
  std::size_t count() const noexcept { return all_.size(); }
  /// Results of all that have an order.
  std::size_t ordered_results() const noexcept;
  /// `found`: UIDs, ascending; in their order when there is one. The program holds no message
  /// numbers (`fixed_numbers`).
  void add(std::string tag, bool uid, imap::search_program, std::optional<imap::sort> order, imap::fetch_items items,
           std::vector<std::uint32_t> found);
  void cancel(std::string_view tag);

  // mailbox_observer: within tell_news.
  void vanished(imap::response_writer&, std::span<const std::uint32_t> uids) override;
  void changed(std::span<const std::uint32_t> uids) override;

  /// Asks about what changed, and writes what is known. After tell_news.
  void tell(imap::response_writer);
  /// Is it still looked which messages match?
  bool asking() const noexcept;
  /// New messages that must be shown before their results are told (RFC 5465 §7).
  struct rows_first {
    std::uint64_t serial = 0;
    imap::fetch_items items;
    imap::number_ranges uids;
  };
  std::optional<rows_first> due() const;
  /// They were shown.
  void shown(std::uint64_t serial, imap::response_writer);

  /// The program with its message numbers and "$" as the UIDs that they mean now (RFC 5267 §4.3).
  static imap::search_program fixed_numbers(imap::search_program, const imap::sequence_map&,
                                            std::span<const imap::number_range> saved_uids);

private:
  struct answer {
    imap::number_ranges asked;        ///< UIDs
    std::vector<std::uint32_t> hits;  ///< of them, ascending
    std::vector<std::uint32_t> order; ///< all results, when there is an order
  };
  struct context {
    std::uint64_t serial = 0;
    std::string tag;
    bool uid = false;
    imap::search_program program;
    std::optional<imap::sort> order;
    imap::fetch_items items;
    std::vector<std::uint32_t> found;
    imap::number_ranges fresh;        ///< UIDs of messages that came since results were told last
    imap::number_ranges unasked;      ///< UIDs that changed
    bool asking = false;
    std::optional<answer> known;      ///< to be written
  };

  context* find(std::uint64_t serial) noexcept;
  void ask(context&);
  void search(std::uint64_t serial, std::shared_ptr<search_run>, std::shared_ptr<answer>);
  void searched(std::uint64_t serial, const search_run&, std::shared_ptr<answer>);
  void arrange(std::uint64_t serial, std::shared_ptr<search_run>, std::shared_ptr<answer>);
  void keep(std::uint64_t serial, answer&&);
  void give_up(std::uint64_t serial, const answer&);
  void in_reader(std::function<void()> task, std::function<void()> then);
  std::shared_ptr<search_run> run_over(const imap::search_program&, const imap::number_ranges& uids) const;
  bool there(std::uint32_t uid) const;
  static imap::number_ranges to_show(const context&);
  void write(imap::response_writer&, context&);
  void write_item(imap::response_writer&, const context&, std::string_view item, std::span<const imap::result_step>) const;

  const node& node_;
  net::connection& link_;
  const mailbox_session& mailbox_;
  std::function<void()> wake_;
  std::vector<context> all_;
  std::uint64_t serials_ = 0;
  std::uint32_t newest_ = mailbox_.map().largest_uid();
  bool telling_ = false;
};

} // namespace rookery::actors
