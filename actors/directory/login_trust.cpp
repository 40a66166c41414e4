#include "actors/directory/login_trust.hpp"

#include "base/check.hpp"
#include "base/log.hpp"
#include "storage/file/file_system.hpp"

namespace rookery::actors {
namespace {

constexpr std::uint64_t file_octets_max = 4u << 20;

base::result<std::string> read(const std::string& path) { return storage::posix_file_system().read_all(path, file_octets_max); }

void tell_fault(std::string_view setting, const base::error& e) {
  base::log_event(base::severity::error, "login_trust.faulty").text("setting", setting).text("error", e.log.value);
}

std::shared_ptr<const tls::client_trust> nobody() {
  auto made = tls::client_trust::make({});
  base::check(made.ok(), "trusting nobody needs nothing");
  return *made;
}

std::shared_ptr<const tls::client_trust> read_clients(const std::string& path) {
  if (path.empty()) return nobody();
  const auto pem = read(path);
  // An empty file must not be taken for an empty setting: both trust nobody, but one is a fault.
  auto made = !pem ? base::result<std::shared_ptr<const tls::client_trust>>(base::fail(pem.error()))
                   : tls::client_trust::make(pem->empty() ? std::string_view("\n") : std::string_view(*pem));
  if (made) return *made;
  tell_fault("tls.client_ca_file", made.error());
  return nobody();
}

std::shared_ptr<const tls::client_trust> read_peers(const std::string& path) {
  const auto pem = read(path);
  auto made = !pem ? base::result<std::shared_ptr<const tls::client_trust>>(base::fail(pem.error()))
                   : tls::client_trust::make(pem->empty() ? std::string_view("\n") : std::string_view(*pem), tls::peer_kind::server);
  if (made) return *made;
  tell_fault("tls.ca_file", made.error());
  return nobody();
}

/// Signed tokens, checked against keys from a file: some 50 microseconds each, in the connection's thread.
class signed_token_verifier final : public token_verifier {
public:
  signed_token_verifier(std::vector<base::public_key> keys, oauth::token_rules rules, const base::clock& clock)
      : keys_(std::move(keys)), rules_(std::move(rules)), clock_(clock) {}
  void verify(net::connection&, std::string_view token, std::function<void(const oauth::token_verdict&)> then) const override {
    then(oauth::judge(token, keys_, rules_, clock_.wall()));
  }

private:
  std::vector<base::public_key> keys_;
  oauth::token_rules rules_;
  const base::clock& clock_;
};

std::shared_ptr<const token_verifier> read_tokens(const config::settings& s, const base::clock& clock) {
  if (!takes_tokens(s)) return nullptr;
  const auto pem = read(s.token_keys_file);
  auto keys = pem ? base::public_key::read_all(*pem) : base::result<std::vector<base::public_key>>(base::fail(pem.error()));
  if (!keys) {
    tell_fault("token.keys_file", keys.error());
    return nullptr;
  }
  return std::make_shared<signed_token_verifier>(std::move(*keys), oauth::token_rules{s.token_issuer, s.token_audience, s.token_claim, s.token_scope}, clock);
}

} // namespace

bool takes_tokens(const config::settings& s) noexcept {
  return !s.token_keys_file.empty() && !s.token_issuer.empty() && !s.token_audience.empty() && !s.token_claim.empty();
}

void login_trust::load(const config::settings& s, bool again) {
  const std::string token_settings = s.token_keys_file + '\n' + s.token_issuer + '\n' + s.token_audience + '\n' + s.token_claim + '\n' + s.token_scope;
  const std::lock_guard hold(lock_);
  if (!loaded_ || again || s.tls_client_ca_file != ca_file_) clients_ = read_clients(s.tls_client_ca_file);
  if (!loaded_ || again || token_settings != token_settings_) tokens_ = read_tokens(s, clock_);
  const auto peer_file = s.chat_federation ? s.tls_ca_file : std::string();
  if (again || peer_file != peer_file_) peers_ = peer_file.empty() ? nullptr : read_peers(peer_file);
  peer_file_ = peer_file;
  loaded_ = true;
  ca_file_ = s.tls_client_ca_file;
  token_settings_ = token_settings;
}

std::shared_ptr<const tls::client_trust> login_trust::clients() const {
  const std::lock_guard hold(lock_);
  return clients_ ? clients_ : nobody();
}

std::shared_ptr<const tls::client_trust> login_trust::peers() const {
  const std::lock_guard hold(lock_);
  return peers_;
}

std::shared_ptr<const token_verifier> login_trust::tokens() const {
  const std::lock_guard hold(lock_);
  return tokens_;
}

} // namespace rookery::actors
