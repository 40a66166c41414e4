#include "actors/collection/collection_host.hpp"
#include "protocols/imap/client_session.hpp"

#include <variant>

namespace rookery::actors {
namespace {

namespace ce = imap::client_event;
using collection::imap_step;

/// Ranges of UIDs in one STORE: the line stays within what servers read.
constexpr std::size_t removal_ranges = 500;

std::shared_ptr<const imap::client_settings> settings_for(const run_order& order) {
  auto made = std::make_shared<imap::client_settings>();
  const auto& c = *order.what;
  made->login = {c.tls, c.login, order.password, c.plaintext_allowed};
  return made;
}

class imap_collection final : public collection_host<imap::client_session> {
public:
  imap_collection(node& n, std::shared_ptr<const run_order> order, const connection_facts& facts)
      : collection_host(n, order, settings_for(*order), facts), progress_(order_->progress) {}

private:
  void on(imap::client_session::event& e) override {
    std::visit([this](auto& what) { handle(what); }, e);
  }
  void handle(const ce::start_tls&) { link().start_tls(); }
  void handle(const ce::check_peer&) { check_peer(); }
  void handle(ce::derive_key& k) { derive(std::move(k.question)); }
  void handle(const ce::mailbox&) {}
  void handle(const ce::found&) {}
  void handle(const ce::news&) {}
  void handle(const ce::want_body&) {}
  void handle(const ce::ready&) {
    open([this] { session_.select(order_->what->source_folder, !order_->what->keep_days, now()); });
  }
  void handle(const ce::selected& s) {
    if (s.uid_validity == 0) fail("the server gives the folder no UIDVALIDITY");
    // RFC 9051 §2.3.1.1: with another one, the numbers mean other messages.
    if (progress_.uid_validity != s.uid_validity) progress_ = {s.uid_validity, 0, {}};
    messages_ = s.messages;
  }
  void handle(const ce::row& r) {
    switch (collection::judge(*order_->what, progress_, {r.uid, r.size, r.internal_date}, node_.clock->wall())) {
    case imap_step::fetch: fetch_.push_back(r.uid); break;
    case imap_step::too_large: too_large_.push_back(r.uid); break;
    case imap_step::remove: imap::append_number(remove_, r.uid); break;
    case imap_step::leave: break;
    }
  }
  void handle(const ce::message_begin& m) {
    message_.begin();
    oversized_ = m.octets > order_->what->message_octets_max;
    if (oversized_ || stopped_) session_.skip_message();
  }
  void handle(const ce::message_chunk& c) { message_.append(c.octets); }
  void handle(const ce::message_end& m) {
    if (stopped_) return;
    if (oversized_) {
      progress_.leave_out(m.uid);
      ++result_.left;
      return;
    }
    auto next = progress_;
    pass_large_below(next, m.uid);
    next.add(m.uid);
    if (next.left_out.size() > collection::left_out_max) {
      fail("too many messages are too large: the rest is not looked at");
      return finish();
    }
    const auto note = [this](const collection::imap_progress& p) {
      storage::queue::put_note n;
      n.space = note_space;
      n.key = note_prefix(order_->what->id) + std::string(progress_key);
      n.value = collection::to_text(p);
      return n;
    };
    storage::mail::flag_set flags;
    flags.system = m.flags.system & ~imap::flag::deleted;
    flags.keywords = m.flags.keywords;
    storing_ = true;
    message_.store(link(), note(next), note(progress_), std::move(flags), m.internal_date.value_or(node_.clock->wall()),
                   [this, next, uid = m.uid](const arriving_message::outcome& done) {
      storing_ = false;
      if (!done.stored) {
        fail(done.reason);
        return finish();
      }
      progress_ = next;
      ++result_.collected;
      if (order_->what->keep_days == 0u) imap::append_number(gone_there_, uid);
    });
  }
  /// What is too large and lies below is passed now: it is left out by name.
  void pass_large_below(collection::imap_progress& p, std::uint32_t uid) {
    for (const auto large : too_large_)
      if (large < uid && large > p.last_uid) p.leave_out(large);
  }
  void handle(const ce::done& d) {
    switch (d.what) {
    case imap::client_command::select:
      if (!d.ok) fail("the folder cannot be opened there: " + d.text);
      if (!result_.reason.empty() || messages_ == 0) return finish();
      return session_.rows(collection::first_row(*order_->what, progress_), 0, now());
    case imap::client_command::rows:
      if (!d.ok) {
        fail("the folder cannot be listed there: " + d.text);
        return finish();
      }
      std::sort(fetch_.begin(), fetch_.end());
      std::sort(too_large_.begin(), too_large_.end());
      result_.left += static_cast<std::uint32_t>(too_large_.size());
      return pump();
    case imap::client_command::fetch:
      ++ended_;
      if (!d.found && !stopped_) {
        progress_.leave_out(d.uid); // gone, or not to be had: tried again next time
        ++result_.left;
      }
      return pump();
    case imap::client_command::store:
      if (!d.ok) {
        fail("what was collected cannot be removed there: " + d.text);
        return finish();
      }
      return;
    case imap::client_command::expunge:
      if (d.ok) result_.removed += static_cast<std::uint32_t>(expunging_);
      else fail("what was collected cannot be removed there: " + d.text);
      return pump();
    default: return;
    }
  }
  void pump() {
    while (!stopped_ && fetched_ < fetch_.size() && session_.can_ask() && fetched_ - ended_ < ahead)
      session_.fetch(fetch_[fetched_++], now());
    if (ended_ < fetched_ || (!stopped_ && fetched_ < fetch_.size())) return;
    remove_some();
  }
  void remove_some() {
    if (!gone_there_.empty()) {
      remove_.insert(remove_.end(), gone_there_.begin(), gone_there_.end());
      imap::normalize(remove_);
      gone_there_.clear();
    }
    if (remove_.empty() || !session_.can_ask()) return session_.quit(now());
    const auto many = std::min(removal_ranges, remove_.size());
    const imap::number_ranges some(remove_.end() - static_cast<std::ptrdiff_t>(many), remove_.end());
    remove_.resize(remove_.size() - many);
    expunging_ = imap::count(some);
    session_.store(some, true, {imap::flag::deleted, {}}, now());
    session_.expunge(some, now());
  }
  /// What was collected so far still goes there.
  void finish() override {
    if (std::exchange(stopped_, true)) return session_.quit(now());
    if (ended_ == fetched_) remove_some();
  }
  void handle(const ce::gone& g) {
    if (g.why != imap::client_end::logout) fail(std::string(name(g.why)) + (g.text.empty() ? "" : ": " + g.text));
  }

  /// Messages asked for and not whole yet.
  static constexpr std::size_t ahead = 16;
  collection::imap_progress progress_;
  std::vector<std::uint32_t> fetch_, too_large_;
  imap::number_ranges remove_, gone_there_;
  std::size_t fetched_ = 0, ended_ = 0;
  std::uint64_t expunging_ = 0;
  std::uint32_t messages_ = 0;
  bool stopped_ = false, oversized_ = false;
};

} // namespace

std::unique_ptr<net::protocol> make_imap_collection(node& n, std::shared_ptr<const run_order> order, const connection_facts& facts) {
  return std::make_unique<imap_collection>(n, std::move(order), facts);
}

} // namespace rookery::actors
