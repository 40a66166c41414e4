#include "actors/xmpp/web/upload_service.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/upload_owner.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;
using tidy_atom = caf::atom_constant<caf::atom("uploadtidy")>;

constexpr std::string_view prefix = "upload";
constexpr std::chrono::minutes tidy_time{30};
constexpr std::chrono::seconds commit_time{60};
constexpr std::size_t owners_at_once = 200;

storage::shard_command command_of(const node& n, const std::string& owner, storage::chat::any_command what) {
  storage::shard_command c;
  c.shard = n.chat_shard_of(owner);
  c.payload = storage::chat::encode(storage::chat::command{owner, n.clock->wall(), std::move(what)});
  return c;
}

/// Where the web service of each process is: its volumes have one configuration. (Tests have several processes' parts in one.)
struct web_urls {
  std::mutex lock;
  std::map<const void*, std::string> of;
};
web_urls& web() {
  static auto* const kept = new web_urls; // threads may still ask when the process ends
  return *kept;
}

/// What an account has brought: a look at its records.
struct brought {
  std::uint64_t octets = 0;
  std::size_t files = 0;
};
brought brought_by(const node& n, const std::string& owner) {
  brought all;
  for (const auto& r : n.chat_of(owner).records(owner, record_kind::upload, upload_files_max + 1))
    if (const auto f = xmpp::read_upload_facts(r.value)) {
      all.octets += f->octets;
      ++all.files;
    }
  return all;
}

/// Owns: how often accounts asked in this hour. Understands: routed_stanza_ptr (requests for a place), upload_promised, upload_piece, commit_done_ptr. May ask: the
/// log, readers. If it dies, files cannot be brought until the next start; those that were are given all the same.
class upload_actor final : public caf::event_based_actor {
public:
  upload_actor(caf::actor_config& c, actors::node* n, chat_router* router, upload_service* service)
      : caf::event_based_actor(c), node_(*n), router_(*router), service_(*service) {}
  const char* name() const override { return "upload_actor"; }
  caf::behavior make_behavior() override {
    set_default_handler(caf::drop);
    delayed_send(this, tidy_time, tidy_atom::value);
    return {[this](const routed_stanza_ptr& s) { take(s); },
            [this](const upload_promised& p) { promised(p); },
            [this](const upload_piece& p) { return keep(p); },
            [this](const commit_done_ptr& d) { commits_.done(*d); },
            [this](tidy_atom) {
              // It waits for the disk: a thread for this time.
              home_system().spawn<caf::detached + caf::hidden>([&n = node_, &router = router_, &service = service_] {
                const auto went = tidy_uploads(n, router, service.slots(), n.clock->wall());
                if (!went) base::log_event(base::severity::warning, "chat.uploads_not_tidied").text("error", went.error().log.value);
                else if (*went > 0) base::log_event(base::severity::info, "chat.uploads_tidied").number("files", static_cast<std::int64_t>(*went));
              });
              delayed_send(this, tidy_time, tidy_atom::value);
            }};
  }

private:
  void refuse(const routed_stanza_ptr& s, xmpp::condition why, std::string_view text = {}) { router_.refuse(*s, why, text); }
  void answer(const routed_stanza_ptr& s, xmpp::element e) { router_.route(std::move(e), s->receipt); }

  void take(const routed_stanza_ptr& s) {
    const auto& iq = *s->what;
    if (!xmpp::is_request(iq)) return iq.name == "iq" ? void() : refuse(s, xmpp::condition::service_unavailable);
    const auto limits = router_.limits(s->to.domain.substr(prefix.size() + 1));
    if (limits.upload_octets_max == 0 || service_.url().empty()) return refuse(s, xmpp::condition::service_unavailable);
    if (!s->to.local.empty()) return refuse(s, xmpp::condition::item_not_found);
    const auto& asked = *iq.first();
    const bool get = iq.get("type") == "get";
    auto out = xmpp::iq_result(iq);
    if (get && asked.is("ping", xmpp::space::ping)) return answer(s, std::move(out));
    if (get && asked.is("query", xmpp::space::disco_info)) {
      out.add(xmpp::upload_info(limits.upload_octets_max));
      return answer(s, std::move(out));
    }
    if (get && asked.is("query", xmpp::space::disco_items)) {
      out.add("query", xmpp::space::disco_items);
      return answer(s, std::move(out));
    }
    if (get && asked.is("request", xmpp::upload_space)) return promise(s, limits);
    refuse(s, xmpp::condition::service_unavailable);
  }

