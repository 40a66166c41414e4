#include "protocols/imap/list.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/imap/metadata.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

struct named_attribute {
  std::uint32_t bit;
  std::string_view name;
};
constexpr named_attribute attribute_names[] = {{list_attribute::nonexistent, "\\NonExistent"},
                                               {list_attribute::noselect, "\\Noselect"},
                                               {list_attribute::noinferiors, "\\Noinferiors"},
                                               {list_attribute::subscribed, "\\Subscribed"},
                                               {list_attribute::has_children, "\\HasChildren"},
                                               {list_attribute::has_no_children, "\\HasNoChildren"},
                                               {list_attribute::marked, "\\Marked"},
                                               {list_attribute::unmarked, "\\Unmarked"},
                                               {list_attribute::all, "\\All"},
                                               {list_attribute::archive, "\\Archive"},
                                               {list_attribute::drafts, "\\Drafts"},
                                               {list_attribute::flagged, "\\Flagged"},
                                               {list_attribute::junk, "\\Junk"},
                                               {list_attribute::sent, "\\Sent"},
                                               {list_attribute::trash, "\\Trash"},
                                               {list_attribute::important, "\\Important"}};

/// "(" [option ...] ")".
template <class Option>
bool read_options(word_reader& in, Option option) {
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (!option()) return in.syntax("Unknown LIST option");
  }
  return true;
}

bool read_patterns(word_reader& in, list& out) {
  if (!in.take('(')) return in.pattern(out.patterns.emplace_back());
  out.extended = true;
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (out.patterns.size() >= in.limits().list_patterns) return in.fail(parse_fault::limit, "Too many patterns");
    if (!in.pattern(out.patterns.emplace_back())) return false;
  }
  return !out.patterns.empty() || in.syntax("Missing patterns");
}

bool read_reference(word_reader& in, list& out) {
  return (in.space() && in.pattern(out.reference) && in.space()) || in.syntax("Missing reference or pattern");
}

/// A name in the picture that LIST is answered from.
struct entry {
  std::string_view name;
  std::uint32_t attributes = 0;
  bool exists = false;
  bool subscribed = false;
  bool child_exists = false;
  bool child_subscribed = false;
  bool matched = false;
  bool by_percent = false;       ///< matched by a pattern that ends in '%'
  bool by_name = false;          ///< matched by a pattern without wildcards
  bool child_named = false;      ///< a name below exists and is matched
  bool child_left_out = false;   ///< a subscribed name below is not matched
};

/// Octets, but '/' before all others, so that a mailbox is followed by what lies below it.
bool before(std::string_view a, std::string_view b) noexcept {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return a.size() < b.size();
  const auto rank = [](char c) { return c == hierarchy_separator ? 0 : static_cast<unsigned char>(c) + 1; };
  return rank(*x) < rank(*y);
}

bool is_below(std::string_view name, std::string_view parent) noexcept {
  return name.size() > parent.size() && name[parent.size()] == hierarchy_separator &&
         name.substr(0, parent.size()) == parent;
}

/// All names, their missing parents between them, and what their children tell of them.
std::vector<entry> picture(std::span<const list_mailbox> mailboxes, std::span<const std::string> subscriptions) {
  std::vector<entry> given;
  given.reserve(mailboxes.size() + subscriptions.size());
  for (const auto& m : mailboxes) given.push_back({m.name, m.attributes, true, false, false, false});
  for (const auto& s : subscriptions) given.push_back({s, 0, false, true, false, false});
  // Both lists come by octets, which is nearly this order.
  const auto earlier = [](const entry& a, const entry& b) { return before(a.name, b.name); };
  const auto middle = given.begin() + static_cast<std::ptrdiff_t>(mailboxes.size());
  if (!std::is_sorted(given.begin(), middle, earlier)) std::sort(given.begin(), middle, earlier);
  if (!std::is_sorted(middle, given.end(), earlier)) std::sort(middle, given.end(), earlier);
  std::inplace_merge(given.begin(), middle, given.end(), earlier);

  std::vector<entry> out;
  out.reserve(given.size());
  std::vector<std::size_t> above; // places in `out` of the names above the present one
  for (const auto& e : given) {
    if (!out.empty() && out.back().name == e.name) {
      auto& same = out.back();
      same.exists |= e.exists;
      same.subscribed |= e.subscribed;
      same.attributes |= e.attributes;
    } else {
      while (!above.empty() && !is_below(e.name, out[above.back()].name)) above.pop_back();
      // Levels between the nearest name above and this one do not exist.
      const auto known = above.empty() ? 0 : out[above.back()].name.size() + 1;
      for (auto at = e.name.find(hierarchy_separator, known); at != std::string_view::npos;
           at = e.name.find(hierarchy_separator, at + 1)) {
        above.push_back(out.size());
        out.push_back({e.name.substr(0, at), 0, false, false, false, false});
      }
      above.push_back(out.size());
      out.push_back(e);
    }
    const auto& self = out.back();
    for (const auto a : above) {
      if (a + 1 == out.size()) continue;
      out[a].child_exists |= self.exists;
      out[a].child_subscribed |= self.subscribed;
    }
  }
  return out;
}

