#include "actors/config/gateway_documents.hpp"

#include "actors/config/document_rules.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <utility>

namespace rookery::config {
namespace {

using json::value;
using storage::directory::document;

constexpr std::pair<std::string_view, delivery::recipient_check> check_words[] = {
    {"none", delivery::recipient_check::none},
    {"list", delivery::recipient_check::list},
    {"call_forward", delivery::recipient_check::call_forward}};

std::optional<delivery::recipient_check> check_named(std::string_view word) {
  for (const auto& [text, meant] : check_words)
    if (text == word) return meant;
  return std::nullopt;
}

checked delivery_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "at_once" && *text != "on_request")) return unfit(member, "is at_once or on_request");
  return v;
}
checked check_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !check_named(*text)) return unfit(member, "is none, list or call_forward");
  return v;
}
checked unchecked_rule(std::string_view member, const value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || (*text != "accept" && *text != "defer")) return unfit(member, "is accept or defer");
  return v;
}
checked dequeuers_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > delivery::gateway_dequeuers_max)
    return unfit(member, "is a list of at most " + std::to_string(delivery::gateway_dequeuers_max) + " addresses of accounts");
  json::array out;
  for (const auto& one : *all) {
    const auto* text = one.as_string();
    auto address = text == nullptr ? std::nullopt : routing::canonical_address(*text);
    if (!address) return unfit(member, "has an entry that is no address");
    out.emplace_back(std::move(*address));
  }
  return value(std::move(out));
}
/// Local parts; an address of the domain loses its domain in `change_gateway`.
checked recipients_rule(std::string_view member, const value& v) {
  const auto* all = v.as_array();
  if (all == nullptr || all->size() > delivery::gateway_recipients_max)
    return unfit(member, "is a list of at most " + std::to_string(delivery::gateway_recipients_max) + " local parts");
  for (const auto& one : *all)
    if (const auto* text = one.as_string(); text == nullptr || text->empty() || !is_text(*text, routing::address_octets_max))
      return unfit(member, "has an entry that is no local part");
  return v;
}

constexpr rule own_rules[] = {{"delivery", delivery_rule},
                              {"dequeuers", dequeuers_rule},
                              {"recipient_check", check_rule},
                              {"recipients", recipients_rule},
                              {"when_unchecked", unchecked_rule},
                              {"description", text_rule<text_octets_max>}};

const std::vector<rule>& rules() {
  static const auto all = [] {
    std::vector<rule> out(way_rules().begin(), way_rules().end());
    out.insert(out.end(), std::begin(own_rules), std::end(own_rules));
    return out;
  }();
  return all;
}

/// "Ann@branch.example" → "ann"; what belongs to another domain is refused.
base::result<void> shorten_recipients(std::string_view domain, value& content) {
  const auto* all = content.get_array("recipients");
  if (all == nullptr) return {};
  json::array out;
  out.reserve(all->size());
  for (const auto& one : *all) {
    const auto* given = one.as_string();
    if (given == nullptr) return unfit("recipients", "has an entry that is no text");
    std::string_view text = *given;
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
      if (routing::canonical_domain(text.substr(at + 1)) != domain) return unfit("recipients", "has an entry of another domain");
      text = text.substr(0, at);
    }
    if (text.empty()) return unfit("recipients", "has an entry that is no local part");
    out.emplace_back(base::to_lower(text));
  }
  content.set("recipients", std::move(out));
  return {};
}

} // namespace

base::result<delivery::gateway_record> read_gateway(const document& d) {
  const auto content = parse_content(d);
  if (!content) return base::fail(content.error());
  delivery::gateway_record out;
  out.domain = d.key;
  out.on_request = content->get_string("delivery").value_or("at_once") != "at_once";
  if (auto done = read_way(*content, out.way); !done) return base::fail(done.error());
  if (auto accounts = content->get_strings("dequeuers")) out.dequeuers = std::move(*accounts);
  // A check of a newer version: rather none is let in than everybody.
  out.check = check_named(content->get_string("recipient_check").value_or("none")).value_or(delivery::recipient_check::list);
  if (auto names = content->get_strings("recipients")) out.recipients = std::move(*names);
  out.accept_unchecked = content->get_string("when_unchecked").value_or("defer") == "accept";
  out.description = content->get_string("description").value_or("");
  return out;
}

base::result<std::string> change_gateway(std::string_view domain, std::string_view content, const value& patch,
                                         const base::secret_box* secrets) {
  auto out = change_with_password(content, patch, rules(), secrets, delivery::password_purpose);
  if (!out) return base::fail(out.error());
  if (auto fits = check_way(*out); !fits) return base::fail(fits.error());
  if (auto fits = shorten_recipients(domain, *out); !fits) return base::fail(fits.error());
  const bool on_request = out->get_string("delivery").value_or("") == "on_request";
  if (on_request && out->find("host") == nullptr && out->find("dequeuers") == nullptr)
    return unfit("dequeuers", "is missing: on request and without a host nobody could have the mail");
  if (out->get_string("recipient_check").value_or("") == "call_forward" && on_request && out->find("host") == nullptr)
    return unfit("host", "is missing: call_forward needs a server that can be asked");
  return json::to_text(*out);
}

value show_gateway(const document& d) {
  auto out = head_of(d, "domain");
  out.set("queue", delivery::gateway_queue(d.key));
  const auto content = json::parse(d.content);
  if (!content) {
    out.set("fault", "cannot be read");
    return out;
  }
  out.set("delivery", "at_once");
  out.set("recipient_check", "none");
  add_known(out, *content, rules());
  if (content->find("login") != nullptr) out.set("password", content->find("sealed_password") != nullptr);
  return out;
}

} // namespace rookery::config
