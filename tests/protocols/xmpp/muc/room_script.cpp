#include "tests/protocols/xmpp/muc/room_script.hpp"

#include <algorithm>
#include <sstream>

namespace rookery::xmpp::muc {
namespace {

std::string trimmed(std::string s) {
  const auto first = s.find_first_not_of(" \t"), last = s.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : s.substr(first, last - first + 1);
}

} // namespace

std::string kept_name(const effect& e) {
  struct names {
    std::string operator()(const send&) const { return {}; }
    std::string operator()(const keep_message&) const { return "keep_message"; }
    std::string operator()(const replace_message&) const { return "replace_message"; }
    std::string operator()(const keep_document&) const { return "keep_document"; }
    std::string operator()(const keep_member& m) const {
      return "keep_member " + m.address.text() + " " + std::string(name(m.record.rank)) + (m.record.nick.empty() ? "" : " " + m.record.nick);
    }
    std::string operator()(const keep_vcard&) const { return "keep_vcard"; }
    std::string operator()(const destroyed&) const { return "destroyed"; }
    std::string operator()(const emptied&) const { return "emptied"; }
  };
  return std::visit(names{}, e);
}

std::string room_script::play(const std::string& text) {
  std::istringstream in(text);
  std::string one;
  int number = 0;
  while (std::getline(in, one)) {
    ++number;
    one = trimmed(one);
    if (one.empty() || one.front() == '#') continue;
    if (auto fault = line(one); !fault.empty()) return "line " + std::to_string(number) + ": " + one + "\n  " + fault;
  }
  return settled();
}

std::string room_script::line(const std::string& l) {
  if (l.starts_with("* ")) {
    if (kept_.empty()) return "nothing more was kept";
    const auto got = std::exchange(kept_.front(), {});
    kept_.pop_front();
    return got == filled(l.substr(2)) ? "" : "kept: " + got;
  }
  if (l.starts_with("@ +")) {
    const bool ms = l.ends_with("ms");
    const auto n = std::stoll(l.substr(3));
    now_ += std::chrono::milliseconds(ms ? n : n * 1000);
    return {};
  }
  const auto at = l.find_first_of(":><!");
  if (at == std::string::npos) return "what is this?";
  const auto name = l.substr(0, at);
  const auto rest = trimmed(l.substr(at + 1));
  if (l[at] == ':' && name == "room") {
    bound_["room"] = rest;
    room_ = std::make_unique<room>(*read_jid(rest), room_config{}, "salt", limits_);
    return {};
  }
  if (l[at] == ':' && name == "limits") {
    const auto value = static_cast<std::size_t>(std::stoull(rest.substr(rest.find('=') + 1)));
    const auto which = trimmed(rest.substr(0, rest.find('=')));
    if (which == "occupants") limits_.occupants = value;
    else if (which == "nick_octets") limits_.nick_octets = value;
    else if (which == "subject_octets") limits_.subject_octets = value;
    else if (which == "burst_stanzas") limits_.burst_stanzas = static_cast<std::uint32_t>(value);
    else if (which == "stanzas_a_second") limits_.stanzas_a_second = static_cast<std::uint32_t>(value);
    else if (which == "history_messages") limits_.history_messages = value;
    else if (which == "affiliations") limits_.affiliations = value;
    else if (which == "sessions_a_nick") limits_.sessions_a_nick = value;
    else return "no such limit";
    return {};
  }
  if (l[at] == ':') {
    client c;
    c.is_operator = rest.ends_with("!");
    const auto address = read_jid(c.is_operator ? rest.substr(0, rest.size() - 1) : rest);
    if (!address) return "no address";
    c.address = *address;
    clients_[name] = std::move(c);
    return {};
  }
  const auto found = clients_.find(name);
  if (found == clients_.end()) return "who is that?";
  if (l[at] == '<') return gets(name, found->second, rest);
  if (auto fault = settled(); !fault.empty()) return fault;
  if (l[at] == '>') return sends(found->second, rest);
  if (rest.starts_with("in ")) {
    if (auto fault = sends(found->second, "<presence to='{room}/" + rest.substr(3) + "'><x xmlns='http://jabber.org/protocol/muc'/></presence>"); !fault.empty()) return fault;
    return drop();
  }
  if (rest == "instant" || rest.starts_with("set ")) {
    const auto is = rest.find('=');
    const auto field = rest == "instant" ? std::string()
                                         : "<field var='muc#roomconfig_" + rest.substr(4, is - 4) + "'><value>" + rest.substr(is + 1) + "</value></field>";
    const auto fault = sends(found->second, "<iq type='set' id='i' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>" +
                                                field + "</x></query></iq>");
    return fault.empty() ? drop() : fault;
  }
  if (rest == "gone") room_->gone(found->second.address, now_);
  else if (rest == "shut down") room_->shut_down(false);
  else return "what happens?";
  take();
  return {};
}

/// Nobody is asked what came of it.
std::string room_script::drop() {
  for (auto& [name, c] : clients_) c.got.clear();
  kept_.clear();
  return {};
}

std::string room_script::filled(std::string_view text) const {
  std::string out(text);
  for (const auto& [name, value] : bound_)
    for (auto at = out.find("{" + name + "}"); at != std::string::npos; at = out.find("{" + name + "}", at + value.size()))
      out.replace(at, name.size() + 2, value);
  return out;
}

std::string room_script::sends(client& c, std::string_view octets) {
  auto read = xml::parse("<stream xmlns='jabber:client'>" + filled(octets) + "</stream>");
  auto* stream = std::get_if<element>(&read);
  if (stream == nullptr || stream->first() == nullptr) return "this is no XML";
  auto stanza = *stream->first();
  stanza.set("from", c.address.text());
  const auto to = read_jid(stanza.get("to"));
  if (!to) return "it has no address";
  room_->handle(stanza, *to, {c.address, c.is_operator}, now_);
  take();
  return {};
}

void room_script::take() {
  for (auto& e : room_->take_effects()) {
    if (auto name = kept_name(e); !name.empty()) kept_.push_back(std::move(name));
    const auto* s = std::get_if<send>(&e);
    if (s == nullptr) continue;
    for (const auto& to : *s->to) {
      if (std::find(s->except.begin(), s->except.end(), to) != s->except.end()) continue;
      for (auto& [name, c] : clients_)
        if (c.address == to || (to.is_bare() && c.address.bare() == to)) c.got.push_back(s->stanza);
    }
  }
}

std::string room_script::settled() const {
  for (const auto& [name, c] : clients_)
    if (!c.got.empty()) return name + " also got " + xml::to_text(*c.got.front(), space::client);
  if (!kept_.empty()) return "also kept: " + kept_.front();
  return {};
}

std::string room_script::gets(const std::string& name, client& c, std::string_view octets) {
  if (c.got.empty()) return name + " got nothing more";
  const auto got = c.got.front();
  c.got.pop_front();
  auto read = xml::parse("<stream xmlns='jabber:client'>" + filled(octets) + "</stream>");
  auto* stream = std::get_if<element>(&read);
  if (stream == nullptr || stream->first() == nullptr) return "this is no XML";
  std::string why;
  if (matches(*stream->first(), *got, why)) return {};
  return why + "; it got " + xml::to_text(*got, space::client);
}

bool room_script::text_matches(std::string_view wanted, std::string_view got) {
  if (wanted == "{*}") return true;
  if (wanted.size() > 2 && wanted.front() == '{' && wanted.back() == '}') {
    bound_[std::string(wanted.substr(1, wanted.size() - 2))] = got;
    return true;
  }
  return wanted == got;
}

bool room_script::matches(const element& wanted, const element& got, std::string& why) {
  if (wanted.name != got.name || wanted.space != got.space) {
    why = "<" + got.name + "> of " + got.space + " instead of <" + wanted.name + "> of " + wanted.space;
    return false;
  }
  for (const auto& a : got.attributes)
    if (a.name != "to" && !wanted.has(a.name, a.space)) {
      why = "attribute " + a.name + "=" + a.value + " of <" + got.name + ">";
      return false;
    }
  for (const auto& a : wanted.attributes)
    if (!got.has(a.name, a.space) || !text_matches(a.value, got.get(a.name, a.space))) {
      why = "attribute " + a.name + " of <" + got.name + "> is " + std::string(got.get(a.name, a.space)) + ", not " + a.value;
      return false;
    }
  const auto w = wanted.elements(), g = got.elements();
  const auto text = trimmed(wanted.text());
  const bool open = text == "…";
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (i >= g.size()) {
      why = "<" + w[i]->name + "> is missing in <" + got.name + ">";
      return false;
    }
    if (!matches(*w[i], *g[i], why)) return false;
  }
  if (g.size() > w.size() && !open) {
    why = "<" + g[w.size()]->name + "> also stands in <" + got.name + ">";
    return false;
  }
  if (!open && !text_matches(text, trimmed(got.text()))) {
    why = "the text of <" + got.name + "> is \"" + got.text() + "\"";
    return false;
  }
  return true;
}

} // namespace rookery::xmpp::muc
