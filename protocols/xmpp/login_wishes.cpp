#include "protocols/xmpp/login_wishes.hpp"

#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"

namespace rookery::xmpp {
namespace {

bool is_true(std::string_view v) noexcept { return v == "true" || v == "1"; }

void read_bind(login_wishes& w, const element& bind) {
  w.bind = true;
  w.tag = bind.child_text("tag", space::bind2);
  if (w.tag.size() > client_tag_octets_max) w.tag.clear();
  w.carbons = bind.child("enable", space::carbons) != nullptr;
  if (const auto* m = bind.child("enable", space::stream_management)) {
    w.manage = true;
    w.resumable = is_true(m->get("resume"));
  }
  if (bind.child("inactive", space::client_state) != nullptr) w.active = false;
  else if (bind.child("active", space::client_state) != nullptr) w.active = true;
}

} // namespace

std::optional<login_wishes> read_login_wishes(const element& e, std::string_view& fault) {
  login_wishes w;
  fault = "malformed-request";
  w.mechanism = e.get("mechanism");
  if (const auto* initial = e.child("initial-response", space::sasl2)) {
    w.initial = encoding::base64_decode(initial->text());
    if (!w.initial) {
      fault = "incorrect-encoding";
      return {};
    }
  }
  if (const auto* agent = e.child("user-agent", space::sasl2)) {
    w.client_id = agent->get("id");
    if (w.client_id.size() > client_id_octets_max) return {};
  }
  if (const auto* resume = e.child("resume", space::stream_management)) {
    const auto h = base::parse_u32(resume->get("h"));
    if (!h || !resume->has("previd")) return {};
    w.resume = login_wishes::resumption{std::string(resume->get("previd")), *h};
  }
  if (const auto* bind = e.child("bind", space::bind2)) read_bind(w, *bind);
  if (const auto* wanted = e.child("request-token", space::fast)) w.token_mechanism = wanted->get("mechanism");
  if (const auto* fast = e.child("fast", space::fast)) {
    w.by_token = true;
    w.forget_token = is_true(fast->get("invalidate"));
  }
  return w;
}

} // namespace rookery::xmpp
