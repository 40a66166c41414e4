/// The meeting place of an IMAP session: asks the shard, the log, the readers and the login
/// service, and writes what the views hold.
///
/// One command runs at a time. What it is waiting for is in here: a commit, rows that are
/// written in slices, or a request to the shard. docs/walks/fetch.md follows one.
///
/// Source: RFC 9051, RFC 3501; RFC 2180 (several clients); RFC 5530 (codes).
#pragma once

#include "actors/account/account_entry.hpp"
#include "actors/account/url_key_reset.hpp"
#include "actors/imap/append_gathering.hpp"
#include "actors/imap/guest_accounts.hpp"
#include "actors/imap/list_rows.hpp"
#include "actors/imap/mailbox_session.hpp"
#include "actors/imap/rows.hpp"
#include "actors/imap/search_contexts.hpp"
#include "actors/imap/url_gate.hpp"
#include "actors/imap/virtual_mailbox.hpp"
#include "actors/net/protocol.hpp"
#include "actors/node.hpp"
#include "actors/relay/handover.hpp"
#include "protocols/imap/server_session.hpp"
#include "storage/mail/command.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::actors {

/// For a listener's `make`.
std::unique_ptr<net::protocol> make_imap_host(node&, std::shared_ptr<const imap::server_settings>,
                                              const connection_facts&);

/// For a session that another node has logged in (actors/relay).
std::unique_ptr<net::protocol> make_imap_host(node&, std::shared_ptr<const imap::server_settings>, const session_handover&);

inline constexpr std::string_view quota_text = "The account's quota would be exceeded";

class imap_host final : public net::session_host<imap::server_session> {
public:
  imap_host(node&, std::shared_ptr<const imap::server_settings>, const connection_facts&);
  imap_host(node&, std::shared_ptr<const imap::server_settings>, const session_handover&);

  caf::message_handler messages() override;
  bool produce() override;
  bool busy() const override { return session_.command_open(); }
  void gone() override;
  base::const_bytes rest() const override { return session_.unread(); }

protected:
  void on(imap::server_session::event&) override;

private:
  using committed = std::function<void(const storage::command_result&)>;

  // imap_login.cpp
  void handle(imap::find_credentials&);
  void handle(imap::check_password&);
  void handle(imap::check_proof&);
  void handle(imap::authenticated&);
  void handle(imap::authentication_failed&);
  void begin_account();
  void hand_over();
  void handle(imap::start_tls&);
  void handle(imap::compress&);
  void handle(imap::client_id&);
  void handle(imap::logged_out&) {}
  void run(imap::unauthenticate&);
  void close_account(bool quiet_hours);

  // imap_selection.cpp
  void handle(imap::idle_begin&);
  void handle(imap::idle_end&);
  void handle(imap::condstore_enabled&);
  void run(imap::noop&);
  void run(imap::check&);
  void run(imap::select&);
  void run(imap::close_mailbox&);
  void run(imap::unselect&);
  void opened(const imap::select&, std::shared_ptr<storage::mail::mailbox_cell>);
  const std::shared_ptr<account_watch>& selected_watch() const { return visiting_ ? visiting_->guest->watch : entry_.watch(); }
  void resynchronize(const imap::select&);
  void end_select();
  void leave_mailbox();
  /// Writes VANISHED (EARLIER) of `known` UIDs that are gone since `modseq`, then calls `then`.
  void tell_vanished(std::uint64_t modseq, imap::number_ranges known, std::function<void()> then);

  // imap_messages.cpp
  void run(imap::fetch&);
  void run(imap::store&);
  void run(imap::search&);
  void run(imap::sort&);
  void run(imap::thread&);
  void run(imap::copy&);
  void run(imap::move&);
  void run(imap::expunge&);
  void run(imap::uid_batches&);
  /// `page`: UIDs of the page that was asked for.
  void fetch_selected(const imap::fetch&, const std::optional<imap::number_ranges>& page, imap::number_ranges just_seen,
                      bool some_gone);
  void stored(const imap::store&, const imap::number_ranges& uids, bool some_gone, const storage::command_result&);
  void transfer(bool leave, bool uid, const imap::sequence_set&, const std::string& to_name);
  using selected_rows = imap::sequence_map::selection;
  void transfer_known(bool leave, const selected_rows&, base::mailbox_id to, const guest_ptr& to_guest, std::uint8_t keep);
  /// `send`, if the account has room for copies of the rows.
  void if_room(const guest_ptr&, const selected_rows&, std::function<void()> send);
  /// Of more messages than a command may work on the newest stay, and its answer will say so (RFC 9738).
  void keep_allowed(imap::sequence_map::selection&);
  /// The rows that a command names. Nothing: the command was answered already.
  std::optional<imap::sequence_map::selection> select_rows(const imap::sequence_set&, bool uid);
  /// `in_parts`: of more messages than a command may look at the newest are searched; else it is refused.
  void search_then(const imap::search_program&, bool in_parts, std::function<void(std::shared_ptr<class search_run>)> then);
  template <class Result>
  void arrange(std::shared_ptr<search_run>, std::function<Result(const search_run&)> work,
               std::function<void(const Result&)> then);