/// A pattern with its reference in front, and what can be said at a glance.
struct compiled_pattern {
  std::string text;
  std::string_view literal; ///< before the first wildcard
  bool plain = false;       ///< no wildcards
  bool percent = false;     ///< ends in '%': missing parents are named too (RFC 9051 §6.3.9)

  bool match(std::string_view name) const {
    // RFC 9051 §5.1: INBOX in any case.
    if (name == "INBOX") return matches(base::to_upper(text), name);
    return name.substr(0, literal.size()) == literal && matches(text, name);
  }
};

/// Which entries the patterns name, and what that leaves for those above them.
void mark_matches(std::vector<entry>& entries, std::span<const compiled_pattern> patterns) {
  std::vector<std::size_t> above;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& e = entries[i];
    for (const auto& p : patterns)
      if (p.match(e.name)) {
        e.matched = true;
        e.by_percent |= p.percent;
        e.by_name |= p.plain;
      }
    while (!above.empty() && !is_below(e.name, entries[above.back()].name)) above.pop_back();
    for (const auto a : above) {
      entries[a].child_named |= e.exists && e.matched;
      entries[a].child_left_out |= e.subscribed && !e.matched;
    }
    above.push_back(i);
  }
}

} // namespace

std::uint32_t find_special_use(std::string_view name) noexcept {
  for (const auto& a : attribute_names)
    if ((a.bit & list_attribute::special_use_mask) != 0 && base::iequals(a.name, name)) return a.bit;
  return 0;
}

void print_attributes(std::uint32_t attributes, std::string& out) {
  bool first = true;
  for (const auto& a : attribute_names) {
    if ((attributes & a.bit) == 0) continue;
    if (!first) out.push_back(' ');
    first = false;
    out += a.name;
  }
}

bool read_lsub(word_reader& in, list& out) {
  out.lsub = true;
  out.select_subscribed = true;
  return read_reference(in, out) && in.pattern(out.patterns.emplace_back());
}

bool read_list(word_reader& in, list& out) {
  if (!in.space()) return in.syntax("Missing reference");
  // An option list can only stand first; a reference never begins with a parenthesis.
  if (in.take('(')) {
    out.extended = true;
    const bool read = read_options(in, [&] {
      if (in.keyword("SUBSCRIBED")) out.select_subscribed = true;
      else if (in.keyword("REMOTE")) out.select_remote = true;
      else if (in.keyword("SPECIAL-USE")) out.select_special_use = true;
      else if (in.keyword("RECURSIVEMATCH")) out.recursive_match = true;
      else return false;
      return true;
    });
    if (!read || !in.space()) return in.syntax("Missing reference");
    // RFC 5258 §3.1: it needs another option to be recursive about.
    if (out.recursive_match && !out.select_subscribed && !out.select_special_use)
      return in.syntax("RECURSIVEMATCH needs another selection option");
    if (out.select_subscribed) out.return_subscribed = true;
  }
  if (!in.pattern(out.reference) || !in.space()) return in.syntax("Missing pattern");
  if (!read_patterns(in, out)) return false;
  if (in.space() && in.keyword("RETURN")) {
    out.extended = true;
    in.space();
    if (!in.take('(')) return in.syntax("List of return options expected");
    return read_options(in, [&] {
      if (in.keyword("SUBSCRIBED")) out.return_subscribed = true;
      else if (in.keyword("CHILDREN")) out.return_children = true;
      else if (in.keyword("SPECIAL-USE")) out.return_special_use = true;
      else if (in.keyword("MYRIGHTS")) out.return_my_rights = true;
      else if (in.keyword("METADATA")) return in.space() && in.peek() == '(' && read_metadata_entries(in, out.return_metadata);
      else if (in.keyword("STATUS")) return in.space() && read_status_items(in, out.return_status);
      else return false;
      return true;
    });
  }
  return true;
}

