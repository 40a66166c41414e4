#include "actors/config/document_proofs.hpp"

#include "actors/config/document_rules.hpp"
#include "actors/config/documents.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>

namespace rookery::config {
namespace {

using json::value;

constexpr const char* sha_1_member = "scram_sha_1";
constexpr const char* certificates_member = "certificates";

void put_credentials(value& out, const sasl::scram_credentials& c) {
  out.set("salt", encoding::base64_encode(c.salt));
  out.set("iterations", c.iterations);
  out.set("stored_key", encoding::base64_encode(c.stored_key));
  out.set("server_key", encoding::base64_encode(c.server_key));
}

std::optional<sasl::scram_credentials> read_credentials(const value& from, sasl::scram_digest digest) {
  const auto octets = [&from](std::string_view member) {
    const auto text = from.get_string(member);
    return text ? encoding::base64_decode(*text) : std::nullopt;
  };
  auto salt = octets("salt"), stored_key = octets("stored_key"), server_key = octets("server_key");
  const auto iterations = from.get_unsigned("iterations");
  const auto size = sasl::digest_octets(digest);
  if (!salt || salt->size() > routing::salt_octets_max || !stored_key || stored_key->size() != size || !server_key ||
      server_key->size() != size || !iterations || *iterations == 0 || *iterations > UINT32_MAX)
    return {};
  return sasl::scram_credentials{std::move(*salt), static_cast<std::uint32_t>(*iterations), std::move(*stored_key), std::move(*server_key)};
}

value object_of(std::string_view content) {
  if (auto present = json::parse(content); present && present->as_object() != nullptr) return std::move(*present);
  return value(json::object{});
}

/// The row of this certificate, or the list's end.
template <class List>
auto row_of(List& list, std::string_view hex) {
  return std::find_if(list.begin(), list.end(), [hex](const value& row) { return row.get_string("sha256") == hex; });
}

} // namespace

base::result<std::shared_ptr<const routing::further_proofs>> read_further(const value& content) {
  const auto* sha_1 = content.find(sha_1_member);
  const auto* rows = content.get_array(certificates_member);
  if (sha_1 == nullptr && (rows == nullptr || rows->empty())) return std::shared_ptr<const routing::further_proofs>();
  auto out = std::make_shared<routing::further_proofs>();
  if (sha_1 != nullptr) {
    out->sha_1 = read_credentials(*sha_1, sasl::scram_digest::sha_1);
    if (!out->sha_1) return base::fail(base::error_kind::invalid, "the keys for SCRAM-SHA-1 cannot be read");
  }
  if (rows != nullptr)
    for (const auto& row : *rows) {
      auto sha256 = read_fingerprint(row.get_string("sha256").value_or(""));
      if (!sha256) return base::fail(base::error_kind::invalid, "a certificate cannot be read");
      out->certificates.push_back(std::move(*sha256));
    }
  return std::shared_ptr<const routing::further_proofs>(std::move(out));
}

password_keys make_keys(std::string_view password, const settings& values) {
  const auto iterations = static_cast<std::uint32_t>(values.password_iterations);
  password_keys out;
  out.sha_256 = sasl::make_credentials(password, base::random_octets(salt_octets), iterations);
  if (values.password_scram_sha_1)
    out.sha_1 = sasl::make_credentials(password, base::random_octets(salt_octets), iterations, sasl::scram_digest::sha_1);
  return out;
}

std::string with_keys(std::string_view content, const password_keys& keys) {
  auto out = object_of(content);
  put_credentials(out, keys.sha_256);
  out.as_object()->erase(sha_1_member); // else the old password would still be one
  if (keys.sha_1) {
    value more{json::object{}};
    put_credentials(more, *keys.sha_1);
    out.set(sha_1_member, std::move(more));
  }
  return json::to_text(out);
}

std::optional<std::string> read_fingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ':') digits += c;
  if (digits.size() != 64) return {};
  return base::from_hex(digits);
}

base::result<std::string> with_certificate(std::string_view content, std::string_view sha256, std::string_view note) {
  auto out = object_of(content);
  auto rows = out.get_array(certificates_member) != nullptr ? *out.get_array(certificates_member) : json::array();
  const auto hex = base::to_hex(sha256);
  if (row_of(rows, hex) != rows.end()) return base::fail(base::error_kind::exists, "the account has this certificate already");
  if (rows.size() >= routing::certificates_max)
    return base::fail(base::error_kind::over_limit, "an account has at most " + std::to_string(routing::certificates_max) + " certificates");
  if (!is_text(note, text_octets_max)) return unfit("note", "is a text without control characters of at most " + std::to_string(text_octets_max) + " octets");
  value row{json::object{}};
  row.set("sha256", hex);
  if (!note.empty()) row.set("note", note);
  rows.push_back(std::move(row));
  out.set(certificates_member, std::move(rows));
  return json::to_text(out);
}

base::result<std::string> without_certificate(std::string_view content, std::string_view sha256) {
  auto out = object_of(content);
  auto rows = out.get_array(certificates_member) != nullptr ? *out.get_array(certificates_member) : json::array();
  const auto found = row_of(rows, base::to_hex(sha256));
  if (found == rows.end()) return base::fail(base::error_kind::not_found, "the account has no such certificate");
  rows.erase(found);
  if (rows.empty()) out.as_object()->erase(certificates_member);
  else out.set(certificates_member, std::move(rows));
  return json::to_text(out);
}

value show_certificates(const storage::directory::document& d) {
  const auto content = object_of(d.content);
  const auto* rows = content.get_array(certificates_member);
  return value(rows != nullptr ? *rows : json::array());
}

} // namespace rookery::config
