#include "policy/archiving/archive_rule.hpp"

#include "policy/forwarding/macro_text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace rookery::archiving {
namespace {

constexpr std::array<std::string_view, 8> places{"direction", "account", "local", "domain", "year", "month", "day", "date"};

bool wants(const archive_rule& rule, const archive_facts& facts) noexcept {
  if (facts.spam && !rule.spam) return false;
  switch (facts.kind) {
  case message_kind::ordinary: return true;
  case message_kind::list: return rule.lists;
  case message_kind::automatic: return rule.automatic;
  case message_kind::system: return rule.system;
  }
  return false;
}

/// Fit for one level of a folder's name.
std::string level(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '*' || c == '%') c = '_';
  return out;
}

std::string folder_for(const archive_rule& rule, bool incoming, std::string_view account, base::wall_time now) {
  if (rule.folder.empty()) return "INBOX";
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now));
  char date[32];
  std::snprintf(date, sizeof date, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  const std::string_view digits(date);
  const auto month_at = digits.size() - 5;
  const auto sides = routing::sides(account);
  const auto whole = level(account), local = level(sides.local), domain = level(sides.domain);
  const std::array<forwarding::macro_value, places.size()> values{{{"direction", incoming ? "in" : "out"},
                                                                  {"account", whole},
                                                                  {"local", local},
                                                                  {"domain", domain},
                                                                  {"year", digits.substr(0, month_at - 1)},
                                                                  {"month", digits.substr(month_at, 2)},
                                                                  {"day", digits.substr(month_at + 3)},
                                                                  {"date", digits}}};
  return forwarding::expand(rule.folder, values, archive_folder_octets_max).value_or("INBOX");
}

} // namespace

std::span<const std::string_view> folder_places() noexcept { return places; }

std::string folder_fault(std::string_view folder) {
  if (folder.size() > archive_folder_octets_max) return "is too long";
  if (const auto fit = forwarding::check_macros(folder, places); !fit)
    return "cannot be read at octet " + std::to_string(fit.error().offset) + ": " + std::string(fit.error().what);
  if (folder.starts_with('/') || folder.ends_with('/') || folder.find("//") != std::string_view::npos) return "has a level without a name";
  if (folder.find_first_of("*%") != std::string_view::npos || folder.starts_with('#') || folder.starts_with('~')) return "is not the name of a folder";
  return "";
}

archive_book::archive_book(std::vector<archive_rule> rules) : rules_(std::move(rules)) {
  for (std::uint32_t i = 0; i < rules_.size(); ++i)
    if (!rules_[i].target.empty()) by_scope_[rules_[i].scope].push_back(i);
}

archive_decision archive_book::copies(const archive_facts& facts) const {
  archive_decision d;
  if (facts.archive_copy || rules_.empty()) return d; // no archive of an archive
  const auto add = [&](const archive_rule& rule, bool incoming, std::string_view account) {
    // What is for the archive itself, or from it, is there already.
    if (account == rule.target || !(incoming ? rule.incoming : rule.outgoing) || !wants(rule, facts)) return;
    auto folder = folder_for(rule, incoming, account, facts.now);
    const auto same = std::find_if(d.copies.begin(), d.copies.end(),
                                   [&](const archive_copy& c) { return c.target == rule.target && c.folder == folder; });
    if (same != d.copies.end()) return;
    if (d.copies.size() == archive_copies_max) d.cut = true;
    else d.copies.push_back({rule.target, std::move(folder), incoming, std::string(account), rule.name});
  };
  const auto concerned = [&](bool incoming, std::string_view account) {
    if (account.empty()) return;
    for (const auto scope : {std::string_view("*"), routing::sides(account).domain, account})
      if (const auto found = by_scope_.find(scope); found != by_scope_.end())
        for (const auto i : found->second) add(rules_[i], incoming, account);
  };
  concerned(false, facts.sender_account);
  for (const auto account : facts.recipients) concerned(true, account);
  return d;
}

} // namespace rookery::archiving