  // imap_notify.cpp
  void run(imap::notify&);
  void push();
  void push_soon();
  void overflow();
  void tell_mailboxes();
  void tell_new_messages();
  /// NOTIFY names mailboxes that may be those of others.
  bool asks_of_others() const;
  struct others_walk;
  /// Watches the accounts that share something, one after the other, then calls `w->then`.
  void watch_others(const std::shared_ptr<others_walk>& w);
  void forget_others();
  void tell_others();
  /// What is watched of another's mailbox; 0: nothing, or it may not be read.
  std::uint8_t events_of_other(const guest_account&, const storage::mail::mailbox_status&);
  void watch_mailbox();
  void end_told(std::string_view text);
  bool hears_of_messages() const noexcept;
  const imap::notify_group* notified_selection() const noexcept;
  /// A name that this session changed itself: it is not told (RFC 5465 §5).
  void note_own_name(std::string_view name) {
    if (notify_ && notify_->own_names.size() < settings_->limits.notify_changes) notify_->own_names.emplace_back(name);
  }

  /// Annotations that this session changed itself are not told either (RFC 5465 §5.6).
  void note_own_annotations(base::mailbox_id mailbox, const std::vector<std::string>& names) {
    if (!notify_) return;
    for (const auto& name : names)
      if (notify_->own_annotations.size() < settings_->limits.notify_changes) notify_->own_annotations.emplace_back(mailbox, name);
  }

  /// Messages that this session brought into a mailbox: they are not shown to it (RFC 5465 §5.2).
  void note_own_messages(base::account_id owner, const storage::command_result&);

  // imap_multi_search.cpp
  void run(imap::multi_search&);
  struct searched_mailboxes;
  void search_next(std::shared_ptr<searched_mailboxes>);
  void search_all(std::shared_ptr<searched_mailboxes>);
  void search_one(std::shared_ptr<searched_mailboxes>, const mailbox_session&, const std::string& name, bool selected);

  // imap_filters.cpp
  /// Puts filters' keys in the program, which must live until then, and calls `then`; or answers the command.
  void expand_filters(imap::search_program&, std::function<void()> then);
  template <class Command>
  void run_expanded(Command& c, imap::search_program Command::*program) {
    auto kept = std::make_shared<Command>(std::move(c));
    expand_filters((*kept).*program, [this, kept] { run(*kept); });
  }

  // imap_contexts.cpp
  void run(imap::cancel_update&);
  /// False: the tag has a context already, and the command was answered.
  bool may_update(std::uint16_t returns);
  /// Notes the results of a search with UPDATE, or says NOUPDATE. `found`: UIDs in their order.
  void keep_context(std::uint16_t returns, bool uid, const imap::search_program&, std::optional<imap::sort> order,
                    const imap::fetch_items& items, std::vector<std::uint32_t> found);
  void show_matches();
  /// True: the command's end comes when its contexts have been looked at, or soon without them.
  bool wait_for_contexts(std::string_view code, std::string_view text);
  void end_after_contexts();

  // imap_progress.cpp
  /// Tells the client now and then how far its command is, until it is answered.
  void tell_progress(std::function<std::pair<std::uint32_t, std::uint32_t>()> how_far);
  void tell_progress_later(std::uint64_t command, std::function<std::pair<std::uint32_t, std::uint32_t>()> how_far);

  // imap_append.cpp
  void handle(imap::append_begin&);
  void accept_append(const imap::append_message&, base::mailbox_id to);
  void handle(imap::append_next&);
  void handle(imap::append_chunk&);
  void handle(imap::append_message_end&) {}
  void handle(imap::append_end&);
  void handle(imap::append_aborted&);
  void store_append(std::shared_ptr<append_gathering>, append_gathering::gathered);
  void begin_append(base::mailbox_id to, const imap::append_message&);

