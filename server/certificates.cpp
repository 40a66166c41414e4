#include "server/certificates.hpp"

#include "base/text.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace rookery::server {
namespace {

base::result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::fail(base::error_kind::not_found, "A certificate cannot be read", "cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

using by_name = std::map<std::string, std::shared_ptr<const tls::tls_context>, std::less<>>;

/// The exact name, or a wildcard for its parent domain (RFC 6125 §6.4.3: one label only).
std::shared_ptr<const tls::tls_context> choose(const by_name& all, std::string_view name) {
  if (const auto exact = all.find(name); exact != all.end()) return exact->second;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto wild = all.find("*" + std::string(name.substr(dot)));
  return wild == all.end() ? nullptr : wild->second;
}

} // namespace

base::result<void> certificates::load(const std::vector<certificate_entry>& entries) {
  const auto named = std::make_shared<by_name>();
  std::shared_ptr<const tls::tls_context> first;
  // The default comes last: its chooser sees all the others.
  for (std::size_t i = entries.size(); i-- > 0;) {
    const auto& e = entries[i];
    const auto chain = read_text(e.chain_file);
    if (!chain) return base::fail(chain.error());
    const auto key = read_text(e.key_file);
    if (!key) return base::fail(key.error());
    tls::server_settings s;
    s.certificates_pem = *chain;
    s.key_pem = *key;
    if (i == 0) s.choose = [named](std::string_view name) { return choose(*named, name); };
    auto context = tls::tls_context::make_server(std::move(s));
    if (!context) {
      auto why = context.error();
      why.log.value = e.chain_file + ": " + why.log.value;
      return base::fail(std::move(why));
    }
    if (i == 0) first = *context;
    // The default keeps the map that its chooser holds: it must not be in it itself.
    else if (!e.host.empty() && e.host != "*") (*named)[base::to_lower(e.host)] = *context;
  }
  const std::lock_guard hold(lock_);
  current_ = std::move(first);
  return {};
}

std::shared_ptr<const tls::tls_context> certificates::current() const {
  const std::lock_guard hold(lock_);
  return current_;
}

} // namespace rookery::server
