/// The messages of SCRAM as the other side reads them.
///
/// Source: RFC 5802 §7 (formal syntax), §5.1 (attributes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::sasl {

/// "n,a=zid," (RFC 5801 §4), as SCRAM and OAUTHBEARER begin; views into the message, but for the name.
struct gs2_header {
  char binding = 'n';            ///< 'n' no support, 'y' thinks the server has none, 'p' used
  std::string_view binding_name; ///< after "p="
  std::string authzid;           ///< "=2C" and "=3D" decoded
  std::string_view text;         ///< through the second comma
};
std::optional<gs2_header> read_gs2_header(std::string_view message);

/// "n,a=zid,n=user,r=nonce": views into the message, but for the decoded names.
struct scram_client_first_message {
  char binding = 'n';             ///< 'n' no support, 'y' thinks the server has none, 'p' used
  std::string_view binding_name;  ///< after "p="
  std::string_view gs2_header;    ///< through the second comma
  std::string_view bare;          ///< what goes into the AuthMessage
  std::string_view nonce;
  std::string authzid, user;      ///< "=2C" and "=3D" decoded
};
/// Nothing for a message that breaks the syntax or has a mandatory extension ("m=").
std::optional<scram_client_first_message> read_scram_client_first(std::string_view);

/// "c=…,r=…,p=…": `binding` and `proof` are base64.
struct scram_client_final_message {
  std::string_view binding, nonce, proof;
  std::string_view without_proof;
};
std::optional<scram_client_final_message> read_scram_client_final(std::string_view);

/// "r=…,s=…,i=…": `salt` is base64.
struct scram_server_first_message {
  std::string_view nonce, salt;
  std::uint32_t iterations = 0;
};
std::optional<scram_server_first_message> read_scram_server_first(std::string_view);

} // namespace rookery::sasl