  // imap_urls.cpp
  void handle(imap::append_url&);
  void handle(imap::append_text&);
  void run(imap::reset_key&);
  /// The keys of a mailbox; then those other sessions are told.
  void reset_url_key(base::account_id owner, base::mailbox_id, storage::mail::set_metadata);
  void url_key_was_reset(const url_key_reset&);
  void run(imap::gen_url_auth&);
  void run(imap::url_fetch&);
  const url_gate& gate();
  bool is_own_host(std::string_view host) const;
  bool is_own_user(std::string_view user) const;
  /// The mailbox that a URL names, if this user may read it; else `then(nullptr)`. `then` may be called at once.
  void open_url(const imap::message_url&, const std::string& text,
                std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then);
  void refuse_url(const std::string& text);
  /// What is gathered, and so many octets more, passes the account's bounds.
  bool append_over_quota(std::uint64_t more) const;
  struct url_walk;
  void next_gen_url_auth(const std::shared_ptr<url_walk>&);
  void next_url_fetch(const std::shared_ptr<imap::url_fetch>&, std::size_t next);

  // imap_replace.cpp
  void begin_replace(const imap::append_begin&, base::mailbox_id to);
  void store_replacement(std::shared_ptr<append_gathering>, append_gathering::gathered);
  /// The UID that REPLACE names in the selected mailbox; 0: none, and it was answered.
  std::uint32_t find_replaced(const imap::replaced_message&);
  /// The same where two accounts, or a guest's rights, are concerned. False: it was answered.
  bool begin_replace_apart(const imap::replaced_message&);
  void remove_replaced(std::string append_uid);

  // imap_mailboxes.cpp
  void run(imap::create_mailbox&);
  void run(imap::delete_mailbox&);
  void run(imap::rename_mailbox&);
  void run(imap::subscribe&);
  void run(imap::list&);
  void list(imap::list, recent_counts, std::vector<foreign_mailbox>);
  void print_list(std::shared_ptr<listed_mailboxes>, const imap::list&);
  void run(imap::status&);

  // imap_quota.cpp
  void run(imap::get_quota&);
  void run(imap::get_quota_root&);
  void run(imap::set_quota&);
  bool administers() const;
  /// The account of a root; null when there is none that this user may know of.
  routing::account_ptr quota_root_named(const std::string& root) const;
  void with_use_of(base::account_id, std::function<void(const storage::mail::account_view&)> then);

  // imap_sharing.cpp: lists of rights, annotations.
  void run(imap::set_acl&);
  void run(imap::delete_acl&);
  void run(imap::get_acl&);
  void run(imap::list_rights&);
  void run(imap::my_rights&);
  void run(imap::get_metadata&);
  void run(imap::set_metadata&);
  void change_rights(const std::string& mailbox, const std::string& who, rights::rights_change, std::string_view command);
  /// Annotations for LIST, into `metadata`.
  void add_metadata(std::shared_ptr<listed_mailboxes>, std::vector<std::string> entries, std::function<void()> then);
  struct metadata_walk;
  void next_metadata(const std::shared_ptr<metadata_walk>&);

