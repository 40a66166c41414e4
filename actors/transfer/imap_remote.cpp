#include "actors/transfer/imap_remote.hpp"

#include "actors/config/delivery_documents.hpp"
#include "actors/dns/resolver_actor.hpp"
#include "actors/net/connection.hpp"
#include "actors/net/connector.hpp"
#include "actors/net/protocol.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/system/held_session.hpp"
#include "base/text.hpp"
#include "protocols/sasl/client_exchange.hpp"
#include "protocols/tls/tls_context.hpp"
#include "storage/file/file_system.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace rookery::actors {
namespace {

namespace ce = imap::client_event;

constexpr std::uint64_t ca_file_octets_max = 16u << 20;
constexpr std::size_t addresses_max = 16;
/// How often a waiting copy looks whether it is to stop.
constexpr std::chrono::milliseconds look_time{250};
constexpr std::chrono::minutes first_question_time{1};
/// The connection has its own limits of time; beyond them something here is wrong.
constexpr std::chrono::minutes silence_max{30};

/// Lives in its connection; answers one question after the other.
class remote_host final : public net::session_host<imap::client_session> {
public:
  remote_host(node& n, std::shared_ptr<const imap::client_settings> settings, bool certificate_checked, caf::actor owner,
              const connection_facts& facts)
      : session_host(std::move(settings), facts, n.clock->now()), node_(n), checked_(certificate_checked), owner_(std::move(owner)) {}

  caf::message_handler messages() override {
    return {[this](const remote_question_ptr& q) {
      questions_.push_back(q);
      next();
    }};
  }
  std::optional<base::instant> deadline() const override { return deriving_ ? std::nullopt : session_.deadline(); }
  bool busy() const override { return deriving_; }
  void ending(std::string_view why) override {
    if (why_.empty() && !session_.closed()) why_ = base::printable(why.empty() ? "the connection ended" : why);
  }
  void gone() override {
    if (!std::exchange(told_, true)) caf::anon_send(owner_, remote_gone{why_});
  }

private:
  base::instant now() { return link().now(); }
  void on(imap::client_session::event& e) override {
    std::visit([this](auto& what) { handle(what); }, e);
  }
  void handle(const ce::start_tls&) { link().start_tls(); }
  void handle(const ce::check_peer&) {
    const auto& facts = session_.facts();
    if (!checked_ || facts.tls_peer == peer_trust::pkix) return session_.peer_accepted(now());
    session_.peer_refused(facts.tls_peer_failure.empty() ? "the certificate is not trusted" : facts.tls_peer_failure);
  }
  void handle(ce::derive_key& k) {
    auto key = std::make_shared<std::string>();
    deriving_ = true;
    const bool taken = node_.passwords->run(
        link(), [key, question = std::move(k.question)] { *key = sasl::derive_key(question); },
        [this, key] {
          deriving_ = false;
          session_.key_derived(*key, now());
        });
    if (taken) return;
    why_ = "too busy";
    link().abort("too busy");
  }
  void handle(const ce::ready&) {
    ready_ = true;
    // A copy that was stopped meanwhile asks nothing.
    link().after(first_question_time, [this] {
      if (!question_) session_.quit(now());
    });
    caf::anon_send(owner_, remote_ready{caf::actor_cast<caf::actor>(&link())});
    next();
  }
  void handle(const ce::found&) {}
  void handle(const ce::news&) {}
  void handle(const ce::want_body&) {}

  void next() {
    if (!ready_ || answer_ || questions_.empty()) return;
    question_ = questions_.front();
    questions_.erase(questions_.begin());
    answer_ = std::make_shared<remote_answer>();
    answer_->ok = true;
    asked_ = answered_ = 0;
    flags_.clear();
    switch (question_->what) {
    case remote_question::verb::list: return session_.list_all(now());
    case remote_question::verb::examine: return session_.select(question_->folder, true, now(), true);
    case remote_question::verb::rows: return session_.rows(1, 0, now(), question_->changed_since);
    case remote_question::verb::fetch: return fetch_some();
    case remote_question::verb::quit: return session_.quit(now());
    }
  }
  void tell() {
    caf::anon_send(owner_, std::exchange(answer_, nullptr));
    next();
  }
  void give_up(const char* why) {
    why_ = why;
    link().abort(why);
  }

