#include "policy/recall/recall.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::recall {
namespace {

constexpr std::size_t listed_max = 1000;

/// "Re: AW: [EXT] text" → "text": replies and forwards put words with a colon in front.
std::string_view without_prefixes(std::string_view subject) noexcept {
  constexpr std::array<std::string_view, 8> prefixes = {"re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr"};
  for (;;) {
    subject = base::trim(subject);
    const auto colon = subject.find(':');
    if (colon == std::string_view::npos || colon > 5) return subject;
    const auto word = base::trim(subject.substr(0, colon));
    if (std::none_of(prefixes.begin(), prefixes.end(), [&](auto p) { return base::iequals(p, word); })) return subject;
    subject.remove_prefix(colon + 1);
  }
}

/// All of "<left@right>", without spaces and control octets.
bool is_message_id(std::string_view id) noexcept {
  if (id.size() < 5 || id.size() > message_id_octets_max || id.front() != '<' || id.back() != '>') return false;
  const auto inner = id.substr(1, id.size() - 2);
  const auto at = inner.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < inner.size() &&
         std::all_of(inner.begin(), inner.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '<' && c != '>'; });
}

std::string_view sentence(fate f) noexcept {
  switch (f) {
  case fate::stopped: return "stopped before it was sent";
  case fate::removed_unread: return "removed, it had not been read";
  case fate::removed_read: return "removed, but it had been read";
  case fate::kept_read: return "not removed, it had been read";
  case fate::already_sent: return "already sent to another server";
  case fate::in_flight: return "just being sent to another server";
  case fate::returned: return "could not be delivered before";
  case fate::not_found: return "not found";
  case fate::unreached: return "not removed, its mailbox could not be reached: write again later";
  }
  return "";
}

/// "removed, it had not been read (3 copies); not found": each fate once, in the order of the enumeration.
void append_fates(std::string& out, const std::vector<fate>& all) {
  bool first = true;
  for (int f = 0; f <= static_cast<int>(fate::unreached); ++f) {
    const auto n = std::count(all.begin(), all.end(), static_cast<fate>(f));
    if (n == 0) continue;
    out.append(first ? "" : "; ").append(sentence(static_cast<fate>(f)));
    if (n > 1) out.append(" (").append(std::to_string(n)).append(" copies)");
    first = false;
  }
}

std::string line_of(const recipient_report& r) {
  auto out = base::printable(r.address, 320) + ": ";
  if (r.copies.empty() && r.forwarded.empty()) return out + std::string(sentence(fate::not_found));
  append_fates(out, r.copies);
  if (r.forwarded.empty()) return out;
  out += r.copies.empty() ? "forwarded: " : "; forwarded copy: ";
  append_fates(out, r.forwarded);
  return out;
}

} // namespace

std::string_view word(fate f) noexcept {
  switch (f) {
  case fate::stopped: return "stopped";
  case fate::removed_unread: return "removed_unread";
  case fate::removed_read: return "removed_read";
  case fate::kept_read: return "kept_read";
  case fate::already_sent: return "already_sent";
  case fate::in_flight: return "in_flight";
  case fate::returned: return "returned";
  case fate::not_found: return "not_found";
  case fate::unreached: return "unreached";
  }
  return "";
}

fate of_several(fate a, fate b) noexcept {
  for (const auto f : {fate::unreached, fate::kept_read, fate::removed_read, fate::removed_unread})
    if (a == f || b == f) return f;
  return fate::not_found;
}

fate of_two_runs(fate before, fate now) noexcept {
  const bool ours = before == fate::removed_unread || before == fate::removed_read || before == fate::stopped || before == fate::in_flight;
  return ours && (now == fate::not_found || now == fate::already_sent || now == fate::unreached) ? before : now;
}

request read_request(std::string_view subject, const std::vector<std::string>& attached) {
  subject = without_prefixes(subject.substr(0, subject_octets_max));
  constexpr std::string_view verb = "recall";
  if (!base::istarts_with(subject, verb)) return {};
  auto rest = subject.substr(verb.size());
  if (!rest.empty() && !base::is_space(rest.front()) && rest.front() != '<') return {};
  rest = base::trim(rest);
  if (!rest.empty()) {
    std::string id(rest);
    if (id.front() != '<') id = "<" + id + ">";
    if (!is_message_id(id)) return {request::kind::malformed, {}};
    return {request::kind::message, std::move(id)};
  }
  if (attached.empty()) return {request::kind::last, {}};
  const auto first = std::find_if(attached.begin(), attached.end(), [](const auto& id) { return is_message_id(id); });
  if (first == attached.end()) return {request::kind::malformed, {}};
  return {request::kind::message, *first};
}

permission may_recall(const recall_rules& rules, base::account_id requester, const std::optional<sent_message>& sent,
                      base::wall_time now) noexcept {
  if (!rules.enabled) return permission::off;
  if (!sent) return permission::unknown;
  if (!requester || sent->account != requester) return permission::not_yours;
  if (rules.age_max.count() > 0 && now - sent->time > rules.age_max) return permission::too_old;
  return permission::allowed;
}

fate of_mailbox_copy(bool found, bool seen, const recall_rules& rules) noexcept {
  if (!found) return fate::not_found;
  if (!seen) return fate::removed_unread;
  return rules.also_read ? fate::removed_read : fate::kept_read;
}

queue_step of_queued(bool waits, bool in_flight, bool delivered, bool delivered_here) noexcept {
  if (in_flight) return queue_step::report_in_flight;
  if (waits) return queue_step::stop;
  if (delivered) return delivered_here ? queue_step::look_into_mailbox : queue_step::report_sent;
  return queue_step::report_gone;
}

report_text write_report(const request& asked, permission allowed, const std::optional<sent_message>& sent,
                         const std::vector<recipient_report>& recipients, std::size_t unremembered) {
  report_text report;
  const auto line = [&](std::string_view text) { report.body.append(text).append("\r\n"); };
  const bool known = allowed == permission::allowed && sent.has_value();
  const auto name = known && !sent->subject.empty() ? base::printable(sent->subject, 200) : base::printable(asked.message_id, message_id_octets_max);
  report.subject = name.empty() ? "Recall" : "Recall: " + name;
  if (asked.what == request::kind::malformed) {
    line("It could not be read which message shall be recalled. Write \"RECALL\" as the subject");
    line("for your last message, \"RECALL <Message-ID>\", or attach the message.");
    return report;
  }
  switch (allowed) {
  case permission::off: line("Messages cannot be recalled on this server."); return report;
  case permission::not_yours:
  case permission::unknown:
    line(asked.what == request::kind::last ? "No message of yours is remembered that could be recalled."
                                           : "No message of yours with this Message-ID is remembered.");
    return report;
  case permission::too_old: line("The message is too old to be recalled."); return report;
  case permission::allowed: break;
  }
  line("The message was recalled. What became of it, for each recipient:");
  line("");
  for (std::size_t i = 0; i < std::min(recipients.size(), listed_max); ++i)
    line(line_of(recipients[i]));
  if (recipients.empty()) line("No recipient was found.");
  if (recipients.size() > listed_max) line("and " + std::to_string(recipients.size() - listed_max) + " more.");
  if (unremembered > 0) line("Of " + std::to_string(unremembered) + " further recipients nothing is remembered; their copies stay.");
  return report;
}

} // namespace rookery::recall