  // imap_guests.cpp: mailboxes of others.
  /// A mailbox that a command names: one's own, or another's as far as there are rights.
  struct place {
    guest_ptr guest;                                    ///< null: one's own
    account_view_ptr list;                              ///< of its account; null when no account has it
    const storage::mail::mailbox_status* status = nullptr; ///< null: no such mailbox
    std::string name;                                   ///< in its account
    rights::rights_set rights = 0;
    bool failed = false;                                ///< the account cannot be opened now
    bool composed = false;                              ///< a virtual mailbox: it has nothing of its own
  };
  using placed = std::function<void(const place&)>;
  guest_accounts& guests();
  /// A mailbox below one of the namespaces; `then` may be called at once.
  void find_foreign(const std::string& name, placed then);
  /// The same, or one's own.
  void find_place(const std::string& name, placed then);
  /// Is it below a namespace of others, and no own mailbox stands in its place?
  bool is_foreign(std::string_view name) const;
  /// What is answered when the rights do not suffice; nothing when they do.
  struct refusal_words {
    std::string_view code, text;
  };
  static std::optional<refusal_words> refusal(const place&, rights::rights_set wanted,
                                              std::string_view missing_mailbox_code = "NONEXISTENT");
  /// The same as the answer of the open command; true when it was given.
  bool refused(const place&, rights::rights_set wanted, std::string_view missing_mailbox_code = "NONEXISTENT");
  /// Rights in the selected mailbox.
  bool may(rights::rights_set wanted) const { return !visiting_ || rights::has(visiting_->rights, wanted); }
  base::account_id selected_owner() const { return visiting_ ? visiting_->guest->owner->id : entry_.id(); }
  bool is_selected(base::account_id owner, base::mailbox_id id) const {
    return selected_ && selected_owner() == owner && selected_->id() == id;
  }
  /// As its client names it.
  std::string selected_name() const { return (visiting_ ? visiting_->guest->prefix : "") + selected_->view().status.name; }
  base::account_id own_id_as_reader_of(base::account_id owner) const { return owner == entry_.id() ? base::account_id{} : entry_.id(); }
  /// False: the right to read the selected mailbox was taken away.
  bool still_visiting();
  /// The same, at the beginning of a command that changes something; true: it was answered.
  bool visit_ended();
  std::string_view gone_text() const;
  void select_foreign(const imap::select&);
  void status_foreign(const imap::status&);
  void create_foreign(const imap::create_mailbox&);
  void delete_foreign(const imap::delete_mailbox&);
  void rename_foreign(const imap::rename_mailbox&);
  void append_foreign(const imap::append_begin&);
  void transfer_foreign(bool leave, const selected_rows&, const std::string& to_name);
  void copy_over(bool leave, const selected_rows&, base::mailbox_id to, const guest_ptr& to_guest, std::uint8_t keep);
  /// Mailboxes of others that LIST may show.
  void foreign_mailboxes(std::function<void(std::vector<foreign_mailbox>)> then);
  struct foreign_walk;
  void next_foreign(const std::shared_ptr<foreign_walk>&);
  void print_status(const std::string& name, std::uint32_t items, imap::status_values, bool deleted,
                    const std::shared_ptr<storage::mail::mailbox_cell>&);

  // imap_virtual.cpp: mailboxes that show messages of the account's others.
  /// Nothing: no such, or an own mailbox stands in its place.
  std::optional<virtual_kind> find_virtual(std::string_view name) const;
  void select_virtual(const imap::select&, virtual_kind);
  void tell_virtual(imap::response_writer&);
  void status_virtual(const imap::status&, virtual_kind);
  using composed = std::function<void(std::shared_ptr<virtual_mailbox>)>;
  void compose_virtual(virtual_kind, composed then);
  /// Adds the virtual mailboxes to what LIST may show.
  void list_virtual(const imap::list&, std::vector<foreign_mailbox>, std::function<void(std::vector<foreign_mailbox>)> then);
  /// Mailboxes that have something for the selected one and are not open yet.
  std::vector<base::mailbox_id> missing_sources() const;
  void open_sources(std::shared_ptr<virtual_mailbox>, std::vector<base::mailbox_id>, std::function<void()> then);
  void open_more_sources();
  /// True: not possible in a virtual mailbox, and answered.
  bool refused_in_virtual(const imap::any_command&);
  void copy_from_virtual(const imap::number_ranges& uids, base::mailbox_id to, std::uint8_t keep);
  /// Flags of messages of the selected mailbox, in whichever mailboxes they lie. `uids` of `what` are as the client sees them.
  void change_flags(storage::mail::store_flags what, committed then, std::function<void()> otherwise = {});

  // imap_host.cpp: what all of them use.
  void handle(imap::command&);
  void run_command(imap::any_command&);

  std::shared_ptr<const storage::mail::account_view> mailboxes() const { return entry_.handles().cell->view(); }
  /// Sends one command of the account's shard down the durable path and calls `then` when it is
  /// durable, applied and published. When it cannot be written the open command fails, or
  /// `otherwise` is called.
  void change(storage::mail::any_command what, committed then, std::function<void()> otherwise = {},
              std::vector<storage::body_source> bodies = {}, std::shared_ptr<void> keep = {});
  /// The same in another account.
  void change_in(base::account_id, storage::mail::any_command what, committed then, std::function<void()> otherwise = {},
                 std::vector<storage::body_source> bodies = {}, std::shared_ptr<void> keep = {});
  /// Several at once in the session's own account; `then` gets their outcomes in order.
  using all_committed = std::function<void(const std::vector<storage::command_result>&)>;
  void change_all(std::vector<storage::mail::any_command>, all_committed then, std::function<void()> otherwise = {});
  /// The same for a group of any kind with one command.
  void commit(storage::commit_group, committed then, std::function<void()> otherwise = {}, std::shared_ptr<void> keep = {});
  void committed_now(const commit_done&);
  /// Produces rows, then calls `then` (the rows live until it returns).
  void produce_rows(std::unique_ptr<rows>, std::function<void()> then);
  /// Runs `task` in a reader, then `then` here; when the readers are busy a little later.
  void in_reader(std::function<void()> task, std::function<void()> then);
  /// Asks the account's shard for a mailbox; `then` gets null when there is none, or none can be had.
  void open_mailbox(base::account_id owner, base::mailbox_id,
                    std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then);