  void handle(ce::mailbox& m) {
    if (!answer_) return;
    if (answer_->folders.size() >= remote_folders_max) return give_up("the server has too many folders");
    answer_->folders.push_back(std::move(m.what));
  }
  void handle(const ce::selected& s) {
    if (answer_) answer_->selected = s;
  }
  void handle(ce::row& r) {
    if (!answer_) return;
    if (answer_->rows.size() >= remote_rows_max) return give_up("the folder has too many messages");
    std::string words = std::to_string(r.flags.system);
    for (const auto& k : r.flags.keywords) words += ' ' + k;
    const auto [at, fresh] = flags_.try_emplace(std::move(words), static_cast<std::uint32_t>(answer_->flags.size()));
    if (fresh) answer_->flags.push_back(std::move(r.flags));
    answer_->rows.push_back({r.uid, static_cast<std::uint32_t>(std::min<std::uint64_t>(r.size, UINT32_MAX)), at->second});
  }
  void fetch_some() {
    const auto& uids = question_->uids;
    while (asked_ < uids.size() && session_.can_ask()) session_.fetch(uids[asked_++], now());
    if (answered_ == uids.size()) tell();
  }
  void handle(const ce::message_begin&) {
    message_ = {};
    message_.octets = std::make_unique<message_gathering>(node_.data_directory + "/spill");
  }
  void handle(const ce::message_chunk& c) {
    if (!message_.octets) return;
    if (message_.octets->size() + c.octets.size() > transfer_message_octets_max) {
      message_.octets.reset();
      return session_.skip_message();
    }
    if (!message_.octets->append(c.octets)) give_up("there is no room for the message");
  }
  void handle(const ce::message_end& m) {
    if (!answer_) return;
    if (!message_.octets) {
      answer_->too_large.push_back(m.uid);
      return;
    }
    message_.key = m.uid;
    message_.received = m.internal_date.value_or(node_.clock->wall());
    message_.flags = {m.flags.system, m.flags.keywords};
    message_.body = message_.octets->finish();
    answer_->messages.push_back(std::exchange(message_, {}));
  }
  void handle(const ce::done& d) {
    if (!answer_) return;
    if (d.what == imap::client_command::fetch) {
      ++answered_;
      // Without a message and with OK it was removed there meanwhile.
      if (!d.found && !d.ok) {
        answer_->refused.push_back(d.uid);
        answer_->text = d.text;
      }
      return fetch_some();
    }
    answer_->ok = d.ok;
    answer_->text = d.text;
    tell();
  }
  void handle(const ce::gone& g) {
    if (why_.empty() && g.why != imap::client_end::logout) why_ = std::string(name(g.why)) + (g.text.empty() ? "" : ": " + g.text);
  }

  node& node_;
  const bool checked_;
  caf::actor owner_;
  std::vector<remote_question_ptr> questions_;
  remote_question_ptr question_;
  remote_answer_ptr answer_;              ///< while a question is at work
  std::map<std::string, std::uint32_t, std::less<>> flags_;
  copied_message message_;
  std::size_t asked_ = 0, answered_ = 0;
  std::string why_;
  bool ready_ = false, deriving_ = false, told_ = false;
};

base::failure<base::error> unreachable(std::string why) { return base::fail(base::error_kind::io, std::move(why)); }

} // namespace

imap_remote::~imap_remote() {
  if (connection_) ask({});
}

base::result<std::vector<std::string>> imap_remote::addresses() {
  const auto& host = run_->order().host;
  if (config::canonical_address_literal(host)) return std::vector<std::string>{host};
  if (host == "localhost") return std::vector<std::string>{"127.0.0.1", "::1"}; // RFC 6761 §6.3
  std::vector<std::string> all;
  std::string why = "no answer";
  for (const auto type : {dns::record_type::aaaa, dns::record_type::a})
    self_->request(node_.resolver, resolver_time_max, dns_question{host, type})
        .receive(
            [&](const dns_answer& a) {
              const auto some = dns::addresses(type, *a.value);
              all.insert(all.end(), some.begin(), some.end());
              why = dns::name(a.value->status);
            },
            [](const caf::error&) {});
  if (all.empty()) return unreachable(host + " has no address: " + why);
  if (all.size() > addresses_max) all.resize(addresses_max);
  return all;
}