  void promise(const routed_stanza_ptr& s, const chat_limits& limits) {
    const auto account = router_.find(s->from.bare());
    // XEP-0363 §5: for the people of this domain.
    if (!account || s->to.domain != std::string(prefix) + "." + s->from.domain) return refuse(s, xmpp::condition::forbidden);
    const auto wanted = xmpp::read_upload_request(*s->what->first());
    if (!wanted) return refuse(s, xmpp::condition::bad_request);
    if (wanted->octets > limits.upload_octets_max) return answer(s, xmpp::upload_too_large(*s->what, limits.upload_octets_max));
    const auto owner = storage::chat::account_owner(account->id);
    if (!take_turn(owner, limits.upload_files_an_hour))
      return answer(s, xmpp::upload_later(*s->what, "Too many files in this hour", node_.clock->wall() + std::chrono::ceil<std::chrono::milliseconds>(hour_ends_ - node_.clock->now())));
    const auto self = caf::actor_cast<caf::actor>(this);
    const bool taken = node_.readers->run([self, &n = node_, &router = router_, &service = service_, s, owner, wanted = *wanted, limits] {
      const auto has = brought_by(n, owner);
      const auto later = [&](std::string_view text) { router.route(xmpp::upload_later(*s->what, text, {}), s->receipt); };
      if (has.files >= upload_files_max) return later("Too many files are kept");
      const auto promised = service.slots().octets_of(owner, n.clock->now());
      if (limits.upload_quota_octets != 0 && has.octets + promised + wanted.octets > limits.upload_quota_octets) return later("The files that are kept have used up the space");
      const auto id = service.slots().reserve(owner, wanted, n.clock->now());
      if (!id) return later("Too many files are on their way");
      caf::anon_send(self, upload_promised{s, *id});
    });
    if (!taken) refuse(s, xmpp::condition::resource_constraint);
  }

  /// Told when it is on the disk: another node may lead the volume by the time the file comes.
  void promised(const upload_promised& p) {
    const auto slot = service_.slots().find(p.id);
    if (!slot) return refuse(p.asked, xmpp::condition::resource_constraint);
    const auto owner = storage::chat::upload_owner(p.id);
    const auto until = node_.clock->wall() + std::chrono::duration_cast<base::wall_time::duration>(slot->until - node_.clock->now());
    storage::commit_group group;
    group.commands.push_back(command_of(
        node_, owner, storage::chat::put_records{{{record_kind::upload, upload_place_key, xmpp::encode({slot->what.name, slot->what.type, slot->what.octets, slot->owner, until})}}}));
    commits_.send(*this, node_, std::move(group), [this, p, name = slot->what.name](const commit_done& d) {
      if (d.error || d.results.empty() || d.results.front().what != storage::outcome::done) {
        service_.slots().end(p.id);
        return refuse(p.asked, xmpp::condition::resource_constraint, "Nothing can be stored now");
      }
      auto out = xmpp::iq_result(*p.asked->what);
      out.add(xmpp::upload_slot(service_.url() + xmpp::upload_target(p.id, name)));
      answer(p.asked, std::move(out));
    });
  }

  bool take_turn(const std::string& owner, std::uint64_t most) {
    const auto now = node_.clock->now();
    if (now >= hour_ends_) {
      asked_.clear();
      hour_ends_ = now + std::chrono::hours(1);
    }
    return ++asked_[owner] <= most;
  }

