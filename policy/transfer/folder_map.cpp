#include "policy/transfer/folder_map.hpp"

#include "base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::transfer {

namespace {

bool same_level_begins(std::string_view name, std::string_view front) {
  return name.starts_with(front) && (name.size() == front.size() || name[front.size()] == '/');
}

std::string capitalized(std::string_view name) {
  std::string out(name);
  if (base::istarts_with(out, "INBOX") && (out.size() == 5 || out[5] == '/')) out.replace(0, 5, "INBOX");
  return out;
}

} // namespace

bool matches(std::string_view given, std::string_view named) {
  const auto pattern = capitalized(given), folder = capitalized(named);
  if (pattern.size() > pattern_octets_max) return false;
  // ends[i]: the pattern so far matches the first i octets.
  std::vector<bool> ends(folder.size() + 1, false);
  ends[0] = true;
  for (const char c : pattern) {
    if (c == '*' || c == '%') {
      for (std::size_t i = 1; i < ends.size(); ++i) ends[i] = ends[i] || (ends[i - 1] && (c == '*' || folder[i - 1] != '/'));
      continue;
    }
    for (std::size_t i = folder.size(); i > 0; --i) ends[i] = ends[i - 1] && folder[i - 1] == c;
    ends[0] = false;
  }
  return ends.back();
}

std::optional<std::string> mailbox_for(const folder_rules& rules, std::string_view named) {
  const auto folder = capitalized(named);
  const auto any = [&](const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return matches(p, folder); });
  };
  if (any(rules.except) || (!rules.only.empty() && !any(rules.only))) return {};
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& r : rules.renamed)
    if (same_level_begins(folder, capitalized(r.first)) && (best == nullptr || r.first.size() > best->first.size())) best = &r;
  const auto name = best == nullptr ? rules.prefix + folder : best->second + folder.substr(best->first.size());
  auto out = imap::read_mailbox_name(name, true, {});
  if (!out || !imap::may_be_created(*out)) return {};
  return out;
}

std::string with_slashes(std::string_view name, char separator) {
  std::string out(name);
  if (separator == '/') return out;
  for (char& c : out) {
    if (c == '/') c = '_';
    else if (separator != '\0' && c == separator) c = '/';
  }
  return out;
}

} // namespace rookery::transfer
