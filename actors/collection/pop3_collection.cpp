#include "actors/collection/collection_host.hpp"
#include "protocols/pop3/client_session.hpp"

#include <variant>

namespace rookery::actors {
namespace {

namespace ce = pop3::client_event;

/// A maildrop is listed whole: so many messages are some megabytes.
constexpr std::uint32_t messages_max = 100'000;
/// Notes dropped in one commit.
constexpr std::size_t forget_batch = 1000;

std::shared_ptr<const pop3::client_settings> settings_for(const run_order& order) {
  auto made = std::make_shared<pop3::client_settings>();
  const auto& c = *order.what;
  made->login = {c.tls, c.login, order.password, c.plaintext_allowed};
  made->limits.messages = messages_max;
  return made;
}

class pop3_collection final : public collection_host<pop3::client_session> {
public:
  pop3_collection(node& n, std::shared_ptr<const run_order> order, const connection_facts& facts)
      : collection_host(n, order, settings_for(*order), facts) {}

private:
  void on(pop3::client_session::event& e) override {
    std::visit([this](auto& what) { handle(what); }, e);
  }
  void handle(const ce::start_tls&) { link().start_tls(); }
  void handle(const ce::check_peer&) { check_peer(); }
  void handle(ce::derive_key& k) { derive(std::move(k.question)); }
  void handle(const ce::entry& x) { listing_.push_back({x.number, x.octets, std::string(x.uid)}); }
  void handle(const ce::listed&) {
    plan_ = collection::plan(*order_->what, listing_, order_->seen, node_.clock->wall());
    for (const auto& m : listing_) {
      if (uids_.size() < m.number) uids_.resize(m.number);
      uids_[m.number - 1] = m.uid;
    }
    std::vector<collection::listed_message>().swap(listing_);
    result_.left = plan_.too_large;
    if (plan_.impossible) fail("the server has no unique ids (UIDL): nothing can be left there");
    open([this] { forget(); });
  }
  void forget() {
    if (plan_.forget.empty()) return pump();
    std::vector<storage::queue::any_command> notes;
    while (!plan_.forget.empty() && notes.size() < forget_batch) {
      notes.push_back(storage::queue::drop_note{std::string(note_space), note_prefix(order_->what->id) + plan_.forget.back()});
      plan_.forget.pop_back();
    }
    storing_ = true;
    message_.commit_notes(link(), std::move(notes), [this](const arriving_message::outcome& done) {
      storing_ = false;
      if (!done.stored) {
        fail(done.reason);
        return finish();
      }
      forget();
    });
  }
  /// Asks ahead as much as the session takes: first what was collected earlier goes, then what is new comes.
  void pump() {
    while (!stopped_ && session_.can_ask()) {
      if (removed_ < plan_.remove.size()) session_.remove(plan_.remove[removed_++], now());
      else if (fetched_ < plan_.fetch.size() && fetched_ - ended_ < ahead) session_.retrieve(plan_.fetch[fetched_++], now());
      else break;
    }
    if (stopped_ || (removed_ == plan_.remove.size() && ended_ == plan_.fetch.size())) session_.quit(now());
  }
  void finish() override {
    stopped_ = true;
    session_.quit(now());
  }
  void handle(const ce::message_begin&) {
    too_large_ = false;
    message_.begin();
    if (stopped_) session_.skip_message();
  }
  void handle(const ce::message_chunk& c) {
    if (message_.octets() + c.octets.size() > order_->what->message_octets_max) {
      too_large_ = true; // LIST may say less than there is
      session_.skip_message();
      return;
    }
    message_.append(c.octets);
  }
  void handle(const ce::message_end& m) {
    ++ended_;
    if (stopped_) return;
    if (too_large_) {
      ++result_.left;
      return pump();
    }
    storage::queue::put_note note;
    note.space = note_space;
    const auto& uid = uids_[m.number - 1];
    if (!uid.empty() && !ambiguous(m.number)) note.key = note_prefix(order_->what->id) + collection::uid_key(uid);
    note.value = std::to_string(base::to_milliseconds(node_.clock->wall()));
    storing_ = true;
    message_.store(link(), std::move(note), std::nullopt, {}, node_.clock->wall(),
                   [this, number = m.number](const arriving_message::outcome& done) {
      storing_ = false;
      if (!done.stored) {
        fail(done.reason);
        return finish();
      }
      ++result_.collected;
      if (order_->what->keep_days == 0u && session_.can_ask()) session_.remove(number, now());
      pump();
    });
  }
  /// Two messages with one id are told apart by their octets.
  bool ambiguous(std::uint32_t number) const {
    return std::count(uids_.begin(), uids_.end(), uids_[number - 1]) > 1;
  }
  void handle(const ce::message_missing&) {
    ++ended_;
    ++result_.left;
    pump();
  }
  void handle(const ce::removed& r) {
    if (r.done) ++marked_;
    pump();
  }
  void handle(const ce::gone& g) {
    if (g.committed) result_.removed = marked_;
    if (g.why != pop3::client_end::quit) fail(std::string(name(g.why)) + (g.text.empty() ? "" : ": " + g.text));
    else if (!g.committed && marked_ > 0) fail("the server did not remove what was collected: " + g.text);
  }

  /// Messages asked for and not whole yet.
  static constexpr std::size_t ahead = 8;
  std::vector<collection::listed_message> listing_;
  std::vector<std::string> uids_;      ///< by number less one
  collection::pop3_plan plan_;
  std::size_t fetched_ = 0, ended_ = 0, removed_ = 0;
  std::uint32_t marked_ = 0;
  bool stopped_ = false, too_large_ = false;
};

} // namespace

std::unique_ptr<net::protocol> make_pop3_collection(node& n, std::shared_ptr<const run_order> order, const connection_facts& facts) {
  return std::make_unique<pop3_collection>(n, std::move(order), facts);
}

} // namespace rookery::actors