  /// The account's bounds would be passed by so much more.
  bool over_quota(const guest_ptr&, std::uint64_t octets, std::uint64_t messages) const;

  // The end of the open command: news first, then the tagged answer.
  void end_ok(std::string_view code, std::string_view text);
  void end_no(std::string_view code, std::string_view text);
  void end_bad(std::string_view text);
  /// NO for an outcome that is not `done`.
  void end_refused(storage::outcome, std::string_view missing_mailbox_code = "NONEXISTENT");
  void end_unavailable();
  bool tell_news(const own_change* own = nullptr);
  /// Before a command that reads: flags and new messages, but no EXPUNGE. False: the mailbox is
  /// gone, and the command was answered.
  bool tell_news_early();
  void end();

  node& node_;
  std::shared_ptr<const imap::server_settings> settings_;

  account_entry entry_;
  base::account_id handed_over_;             ///< whom another node has logged in; 0 when nobody, or when that is over

  std::unique_ptr<mailbox_session> selected_;
  std::shared_ptr<virtual_mailbox> virtual_; ///< of `selected_`, when it shows messages of others
  std::size_t left_out_ = 0;                 ///< mailboxes that `virtual_` had no room for
  bool opening_ = false;                     ///< open_more_sources waits for the shard
  struct notify_state {
    imap::notify what;
    std::shared_ptr<const storage::mail::account_view> seen; ///< what was told of the other mailboxes
    std::vector<std::string> own_names;
    std::vector<std::pair<base::mailbox_id, std::string>> own_annotations;
    imap::number_ranges fresh;               ///< UIDs of new messages that are still to be shown
    imap::number_ranges own_uids;            ///< of them, those that this session brought itself
    struct other {
      guest_ptr account;
      std::shared_ptr<const storage::mail::account_view> seen;
    };
    std::vector<other> others;               ///< accounts of others whose messages are told of
    bool due = false;                        ///< something changed while nothing could be told
  };
  std::unique_ptr<notify_state> notify_;     ///< null before the first NOTIFY
  std::shared_ptr<search_contexts> contexts_; ///< of `selected_`; null without any
  struct visit {
    guest_ptr guest;
    rights::rights_set rights = 0;
    std::shared_ptr<const storage::mail::mailbox_access> access; ///< that `rights` were made of
    std::uint64_t directory_version = 0;
  };
  bool url_key_news_ = false;                ///< the selected mailbox has another key for URLs: the next answer says so
  std::unique_ptr<visit> visiting_;          ///< where the selected mailbox is another's
  std::unique_ptr<guest_accounts> guests_;
  std::unique_ptr<url_gate> gate_;           ///< null before the first URL

  // The open command.
  std::size_t kind_ = 0;                     ///< index in imap::any_command, or `append_kind`
  bool expunges_ = false;                    ///< EXPUNGE may be sent at its end
  std::string limit_code_;                   ///< MESSAGELIMIT with its data, when it did not do all
  base::instant begun_{};
  std::uint64_t commands_ = 0;               ///< so far, this one too
  struct pending_change {
    all_committed then;
    std::function<void()> otherwise;
  };
  std::unique_ptr<pending_change> change_;
  struct pending_end {
    std::string code, text;
  };
  std::unique_ptr<pending_end> ending_;      ///< OK that waits for `contexts_`
  std::uint64_t token_ = 0;
  std::unique_ptr<rows> rows_;
  std::function<void()> after_rows_;
  bool yielded_ = false;
  std::shared_ptr<append_gathering> append_;
  std::uint32_t replaces_ = 0;               ///< UID that goes when `append_` is stored; 0 for APPEND
  bool replaces_apart_ = false;              ///< the new one is stored first, then the other goes
  std::uint64_t replaced_octets_ = 0;        ///< of the message with that UID, when the new one comes in parts
  guest_ptr append_guest_;                   ///< whose mailbox `append_` is for; null: one's own
  std::uint8_t append_may_ = imap::flag_right::all;
};

} // namespace rookery::actors