  caf::response_promise keep(const upload_piece& p) {
    auto promise = make_response_promise();
    const auto slot = service_.slots().find(p.id);
    if (!slot || !slot->coming) {
      promise.deliver(upload_kept{});
      return promise;
    }
    const auto owner = storage::chat::upload_owner(p.id);
    storage::chat::put_records pieces;
    pieces.records.push_back({record_kind::upload, upload_piece_key(p.number), *p.octets});
    storage::commit_group group;
    if (p.last) {
      // Now it is there: for who has the URL, and in the account's list.
      const auto facts = xmpp::encode({slot->what.name, slot->what.type, slot->what.octets, slot->owner, node_.clock->wall()});
      pieces.records.push_back({record_kind::upload, {}, facts});
      group.commands.push_back(command_of(node_, slot->owner, storage::chat::put_records{{{record_kind::upload, p.id, facts}}}));
    }
    group.commands.push_back(command_of(node_, owner, std::move(pieces)));
    if (p.last) group.commands.push_back(command_of(node_, owner, storage::chat::drop_records{record_kind::upload, upload_place_key, false}));
    commits_.send(*this, node_, std::move(group), [this, promise, id = p.id, last = p.last](const commit_done& d) mutable {
      const bool kept = !d.error && std::all_of(d.results.begin(), d.results.end(), [](const auto& r) { return r.what == storage::outcome::done; });
      if (last) service_.slots().end(id);
      promise.deliver(upload_kept{kept});
    });
    return promise;
  }

  actors::node& node_;
  chat_router& router_;
  upload_service& service_;
  awaited_commits commits_;
  std::map<std::string, std::uint64_t> asked_; ///< since `hour_ends_` less an hour; accounts of this volume
  base::instant hour_ends_{};
};

} // namespace

std::string upload_piece_key(std::uint64_t number) {
  const auto digits = std::to_string(number);
  return std::string(digits.size() < 10 ? 10 - digits.size() : 0, '0') + digits;
}

std::optional<std::string> upload_slots::reserve(const std::string& owner, xmpp::upload_request what, base::instant now) {
  const std::lock_guard hold(lock_);
  forget_old(now);
  const auto of_one = std::count_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s.second.owner == owner; });
  if (slots_.size() >= upload_slots_max || static_cast<std::size_t>(of_one) >= upload_slots_of_one_max) return {};
  auto id = base::random_token(32);
  slots_.emplace(id, slot{std::move(what), owner, now + upload_slot_time, false, {}});
  return id;
}

void upload_slots::restore(const std::string& id, slot s) {
  const std::lock_guard hold(lock_);
  if (slots_.size() < upload_slots_max) slots_.try_emplace(id, std::move(s));
}

std::optional<upload_slots::slot> upload_slots::begin(const std::string& id, std::string_view name, base::instant now) {
  const std::lock_guard hold(lock_);
  const auto at = slots_.find(id);
  if (at == slots_.end() || at->second.coming || at->second.what.name != name || at->second.until <= now) return {};
  at->second.coming = true;
  at->second.promised_until = at->second.until;
  at->second.until = now + upload_time;
  return at->second;
}

std::optional<upload_slots::slot> upload_slots::find(const std::string& id) const {
  const std::lock_guard hold(lock_);
  const auto at = slots_.find(id);
  return at == slots_.end() ? std::nullopt : std::optional(at->second);
}

void upload_slots::end(const std::string& id) {
  const std::lock_guard hold(lock_);
  slots_.erase(id);
}

void upload_slots::release(const std::string& id) {
  const std::lock_guard hold(lock_);
  const auto at = slots_.find(id);
  if (at == slots_.end() || !at->second.coming) return;
  at->second.coming = false;
  at->second.until = at->second.promised_until;
}

std::uint64_t upload_slots::octets_of(const std::string& owner, base::instant now) const {
  const std::lock_guard hold(lock_);
  std::uint64_t all = 0;
  for (const auto& [id, s] : slots_)
    if (s.owner == owner && s.until > now) all += s.what.octets;
  return all;
}

void upload_slots::forget_old(base::instant now) {
  std::erase_if(slots_, [now](const auto& s) { return s.second.until <= now; });
}

upload_service::upload_service(node& n, chat_router& router) : node_(n) {
  actor_ = n.system->spawn<upload_actor, caf::hidden>(&n, &router, this);
  chat_router::service service;
  service.prefix = prefix;
  service.category = "store";
  service.type = "file";
  service.name = "Files";
  service.take = [to = actor_](const routed_stanza_ptr& s) { caf::anon_send(to, s); };
  service.shown = [this, &router](std::string_view domain) { return !url().empty() && router.limits(domain).upload_octets_max != 0; };
  router.add_service(std::move(service));
}

