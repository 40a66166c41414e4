#include "actors/config/certificate_documents.hpp"

#include "actors/config/document_rules.hpp"
#include "actors/config/sealed_members.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/tls/certificate.hpp"
#include "protocols/tls/tls_context.hpp"

#include <algorithm>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

checked chain_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || text->size() > chain_octets_max) return unfit(member, "is certificates as PEM, of at most " + std::to_string(chain_octets_max) + " octets");
  if (const auto facts = tls::read_certificate(*text); !facts) return unfit(member, "has no certificate in PEM form");
  return v;
}
constexpr rule rules[] = {{"chain", chain_rule}, {"default", flag_rule}, {"description", text_rule<text_octets_max>}};

} // namespace

std::string certificate_key_purpose(std::string_view name) { return "certificate key of " + std::string(name); }

std::optional<std::string> canonical_certificate_name(std::string_view given) {
  auto name = base::to_lower(given);
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.size() > 255 || !std::all_of(name.begin(), name.end(), fits)) return {};
  return name;
}

base::result<certificate_record> read_certificate_document(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  certificate_record out{d.key, std::string(content->get_string("chain").value_or("")), {}, content->get_bool("default").value_or(false)};
  auto sealed = encoding::base64_decode(content->get_string("sealed_key").value_or(""));
  if (out.chain.empty() || !sealed || sealed->empty()) return unfit("certificate " + d.key, "cannot be read");
  out.sealed_key = std::move(*sealed);
  return out;
}

std::optional<std::string> open_certificate_key(const certificate_record& r, const base::secret_box& secrets) {
  return secrets.open(r.sealed_key, certificate_key_purpose(r.name));
}

base::result<std::string> change_certificate(std::string_view name, std::string_view content, const value& patch, const base::secret_box* secrets) {
  auto open = patch;
  std::string key;
  const bool chain_given = patch.find("chain") != nullptr;
  if (auto* members = open.as_object(); members != nullptr) {
    if (const auto* given = patch.find("key")) {
      const auto* text = given->as_string();
      if (text == nullptr || text->empty() || text->size() > key_octets_max) return unfit("key", "is a private key as PEM, without a password, of at most " + std::to_string(key_octets_max) + " octets");
      key = *text;
      members->erase("key");
    }
  }
  if (chain_given == key.empty()) {
    base::wipe(key);
    return chain_given ? unfit("key", "is missing: a chain comes with its key") : unfit("chain", "is missing: a key comes with its chain");
  }
  auto out = apply_patch(content, open, rules);
  if (!out) return base::fail(out.error());
  if (out->find("chain") == nullptr) return unfit("chain", "is missing");
  if (!key.empty()) {
    tls::server_settings pair;
    pair.certificates_pem = std::string(out->get_string("chain").value_or(""));
    pair.key_pem = key;
    const auto made = tls::tls_context::make_server(std::move(pair));
    if (!made) return base::fail(base::error_kind::invalid, "chain and key cannot be used: " + made.error().log.value);
    if (secrets == nullptr) return unfit("key", "cannot be kept: there is no sealing key");
    out->set("sealed_key", encoding::base64_encode(secrets->seal(key, certificate_key_purpose(name))));
    base::wipe(key);
  }
  return json::to_text(*out);
}

value show_certificate_document(const document& d) {
  auto out = head_of(d, "name");
  const auto content = parse_content(d);
  if (!content) return out;
  out.set("default", content->get_bool("default").value_or(false));
  if (const auto text = content->get_string("description")) out.set("description", *text);
  if (const auto facts = tls::read_certificate(content->get_string("chain").value_or(""))) {
    out.set("names", json::array(facts->names.begin(), facts->names.end()));
    out.set("not_before", base::to_milliseconds(facts->not_before));
    out.set("not_after", base::to_milliseconds(facts->not_after));
    out.set("subject", facts->subject);
    out.set("issuer", facts->issuer);
    out.set("sha256", base::to_hex(facts->sha256));
  }
  return out;
}

base::result<void> check_certificate_in_file(const value& content, const value& present) {
  const auto now = tls::read_certificate(content.get_string("chain").value_or("")), before = tls::read_certificate(present.get_string("chain").value_or(""));
  if (!now) return unfit("chain", "has no certificate in PEM form");
  if (!before || now->key_sha256 != before->key_sha256)
    return unfit("chain", "goes with another key than the one that is kept: rookery certificates replace brings both");
  return {};
}

std::string chain_label(std::string_view chain) {
  const auto facts = tls::read_certificate(chain);
  return facts ? "SHA-256 " + base::to_hex(facts->sha256) : "(no certificate)";
}

} // namespace rookery::config
