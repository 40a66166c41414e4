/// Any messages to any mechanism: an exchange ends, and never well with a wrong password, certificate or token.
#include "protocols/sasl/server_exchange.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  if (size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  connection_facts facts;
  facts.tls = (data[0] & 4) != 0;
  facts.peer_is_loopback = true;
  facts.nonce = "nonce";
  facts.tls_exporter = "exporter";
  constexpr unsigned mechanisms = 9;
  const auto which = static_cast<sasl::mechanism>((data[0] >> 4) % mechanisms);
  sasl::server_exchange e(which, facts, {true, true, true, "scope", "https://id.example/"});
  const auto message = [&input] {
    const auto end = input.find('\n');
    const auto m = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return m;
  };
  auto s = (data[0] & 8) != 0 ? e.begin(message()) : e.begin({});
  for (int i = 0; i < 6; ++i) {
    if (std::holds_alternative<sasl::challenge>(s)) s = e.respond(message());
    else if (std::holds_alternative<sasl::check_password>(s)) s = e.password_verified(false);
    else if (std::holds_alternative<sasl::find_credentials>(s)) s = e.credentials_found({"salt", 1, std::string(sasl::digest_octets(std::get<sasl::find_credentials>(s).digest), 'k'), std::string(32, 's')}, true);
    else if (std::holds_alternative<sasl::check_proof>(s)) s = e.proof_judged(false, {});
    else break;
  }
  if (!std::holds_alternative<sasl::failed>(s)) std::abort();
  return 0;
}
