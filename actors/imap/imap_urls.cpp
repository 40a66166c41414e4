// URLs: parts of messages that CATENATE puts together (RFC 4469), and those that others may read (RFC 4467, RFC 5524).
#include "actors/imap/imap_host.hpp"
#include "actors/imap/url_octets.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace right = rights::right;

constexpr std::string_view bad_url_text = "This URL cannot be read";
constexpr std::string_view not_authorized_text = "The URL cannot be authorized";
constexpr std::size_t piece_octets = 64 * 1024;

/// An answer that is complete, on its way out in pieces.
class ready_rows : public rows {
public:
  explicit ready_rows(base::buffer octets) : octets_(std::move(octets)) {}
  progress produce(base::buffer& out) override {
    while (!octets_.empty()) {
      if (out.size() >= net::output_octets_high) return progress::more;
      const auto piece = octets_.view().substr(0, piece_octets);
      out.append(piece);
      octets_.consume(piece.size());
    }
    return progress::done;
  }

private:
  base::buffer octets_;
};

} // namespace

const url_gate& imap_host::gate() {
  if (!gate_) gate_ = std::make_unique<url_gate>(node_, settings_->other_users, settings_->public_folders);
  return *gate_;
}

/// A URL with another host's name is not ours to answer. Clients know us by several names.
bool imap_host::is_own_host(std::string_view host) const {
  const auto& facts = link().facts();
  if (base::iequals(host, settings_->host_name) || base::iequals(host, node_.host_name) ||
      (!facts.tls_server_name.empty() && base::iequals(host, facts.tls_server_name)))
    return true;
  if (facts.peer_is_loopback && (base::iequals(host, "localhost") || host == "127.0.0.1" || host == "[::1]")) return true;
  return node_.directory->get()->domain(host) != nullptr;
}

bool imap_host::is_own_user(std::string_view user) const {
  const auto named = node_.directory->get()->login(user);
  return named != nullptr && named->id == entry_.id();
}

void imap_host::open_url(const imap::message_url& url, const std::string& text,
                         std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then) {
  if (url.access != imap::url_access::none) return gate().open(link(), url, text, {entry_.id(), false}, std::move(then));
  if (url.absolute && (!is_own_host(url.host) || !(url.user.empty() || is_own_user(url.user)))) return then(nullptr);
  if (url.mailbox.empty()) {
    if (!selected_ || virtual_ || (visiting_ && !still_visiting())) return then(nullptr);
    return then(selected_->cell());
  }
  find_place(url.mailbox, [this, then = std::move(then)](const place& p) {
    if (refusal(p, right::read)) return then(nullptr);
    open_mailbox(p.guest ? p.guest->owner->id : entry_.id(), p.status->id, then);
  });
}

// CATENATE

void imap_host::refuse_url(const std::string& text) { session_.refuse_append(imap::bad_url_code(text), bad_url_text); }

bool imap_host::append_over_quota(std::uint64_t more) const {
  const auto octets = append_->octets() + more;
  if (replaces_ != 0 && !replaces_apart_) return over_quota(nullptr, octets - std::min(octets, replaced_octets_), 0); // RFC 8508 §3.4
  return over_quota(append_guest_, octets, append_->messages());
}

void imap_host::handle(imap::append_text& t) {
  if (!append_) return;
  if (append_->message_octets() + t.octets > settings_->limits.append_octets) {
    append_.reset();
    return session_.refuse_append("TOOBIG", "Message too large");
  }
  if (append_over_quota(t.octets)) {
    append_.reset();
    return session_.refuse_append("OVERQUOTA", quota_text);
  }
  session_.accept_append();
}

void imap_host::handle(imap::append_url& u) {
  if (!append_) return;
  const auto url = imap::parse_message_url(u.url, settings_->limits);
  if (!url) {
    append_.reset();
    return refuse_url(u.url);
  }
  open_url(*url, u.url, [this, url = *url, text = u.url, gathering = append_](const std::shared_ptr<storage::mail::mailbox_cell>& cell) {
    if (append_ != gathering) return;
    if (!cell) {
      append_.reset();
      return refuse_url(text);
    }
    const auto& limits = settings_->limits;
    const auto room = std::min(limits.append_octets - std::min(limits.append_octets, gathering->message_octets()),
                               limits.append_total_octets - std::min(limits.append_total_octets, gathering->octets()));
    const auto outcome = std::make_shared<url_outcome>(url_outcome::failed);
    in_reader(
        [gathering, cell, url, room, outcome, bodies = node_.bodies] {
          *outcome = read_url(*bodies, *cell, url, room, [&](std::string_view piece) { return bool(gathering->add(piece)); });
        },
        [this, gathering, outcome, text] {
          if (append_ != gathering) return;
          if (*outcome == url_outcome::done && !append_over_quota(0)) return session_.accept_append();
          append_.reset();
          switch (*outcome) {
            case url_outcome::done: return session_.refuse_append("OVERQUOTA", quota_text);
            case url_outcome::gone: return refuse_url(text);
            case url_outcome::too_large: return session_.refuse_append("TOOBIG", "Message too large");
            case url_outcome::failed:
              return session_.refuse_append("UNAVAILABLE", "The message cannot be stored at the moment, try again later");
          }
        });
  });
}

