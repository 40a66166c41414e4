#include "protocols/imap/notify.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

constexpr struct {
  std::string_view name;
  notify_filter filter;
} filters[] = {{"SELECTED", notify_filter::selected},     {"SELECTED-DELAYED", notify_filter::selected_delayed},
               {"INBOXES", notify_filter::inboxes},       {"PERSONAL", notify_filter::personal},
               {"SUBSCRIBED", notify_filter::subscribed}, {"SUBTREE", notify_filter::subtree},
               {"SUBTREE-ONE", notify_filter::subtree_one},
               {"MAILBOXES", notify_filter::mailboxes}};

constexpr struct {
  std::string_view name;
  std::uint8_t bit;
} events[] = {{"MESSAGENEW", notify_event::message_new},
              {"MESSAGEEXPUNGE", notify_event::message_expunge},
              {"FLAGCHANGE", notify_event::flag_change},
              {"MAILBOXNAME", notify_event::mailbox_name},
              {"SUBSCRIPTIONCHANGE", notify_event::subscription_change},
              {"MAILBOXMETADATACHANGE", notify_event::mailbox_metadata},
              {"SERVERMETADATACHANGE", notify_event::server_metadata}};

bool of_selected(const notify_group& g) noexcept {
  return g.filter == notify_filter::selected || g.filter == notify_filter::selected_delayed;
}

/// one-or-more-mailbox.
bool read_names(word_reader& in, std::vector<std::string>& names) {
  const bool many = in.take('(');
  do {
    if (names.size() >= in.limits().notify_mailboxes) return in.fail(parse_fault::limit, "Too many mailboxes");
    if (!in.mailbox(names.emplace_back())) return false;
  } while (many && in.space() && in.peek() != ')');
  return !many || in.take(')') || in.syntax("Invalid list of mailboxes");
}

/// One event, at its first letter. An unknown one is noted in `unknown`: the syntax is looked at first.
bool read_event(word_reader& in, notify_group& out, bool& unknown) {
  const auto name = in.atom();
  if (name.empty()) return in.syntax("Event expected");
  const auto known = std::find_if(std::begin(events), std::end(events), [&](const auto& e) { return base::iequals(e.name, name); });
  if (known == std::end(events)) {
    unknown = true;
    return true;
  }
  out.events |= known->bit;
  if (known->bit != notify_event::message_new) return true;
  const auto rest = in.rest();
  if (!rest.starts_with(" (")) return true;
  in.space();
  if (!of_selected(out)) return in.syntax("FETCH items are for the selected mailbox");
  return read_fetch_items(in, out.new_items);
}

/// event-group. RFC 5465 §8; its examples leave out the parentheses around events, and so may clients.
bool read_group(word_reader& in, notify_group& out, bool& unknown) {
  if (!in.take('(')) return in.syntax("Group of events expected");
  if (!read_mailbox_filter(in, out)) return false;
  if (out.filter == notify_filter::subtree_one) return in.syntax("Unknown kind of mailboxes");
  if (!in.space()) return in.syntax("Missing events");
  if (in.keyword("NONE")) return in.take(')') || in.syntax("Invalid events");
  const bool list = in.take('(');
  do {
    if (!read_event(in, out, unknown)) return false;
  } while (in.space() && in.peek() != ')');
  if ((list && !in.take(')')) || !in.take(')')) return in.syntax("Invalid events");
  // RFC 5465 §5, §6.1.
  const auto both = notify_event::message_new | notify_event::message_expunge;
  const auto said = out.events & both;
  if (said != 0 && said != both) return in.syntax("MessageNew and MessageExpunge belong together");
  if ((out.events & notify_event::flag_change) && said != both)
    return in.syntax("FlagChange needs MessageNew and MessageExpunge");
  if (of_selected(out) && (out.events & ~notify_event::of_messages))
    return in.syntax("Only events of messages for the selected mailbox");
  return true;
}

} // namespace

bool read_mailbox_filter(word_reader& in, notify_group& out) {
  const auto name = in.atom();
  const auto known = std::find_if(std::begin(filters), std::end(filters), [&](const auto& f) { return base::iequals(f.name, name); });
  if (known == std::end(filters)) return in.syntax("Unknown kind of mailboxes");
  out.filter = known->filter;
  const bool named = out.filter == notify_filter::subtree || out.filter == notify_filter::subtree_one ||
                     out.filter == notify_filter::mailboxes;
  return !named || (in.space() && read_names(in, out.names)) || in.syntax("Missing mailbox");
}

bool notify_group::beyond_own() const noexcept {
  return filter == notify_filter::subscribed || filter == notify_filter::subtree || filter == notify_filter::subtree_one ||
         filter == notify_filter::mailboxes;
}

bool notify_group::covers(std::string_view mailbox, bool subscribed, bool own) const noexcept {
  const auto below = [mailbox](const std::string& top) {
    return mailbox.starts_with(top) && (mailbox.size() == top.size() || mailbox[top.size()] == hierarchy_separator);
  };
  switch (filter) {
    case notify_filter::selected:
    case notify_filter::selected_delayed: return false;
    // RFC 5465 §6.3: mail may be delivered to any mailbox.
    case notify_filter::inboxes:
    case notify_filter::personal: return own;
    case notify_filter::subscribed: return subscribed;
    case notify_filter::subtree: return std::any_of(names.begin(), names.end(), below);
    case notify_filter::subtree_one:
      return std::any_of(names.begin(), names.end(), [&](const std::string& top) {
        return below(top) && (mailbox.size() == top.size() ||
                              mailbox.find(hierarchy_separator, top.size() + 1) == std::string_view::npos);
      });
    case notify_filter::mailboxes: return std::find(names.begin(), names.end(), mailbox) != names.end();
  }
  return false;
}

const notify_group* notify::selected() const noexcept {
  const auto at = std::find_if(groups.begin(), groups.end(), of_selected);
  return at == groups.end() ? nullptr : &*at;
}

std::uint8_t notify::events_for(std::string_view mailbox, bool subscribed, bool own) const noexcept {
  std::uint8_t all = 0;
  for (const auto& g : groups)
    if (g.covers(mailbox, subscribed, own)) all |= g.events;
  return all;
}

bool notify::asks_for(std::uint8_t event) const noexcept {
  return std::any_of(groups.begin(), groups.end(), [event](const auto& g) { return (g.events & event) != 0; });
}

bool read_notify(word_reader& in, notify& out) {
  if (!in.space()) return in.syntax("SET or NONE expected");
  if (in.keyword("NONE")) {
    out.none = true;
    return true;
  }
  if (!in.keyword("SET") || !in.space()) return in.syntax("SET or NONE expected");
  if (in.keyword("STATUS")) {
    out.status = true;
    if (!in.space()) return in.syntax("Missing events");
  }
  bool unknown = false;
  std::size_t selected = 0;
  do {
    if (out.groups.size() >= in.limits().notify_groups) return in.fail(parse_fault::limit, "Too many groups of events");
    if (!read_group(in, out.groups.emplace_back(), unknown)) return false;
    if (of_selected(out.groups.back()) && ++selected > 1) return in.syntax("The selected mailbox can be named once");
  } while (in.space() && !in.at_end());
  // RFC 5465 §3.1: NO, not BAD.
  return !unknown || in.fail(parse_fault::event, "Such events are not supported");
}

} // namespace rookery::imap