bool matches(std::string_view pattern, std::string_view name) noexcept {
  if (pattern == "*") return true;
  // reach[i]: the first i octets of the pattern match what was read of the name.
  bool reach[2][1024];
  if (pattern.size() >= 1024) return false;
  const auto n = pattern.size();
  const auto skip_empty = [&](bool* row) { // a wildcard matches nothing, too
    for (std::size_t i = 0; i < n; ++i)
      if (row[i] && (pattern[i] == '*' || pattern[i] == '%')) row[i + 1] = true;
  };
  bool* now = reach[0];
  bool* next = reach[1];
  std::fill(now, now + n + 1, false);
  now[0] = true;
  skip_empty(now);
  for (const char c : name) {
    std::fill(next, next + n + 1, false);
    bool any = false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!now[i]) continue;
      if (pattern[i] == '*' || (pattern[i] == '%' && c != hierarchy_separator)) next[i] = any = true;
      else if (pattern[i] == c && pattern[i] != '%') next[i + 1] = any = true;
    }
    if (!any) return false;
    skip_empty(next);
    std::swap(now, next);
  }
  return now[n];
}

list_result select_mailboxes(const list& command, std::span<const list_mailbox> mailboxes,
                             std::span<const std::string> subscriptions) {
  using namespace list_attribute;
  std::vector<compiled_pattern> patterns;
  patterns.reserve(command.patterns.size()); // the views point into the elements
  for (const auto& p : command.patterns) {
    // RFC 5258 §3: "" among several patterns names nothing.
    if (p.empty()) continue;
    auto& compiled = patterns.emplace_back();
    compiled.text = command.reference + p;
    // No separator begins a name here: "/a" means "a", "a//b" means "a/b".
    if (!compiled.text.empty() && compiled.text.front() == hierarchy_separator) compiled.text.erase(0, 1);
    if (const auto twice = compiled.text.find("//"); twice != std::string::npos) compiled.text.erase(twice, 1);
    compiled.literal = std::string_view(compiled.text).substr(0, compiled.text.find_first_of("*%"));
    compiled.plain = compiled.literal.size() == compiled.text.size();
    compiled.percent = !compiled.text.empty() && compiled.text.back() == '%';
  }

  list_result out;
  const bool want_subscribed = command.select_subscribed;
  auto entries = picture(mailboxes, subscriptions);
  mark_matches(entries, patterns);
  for (const auto& e : entries) {
    if (!e.matched) continue;
    // A missing parent is named by a plain pattern too, unless what lies below it is named beside it.
    const bool by_level = e.by_percent || (e.by_name && !e.child_named);
    bool chosen = e.exists || (by_level && e.child_exists && !command.select_special_use);
    if (want_subscribed) {
      chosen = e.subscribed;
      if (command.lsub) chosen |= by_level && e.child_subscribed;
      // RFC 5258 §4: not for the sake of names that are in the answer themselves.
      else if (command.recursive_match) chosen |= e.child_left_out;
    }
    if (command.select_special_use) chosen = chosen && (e.attributes & special_use_mask) != 0;
    if (!chosen) continue;

    list_row row;
    row.name = e.name;
    if (command.lsub) {
      // RFC 3501 §6.3.9: a parent that is not subscribed itself is \Noselect here.
      if (!e.subscribed || (e.attributes & noselect) != 0) row.attributes = noselect;
    } else {
      row.attributes = e.attributes;
      // RFC 5258 §3: \NonExistent implies \Noselect; who does not ask in the extended way may not know it.
      if (!e.exists) row.attributes |= command.extended ? nonexistent : nonexistent | noselect;
      if ((e.attributes & noinferiors) == 0 || e.child_exists)
        row.attributes |= e.child_exists ? has_children : has_no_children;
      if (!e.exists && !e.child_exists) row.attributes &= ~has_no_children;
      if (command.return_subscribed && e.subscribed) row.attributes |= subscribed;
      row.child_subscribed = command.recursive_match && want_subscribed && e.child_subscribed;
    }
    out.rows.push_back(row);
  }
  // INBOX first: clients show it so.
  const auto inbox = std::find_if(out.rows.begin(), out.rows.end(), [](const list_row& r) { return r.name == "INBOX"; });
  if (inbox != out.rows.end()) std::rotate(out.rows.begin(), inbox, inbox + 1);
  return out;
}

} // namespace rookery::imap