// URLAUTH

void imap_host::run(imap::reset_key& c) {
  for (const auto& m : c.mechanisms)
    if (!base::iequals(m, imap::url_mechanism)) return end_no("", "This mechanism is not known");
  storage::mail::set_metadata change{{}, entry_.id(), {{std::string(url_key_entry), base::random_token(32), true}}};
  if (c.mailbox.empty())
    return change_in(entry_.id(), std::move(change), [this](const storage::command_result& r) {
      if (r.what != storage::outcome::done) return end_refused(r.what);
      end_ok("", "RESETKEY completed");
    });
  find_place(c.mailbox, [this, change = std::move(change)](const place& p) mutable {
    if (refused(p, right::read)) return;
    change.mailbox = p.status->id;
    reset_url_key(p.guest ? p.guest->owner->id : entry_.id(), p.status->id, std::move(change));
  });
}

void imap_host::reset_url_key(base::account_id owner, base::mailbox_id mailbox, storage::mail::set_metadata change) {
  change_in(owner, std::move(change), [this, owner, mailbox](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_refused(r.what);
    caf::anon_send(node_.shard_actor(owner), url_key_reset{owner, mailbox, entry_.id(), selected_watch()});
    end_ok("URLMECH " + std::string(imap::url_mechanism), "RESETKEY completed");
  });
}

void imap_host::url_key_was_reset(const url_key_reset& r) {
  if (r.user != entry_.id() || virtual_ || !is_selected(r.owner, r.mailbox)) return;
  url_key_news_ = true;
  if (session_.idling() && !tell_news()) session_.abort("", gone_text());
}

struct imap_host::url_walk {
  imap::gen_url_auth asked;
  std::vector<std::string> made;
};

void imap_host::run(imap::gen_url_auth& c) { next_gen_url_auth(std::make_shared<url_walk>(url_walk{std::move(c), {}})); }

void imap_host::next_gen_url_auth(const std::shared_ptr<url_walk>& w) {
  if (w->made.size() == w->asked.urls.size()) {
    imap::write_gen_url_auth(session_.writer(), w->made);
    return end_ok("", "GENURLAUTH completed");
  }
  const auto& [text, mechanism] = w->asked.urls[w->made.size()];
  // RFC 4467 §7: what cannot be authorized is BAD.
  if (!base::iequals(mechanism, imap::url_mechanism)) return end_bad("This mechanism is not known");
  const auto url = imap::parse_message_url(text, settings_->limits);
  if (!url || url->access == imap::url_access::none || !url->mechanism.empty() || !is_own_host(url->host) || !is_own_user(url->user))
    return end_bad(not_authorized_text);
  find_place(url->mailbox, [this, w](const place& p) {
    if (refusal(p, right::read)) return end_bad(not_authorized_text);
    const auto& rump = w->asked.urls[w->made.size()].first;
    const auto owner = p.guest ? p.guest->owner->id : entry_.id();
    gate().token(link(), {entry_.id(), owner, p.status->id}, rump, [this, w](const std::optional<std::string>& token) {
      if (!token) return end_unavailable();
      w->made.push_back(w->asked.urls[w->made.size()].first + ":" + base::to_lower(imap::url_mechanism) + ":" + *token);
      next_gen_url_auth(w);
    });
  });
}

void imap_host::run(imap::url_fetch& c) { next_url_fetch(std::make_shared<imap::url_fetch>(std::move(c)), 0); }

void imap_host::next_url_fetch(const std::shared_ptr<imap::url_fetch>& asked, std::size_t next) {
  if (next == asked->urls.size()) return end_ok("", "URLFETCH completed");
  const auto answer = [this, asked, next](const imap::url_data* data) {
    base::buffer out;
    imap::write_url_fetch({out, session_.mode()}, asked->urls[next], data);
    produce_rows(std::make_unique<ready_rows>(std::move(out)), [this, asked, next] { next_url_fetch(asked, next + 1); });
  };
  const auto& text = asked->urls[next].url;
  const auto url = imap::parse_message_url(text, settings_->limits);
  if (!url || url->access == imap::url_access::none) return answer(nullptr);
  gate().open(link(), *url, text, {entry_.id(), false},
              [this, asked, next, answer, url = *url](const std::shared_ptr<storage::mail::mailbox_cell>& cell) {
                if (!cell) return answer(nullptr);
                struct reading {
                  url_outcome outcome = url_outcome::failed;
                  imap::url_data data;
                };
                const auto r = std::make_shared<reading>();
                in_reader(
                    [r, cell, url, items = asked->urls[next].items, most = settings_->limits.append_octets, bodies = node_.bodies] {
                      r->outcome = read_url_data(*bodies, *cell, url, items, most, r->data);
                    },
                    [r, answer] { answer(r->outcome == url_outcome::done ? &r->data : nullptr); });
              });
}

} // namespace rookery::actors
