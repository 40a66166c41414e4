/// Whom logins without a password are believed: authorities of client certificates, issuers of tokens; and authorities of
/// the certificates of other servers that connect.
///
/// Read from files that settings name; read again when a setting changes, and with the server's certificates.
/// Thread-safe; `load` blocks on the disk.
#pragma once

#include "actors/config/settings.hpp"
#include "actors/directory/token_verifier.hpp"
#include "base/clock.hpp"
#include "protocols/tls/client_trust.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace rookery::actors {

/// What the settings ask for; whether their files can be read is another question.
bool takes_tokens(const config::settings&) noexcept;

class login_trust {
public:
  explicit login_trust(const base::clock& clock) : clock_(clock) {}
  /// Reads what is new in the settings, or all of it when `again`. A file that cannot be used is logged, and
  /// trusts nobody.
  void load(const config::settings&, bool again = false);
  /// Never null.
  std::shared_ptr<const tls::client_trust> clients() const;
  /// For other chat servers (`tls.ca_file`); null while there is no chat with them.
  std::shared_ptr<const tls::client_trust> peers() const;
  /// Null: none can be verified now.
  std::shared_ptr<const token_verifier> tokens() const;

private:
  const base::clock& clock_;
  mutable std::mutex lock_;
  bool loaded_ = false;
  std::string ca_file_, token_settings_, peer_file_; ///< what they were read from
  std::shared_ptr<const tls::client_trust> clients_, peers_;
  std::shared_ptr<const token_verifier> tokens_;
};

} // namespace rookery::actors