upload_service::~upload_service() = default;

void upload_service::open_at(std::string url) {
  const std::lock_guard hold(web().lock);
  web().of[node_.config.get()] = std::move(url);
}

std::string upload_service::url() const {
  const std::lock_guard hold(web().lock);
  const auto at = web().of.find(node_.config.get());
  return at == web().of.end() ? std::string() : at->second;
}

std::optional<upload_slots::slot> upload_service::begin(const std::string& id, std::string_view name) {
  if (auto slot = slots_.begin(id, name, node_.clock->now())) return slot;
  if (slots_.find(id)) return {};
  const auto owner = storage::chat::upload_owner(id);
  const auto record = node_.chat_of(owner).record(owner, record_kind::upload, upload_place_key);
  const auto place = record ? xmpp::read_upload_facts(record->value) : std::nullopt;
  if (!place) return {};
  const auto left = std::chrono::duration_cast<base::instant::duration>(place->stored - node_.clock->wall());
  slots_.restore(id, {{place->name, place->octets, place->type}, place->owner, node_.clock->now() + std::min<base::instant::duration>(left, upload_slot_time), false, {}});
  return slots_.begin(id, name, node_.clock->now());
}

bool upload_service::keep(upload_piece p, std::chrono::milliseconds limit) {
  const auto to = actor_;
  if (!to) return false;
  bool kept = false;
  caf::scoped_actor self{*node_.system};
  self->request(to, limit, std::move(p)).receive([&](const upload_kept& k) { kept = k.kept; }, [](const caf::error&) {});
  return kept;
}

base::result<void> drop_upload(node& n, const std::string& id, const xmpp::upload_facts& facts) {
  storage::commit_group group;
  group.commands.push_back(command_of(n, storage::chat::upload_owner(id), storage::chat::drop_owner{}));
  if (!facts.owner.empty()) group.commands.push_back(command_of(n, facts.owner, storage::chat::drop_records{record_kind::upload, id, false}));
  const auto done = commit_and_wait(n, std::move(group), commit_time);
  if (!done) return base::fail(base::error_kind::try_later, "the log does not answer");
  if (done->error) return base::fail(*done->error);
  return {};
}

base::result<std::uint64_t> tidy_uploads(node& n, const chat_router& router, const upload_slots& slots, base::wall_time now) {
  std::uint64_t went = 0;
  for (const auto& shard : n.chat) {
    std::string after;
    for (;;) {
      const auto page = shard->owners(storage::chat::upload_owner({}), owners_at_once, after);
      for (const auto& o : page) {
        if (n.gate->closed()) return base::fail(base::error_kind::try_later, "the node ends");
        const auto id = o.owner.substr(1);
        // First the place, then the facts: a file that becomes whole in between is whole.
        if (const auto slot = slots.find(id); slot && slot->until > n.clock->now()) continue;
        const auto record = shard->record(o.owner, record_kind::upload, {});
        const auto facts = record ? xmpp::read_upload_facts(record->value) : std::nullopt;
        if (!record) {
          // Promised before this process led the volume, or before it began.
          const auto kept = shard->record(o.owner, record_kind::upload, upload_place_key);
          const auto place = kept ? xmpp::read_upload_facts(kept->value) : std::nullopt;
          if (place && place->stored > now) continue;
        }
        if (facts) {
          const auto number = base::parse_u64(std::string_view(facts->owner).substr(facts->owner.empty() ? 0 : 1));
          const auto account = number ? n.directory->get()->account(base::account_id{*number}) : nullptr;
          const auto days = account ? router.rules()->limits(account->domain()).upload_days : 0;
          if (account && (days == 0 || facts->stored + std::chrono::hours(24) * static_cast<std::int64_t>(days) > now)) continue;
        }
        if (auto done = drop_upload(n, id, facts.value_or(xmpp::upload_facts{})); !done) return base::fail(done.error());
        ++went;
      }
      if (page.size() < owners_at_once) break;
      after = page.back().owner;
    }
  }
  return went;
}

} // namespace rookery::actors
