#include "protocols/imap/multi_search.hpp"

#include "protocols/imap/command_parser.hpp"

#include <algorithm>

namespace rookery::imap {

bool multi_search::covers(std::string_view mailbox, bool subscribed, bool own) const noexcept {
  return std::any_of(sources.begin(), sources.end(), [&](const auto& s) { return s.covers(mailbox, subscribed, own); });
}

bool multi_search::beyond_own() const noexcept {
  return std::any_of(sources.begin(), sources.end(), [](const auto& s) { return s.beyond_own(); });
}

namespace {

/// "IN" SP "(" filter-mailboxes *(SP filter-mailboxes) [SP "(" scope-options ")"] ")"; no scope options are known.
bool read_sources(word_reader& in, multi_search& out) {
  if (!in.space() || !in.take('(')) return in.syntax("List of mailboxes expected");
  do {
    notify_group source;
    if (out.sources.size() >= in.limits().notify_groups) return in.fail(parse_fault::limit, "Too many kinds of mailboxes");
    if (!read_mailbox_filter(in, source)) return false;
    if (source.filter == notify_filter::selected_delayed) return in.syntax("selected-delayed is for NOTIFY");
    if (source.filter == notify_filter::selected) out.selected = true;
    else out.sources.push_back(std::move(source));
  } while (in.space() && in.peek() != ')');
  return in.take(')') || in.syntax("Invalid list of mailboxes");
}

} // namespace

bool read_multi_search(word_reader& in, multi_search& out, const client_mode& mode) {
  const auto before = in.position();
  if (!in.space()) return in.syntax("Missing search keys");
  if (in.keyword("IN")) {
    if (!read_sources(in, out)) return false;
  } else {
    out.selected = true;
    in.back_to(before);
  }
  if (!read_search(in, out.what, mode)) return false;
  out.what.uid = true;
  if (!out.what.extended) out.what.returns = search_return::all;
  out.what.extended = true;
  // RFC 7377 §2.2: "$" is of the selected mailbox.
  if ((out.what.returns & search_return::save) && !out.sources.empty())
    return in.syntax("SAVE is for the selected mailbox alone");
  return true;
}

} // namespace rookery::imap
