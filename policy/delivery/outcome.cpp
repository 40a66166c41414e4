#include "policy/delivery/outcome.hpp"

#include "base/text.hpp"

namespace rookery::delivery {
namespace {

using smtp::stage;

struct row {
  fate what;
  std::string_view status, text;
};
row row_of(trouble t) noexcept {
  using enum trouble;
  switch (t) {
  case no_domain: return {fate::failed, "5.1.2", "the domain does not exist"};
  case no_host: return {fate::failed, "5.4.4", "the domain has no host for mail"};
  case null_mx: return {fate::failed, "5.1.10", "the domain takes no mail"};
  case loop: return {fate::failed, "5.4.6", "mail for the domain leads back to this server"};
  case dns: return {fate::deferred, "4.4.3", "name servers did not answer"};
  case dns_bogus: return {fate::deferred, "4.7.0", "the name servers' answer is not authentic"};
  case dns_unsigned: return {fate::failed, "5.7.0", "the message needs DNSSEC, which the domain has not"};
  case unreachable: return {fate::deferred, "4.4.1", "no connection"};
  case lost: return {fate::deferred, "4.4.2", "the connection was lost"};
  case tls: return {fate::deferred, "4.7.5", "TLS failed"};
  case tls_missing: return {fate::deferred, "4.7.10", "the server offers no TLS, which is required"};
  case certificate: return {fate::deferred, "4.7.5", "the server's certificate cannot be trusted"};
  case sts_fetch: return {fate::deferred, "4.7.0", "the domain's policy for TLS cannot be fetched"};
  case require_tls: return {fate::failed, "5.7.30", "the message requires TLS, which the domain's servers do not provide"};
  case no_credentials: return {fate::deferred, "4.7.8", "there is no usable login for the server"};
  case local: return {fate::deferred, "4.3.0", "a temporary fault of this server"};
  case misconfigured: return {fate::deferred, "4.3.5", "the route leads nowhere"};
  case eight_bit: return {fate::failed, "5.6.3", "the message cannot be converted for the server"};
  case expired: return {fate::failed, "5.4.7", "it could not be delivered in time"};
  case deliver_by_over: return {fate::failed, "5.4.7", "it could not be delivered within the time that was asked for"};
  case foreign_forward: return {fate::failed, "5.7.1", "forwarding to other domains is not allowed"};
  }
  return {fate::deferred, "4.0.0", ""};
}

std::string one_line(std::string_view text) { return base::printable(text, answer_octets_max - 3); } // "..." may follow

/// "550 5.1.1 no such user"; several lines become one.
std::string words(const smtp::reply& r) {
  std::string out;
  if (r.code != 0) base::append_number(out, r.code);
  for (const std::string_view part : {std::string_view(r.enhanced), std::string_view(r.text)}) {
    if (part.empty()) continue;
    if (!out.empty()) out.push_back(' ');
    out += part;
  }
  for (auto& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return one_line(out);
}

/// Second and third number, where the server gave none.
std::string_view detail_of(unsigned code, stage where) noexcept {
  const bool permanent = code >= 500;
  switch (code) {
  case 421: return where == stage::idle ? "4.2" : "3.2";
  case 450: return "2.0";
  case 451: return "3.0";
  case 452: return "3.1";
  case 454: return where == stage::tls ? "7.4" : "7.0";
  case 455: case 504: return "5.4";
  case 500: return "5.2";
  case 501: return where == stage::recipient ? "1.3" : where == stage::mail ? "1.7" : "5.4";
  case 502: case 503: return "5.1";
  case 521: return "3.2";
  case 530: case 534: case 538: return "7.0";
  case 535: return "7.8";
  case 550: return where == stage::recipient ? "1.1" : where == stage::mail ? "7.1" : "7.0";
  case 551: return "1.6";
  case 552: return where == stage::recipient ? "2.2" : "3.4";
  case 553: return where == stage::mail ? "1.7" : "1.3";
  case 555: return "5.4";
  case 556: return "1.10";
  default: return permanent && where == stage::recipient ? "1.0" : "0.0";
  }
}

} // namespace

bool valid_status(std::string_view s) noexcept {
  if (s.size() < 5 || (s[0] != '2' && s[0] != '4' && s[0] != '5') || s[1] != '.') return false;
  const auto rest = s.substr(2);
  const auto dot = rest.find('.');
  if (dot == std::string_view::npos) return false;
  for (const auto part : {rest.substr(0, dot), rest.substr(dot + 1)}) {
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    for (const char c : part)
      if (!base::is_digit(c)) return false;
  }
  return true;
}

std::string status_of(const smtp::reply& r, stage where) {
  const char kind = r.code >= 500 ? '5' : r.code >= 400 ? '4' : r.code != 0 ? '2' : '\0';
  // RFC 2034 §4: the first number agrees with the code; what does not is no status.
  if (valid_status(r.enhanced) && (kind == '\0' || r.enhanced[0] == kind)) return r.enhanced;
  if (kind == '2') return "2.0.0";
  if (kind == '\0') return "4.0.0";
  return std::string(1, kind) + '.' + std::string(detail_of(r.code, where));
}

verdict of_trouble(trouble t, std::string_view text) {
  const auto r = row_of(t);
  std::string said(r.text);
  if (!text.empty()) said.append(said.empty() ? "" : ": ").append(text);
  said = one_line(said);
  return {r.what, std::string(r.status), "x-local; " + said, said};
}

verdict of_outcome(const smtp::recipient_outcome& o) {
  using kind = smtp::recipient_outcome::kind;
  verdict v;
  v.answer = words(o.answer);
  v.status = status_of(o.answer, o.where);
  v.diagnostic = (o.answer.code != 0 ? "smtp; " : "x-local; ") + v.answer;
  switch (o.what) {
  case kind::delivered: v.what = fate::done; break;
  case kind::untried: return {fate::at_once, {}, {}, v.answer};
  case kind::deferred: v.what = fate::deferred; break;
  case kind::refused: v.what = fate::failed; break;
  }
  // RFC 5321 §4.5.3.1.10: 552 at RCPT meant "too many recipients" once, unless it says what else.
  if (o.what == kind::refused && o.answer.code == 552 && o.where == stage::recipient && !valid_status(o.answer.enhanced)) {
    v.what = fate::deferred;
    v.status = "4.5.3";
  }
  if (v.what == fate::deferred && v.status[0] == '5') v.status[0] = '4';
  if (v.what == fate::failed && v.status[0] == '4') v.status[0] = '5';
  if (v.what == fate::done && v.status[0] != '2') v.status = "2.0.0";
  return v;
}

verdict of_session(stage where, const std::optional<smtp::reply>& said, std::string_view text) {
  if (!said) {
    return of_trouble(where == stage::tls ? trouble::tls : where == stage::connect ? trouble::unreachable : trouble::lost, text);
  }
  verdict v;
  v.answer = words(*said);
  v.diagnostic = "smtp; " + v.answer;
  v.status = status_of(*said, where);
  // RFC 7504: a host that says so at its door takes no mail at all. Any other refusal there speaks
  // of us or of the hour: it is tried again.
  const bool at_the_door = where == stage::connect || where == stage::greeting;
  if (at_the_door && (said->code == 521 || said->code == 556)) {
    v.what = fate::failed;
    return v;
  }
  v.what = fate::deferred;
  if (v.status[0] == '5') v.status[0] = '4';
  return v;
}

bool try_next_host(stage where, const std::optional<smtp::reply>& said) noexcept {
  // After MAIL the host has spoken for the domain; a connection that broke has not.
  return !said || where == stage::connect || where == stage::greeting || where == stage::tls || where == stage::authentication;
}

} // namespace rookery::delivery
