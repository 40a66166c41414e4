#include "protocols/xmpp/login_tokens.hpp"

#include "protocols/encoding/base64.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {
namespace {

constexpr std::string_view tokens_space = "urn:rookery:tokens";
constexpr std::size_t tokens_max = 2;

auto named(std::string_view id) {
  return [id](const login_token& t) { return t.id == id; };
}

} // namespace

std::string login_tokens::encode() const {
  xml::element e("tokens", tokens_space);
  for (const auto& t : all_)
    e.add("token").set("id", t.id).set("mechanism", t.mechanism).set("password", t.password).set("issued", date_time(t.issued))
        .set("expires", date_time(t.expires)).add_text(encoding::base64_encode(t.sealed));
  return xml::to_text(e);
}

std::optional<login_tokens> login_tokens::decode(std::string_view text) {
  const auto read = xml::parse(text);
  const auto* e = std::get_if<xml::element>(&read);
  if (e == nullptr || !e->is("tokens", tokens_space)) return {};
  login_tokens out;
  for (const auto* one : e->elements("token", tokens_space)) {
    const auto issued = read_date_time(one->get("issued")), expires = read_date_time(one->get("expires"));
    auto sealed = encoding::base64_decode(one->text());
    if (!issued || !expires || !sealed || out.all_.size() == tokens_max) return {};
    out.all_.push_back({std::string(one->get("id")), std::move(*sealed), std::string(one->get("mechanism")), std::string(one->get("password")), *issued, *expires});
  }
  return out;
}

base::wall_time login_tokens::until() const {
  base::wall_time last{};
  for (const auto& t : all_) last = std::max(last, t.expires);
  return last;
}

bool login_tokens::used(std::string_view id) {
  const auto at = std::find_if(all_.begin(), all_.end(), named(id));
  if (at == all_.end()) return false;
  return std::erase_if(all_, [end = at->expires](const login_token& t) { return t.expires < end; }) != 0;
}

bool login_tokens::forget(std::string_view id) { return std::erase_if(all_, named(id)) != 0; }

bool login_tokens::is_due(std::string_view id, base::wall_time now) const {
  const auto at = std::find_if(all_.begin(), all_.end(), named(id));
  return at != all_.end() && now >= at->issued + token_rotation;
}

void login_tokens::add(login_token fresh, std::string_view in_use) {
  std::erase_if(all_, [&](const login_token& t) { return in_use.empty() || t.id != in_use; });
  all_.push_back(std::move(fresh));
}

bool login_tokens::drop_ended(base::wall_time now, std::string_view password) {
  return std::erase_if(all_, [&](const login_token& t) { return t.expires <= now || t.password != password; }) != 0;
}

} // namespace rookery::xmpp