base::result<void> imap_remote::dial(const std::string& address) {
  const auto& order = run_->order();
  auto settings = std::make_shared<imap::client_settings>();
  settings->login = {order.tls, order.login, password_, order.plaintext_allowed};
  settings->limits.message_octets = std::uint64_t{4} << 30; // larger than what is taken: read over, not refused
  auto service = std::make_shared<net::listener>();
  service->service = "transfer";
  service->implicit_tls = order.tls == tls_use::implicit;
  const auto me = caf::actor_cast<caf::actor>(self_.ptr());
  service->make = [&n = node_, settings, checked = order.certificate_checked, me](const connection_facts& facts) {
    return hold(std::make_unique<remote_host>(n, settings, checked, me, facts), n);
  };
  if (order.tls != tls_use::none) {
    tls::client_settings s;
    if (order.certificate_checked) {
      auto pem = storage::posix_file_system().read_all(node_.settings->get()->tls_ca_file, ca_file_octets_max);
      if (!pem) return unreachable("the trusted certificates cannot be read: " + pem.error().log.value);
      s.trusted_pem = std::move(*pem);
    }
    auto context = tls::tls_context::make_client(std::move(s));
    if (!context) return base::fail(context.error());
    service->make_tls = [context = std::shared_ptr<const tls::tls_context>(std::move(*context)), checked = order.certificate_checked,
                         host = order.host] {
      tls::peer_check check;
      if (checked) {
        check.mode = tls::check_mode::names;
        check.names = {host};
      }
      return std::make_unique<net::tls_link>(context, host, check);
    };
  }
  const auto failed = [me](std::string_view why) { caf::anon_send(me, remote_gone{base::printable(why)}); };
  service->not_opened = failed;
  net::dial to;
  to.address = address;
  to.port = order.port;
  net::connect(*node_.system, home_, std::move(to), std::move(service), failed);
  std::optional<std::string> gone;
  while (!connection_ && !gone) {
    self_->receive([&](const remote_ready& r) { connection_ = r.connection; },
                   [&](const remote_gone& g) { gone = g.why.empty() ? "the connection ended" : g.why; }, caf::after(look_time) >> [] {});
    // The connection's limits of time end it; a stop does not wait for them, and its late word finds nobody.
    if (run_->stopped() || node_.draining) return base::fail(base::error_kind::try_later, "stopped");
  }
  if (gone) return unreachable(std::move(*gone));
  return {};
}

base::result<void> imap_remote::connect() {
  const auto all = addresses();
  if (!all) return base::fail(all.error());
  base::result<void> last = unreachable("no address");
  for (const auto& a : *all) {
    last = dial(a);
    if (last || run_->stopped()) return last;
  }
  return last;
}

void imap_remote::ask(remote_question q) { caf::anon_send(connection_, remote_question_ptr(std::make_shared<const remote_question>(std::move(q)))); }

base::result<remote_answer_ptr> imap_remote::answer() {
  remote_answer_ptr got;
  std::optional<std::string> gone;
  const auto begun = std::chrono::steady_clock::now();
  while (!got && !gone) {
    self_->receive([&](const remote_answer_ptr& a) { got = a; },
                   [&](const remote_gone& g) { gone = g.why.empty() ? "the connection ended" : g.why; }, caf::after(look_time) >> [] {});
    if (run_->stopped() || node_.draining) return base::fail(base::error_kind::try_later, "stopped");
    if (std::chrono::steady_clock::now() - begun > silence_max) return unreachable("the server does not answer");
  }
  if (got) return got;
  connection_ = nullptr;
  return unreachable(std::move(*gone));
}

} // namespace rookery::actors
