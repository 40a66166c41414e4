#include "server/certificates.hpp"

#include "actors/config/certificate_documents.hpp"
#include "base/text.hpp"
#include "protocols/tls/certificate.hpp"

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
template <class Map>
auto choose(const Map& all, std::string_view name) {
  const auto exact = all.find(name);
  const auto dot = name.find('.');
  if (exact != all.end() || dot == std::string_view::npos) return exact;
  return all.find("*" + std::string(name.substr(dot)));
}

} // namespace

base::result<certificates::combined> certificates::combine(const std::vector<material>& files, const std::vector<material>& agreed) {
  const material* first = nullptr;
  for (const auto& m : agreed)
    if (m.is_default && first == nullptr) first = &m;
  if (first == nullptr && !files.empty()) first = &files.front();
  if (first == nullptr && !agreed.empty()) first = &agreed.front();
  combined out;
  if (first == nullptr) return out;
  out.pems[""] = {first->chain, first->key};
  const auto named = std::make_shared<by_name>();
  const auto make = [](const material& m, tls::choose_context choose) -> base::result<std::shared_ptr<const tls::tls_context>> {
    tls::server_settings s;
    s.certificates_pem = m.chain;
    s.key_pem = m.key;
    s.choose = std::move(choose);
    auto context = tls::tls_context::make_server(std::move(s));
    if (context) return context;
    auto why = context.error();
    why.log.value = m.origin + ": " + why.log.value;
    return base::fail(std::move(why));
  };
  // Documents come behind the files, and so win.
  for (const auto* all : {&files, &agreed})
    for (const auto& m : *all) {
      // The default keeps the map that its chooser holds: it must not be in it itself.
      if (&m == first) {
        for (const auto& name : m.names) {
          named->erase(name);
          out.pems.erase(name);
        }
        continue;
      }
      const auto context = make(m, {});
      if (!context) return base::fail(context.error());
      for (const auto& name : m.names) {
        (*named)[name] = *context;
        out.pems[name] = {m.chain, m.key};
      }
    }
  auto context = make(*first, [named](std::string_view name) {
    const auto found = choose(*named, name);
    return found == named->end() ? nullptr : found->second;
  });
  if (!context) return base::fail(context.error());
  out.context = std::move(*context);
  return out;
}

base::result<void> certificates::load(const std::vector<certificate_entry>& entries) {
  std::vector<material> read;
  for (const auto& e : entries) {
    auto chain = read_text(e.chain_file);
    if (!chain) return base::fail(chain.error());
    auto key = read_text(e.key_file);
    if (!key) return base::fail(key.error());
    material m{{}, std::move(*chain), std::move(*key), e.chain_file, false};
    if (!e.host.empty() && e.host != "*") m.names.push_back(base::to_lower(e.host));
    read.push_back(std::move(m));
  }
  const std::lock_guard one(changing_);
  auto made = combine(read, agreed_);
  if (!made) return base::fail(made.error());
  files_ = std::move(read);
  const std::lock_guard hold(lock_);
  current_ = std::move(*made);
  return {};
}

std::vector<std::string> certificates::follow(const storage::directory::config_table& table, const base::secret_box& secrets) {
  std::vector<std::string> faults;
  std::vector<material> read;
  const std::lock_guard one(changing_);
  table.for_each(storage::directory::document_kind::certificate, {}, [&](const storage::directory::document_ptr& d) {
    const auto r = config::read_certificate_document(*d);
    const auto facts = r ? tls::read_certificate(r->chain) : base::result<tls::certificate_facts>(base::fail(base::error_kind::invalid, ""));
    auto key = r && facts ? config::open_certificate_key(*r, secrets) : std::nullopt;
    const auto origin = "certificate " + d->key;
    if (!r || !facts) faults.push_back(origin + " cannot be read");
    else if (!key) faults.push_back(origin + ": its key was sealed with a key that this node does not have");
    if (!key) return true;
    std::vector<material> alone{{facts->names, r->chain, std::move(*key), origin, r->is_default}};
    if (const auto usable = combine(alone, {}); !usable) faults.push_back(usable.error().log.value);
    else read.push_back(std::move(alone.front()));
    return true;
  });
  auto made = combine(files_, read);
  if (!made) {
    faults.push_back(made.error().log.value);
    return faults;
  }
  agreed_ = std::move(read);
  const std::lock_guard hold(lock_);
  current_ = std::move(*made);
  return faults;
}

std::shared_ptr<const tls::tls_context> certificates::current() const {
  const std::lock_guard hold(lock_);
  return current_.context;
}

std::optional<tls::pem_pair> certificates::pem_for(std::string_view name) const {
  const std::lock_guard hold(lock_);
  auto found = choose(current_.pems, name);
  if (found == current_.pems.end()) found = current_.pems.find("");
  return found == current_.pems.end() ? std::nullopt : std::optional(found->second);
}

} // namespace rookery::server
