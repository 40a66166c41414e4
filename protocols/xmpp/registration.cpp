#include "protocols/xmpp/registration.hpp"

#include <algorithm>
#include <array>

namespace rookery::xmpp {
namespace {

/// RFC 2142, and what authorities write to before they give a certificate for a domain.
constexpr auto reserved = std::to_array<std::string_view>(
    {"abuse", "admin", "administrator", "daemon", "double-bounce", "ftp", "hostmaster", "info", "is", "it", "mailer-daemon", "marketing", "mis", "news", "no-reply",
     "nobody", "noc", "noreply", "operator", "postmaster", "root", "sales", "security", "ssl", "ssladmin", "ssladministrator", "sslwebmaster", "support", "sysadmin",
     "usenet", "uucp", "webmaster", "www"});

constexpr bool is_letter_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

} // namespace

element registration_form() {
  element q("query", space::registration);
  q.add("instructions").add_text("Choose a name and a password.");
  q.add("username");
  q.add("password");
  return q;
}

std::variant<registration_wish, condition> read_registration(const element& query) {
  // §3.2: who is not logged in has nothing to remove.
  if (query.child("remove", space::registration) != nullptr) return condition::registration_required;
  registration_wish out{query.child_text("username", space::registration), query.child_text("password", space::registration)};
  if (out.user.empty() || out.password.empty()) return condition::not_acceptable;
  return out;
}

bool is_free_name(std::string_view user) noexcept {
  if (user.empty() || user.size() > 64 || !is_letter_or_digit(user.front()) || !is_letter_or_digit(user.back())) return false;
  if (!std::all_of(user.begin(), user.end(), [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; })) return false;
  return user.find("..") == std::string_view::npos && !std::binary_search(reserved.begin(), reserved.end(), user);
}

std::string network_of(std::string_view address) {
  if (address.find(':') == std::string_view::npos) return std::string(address);
  // Text forms of one address differ in where "::" stands, and in zeros.
  std::array<std::string_view, 8> groups;
  groups.fill("0");
  const auto gap = std::min(address.find("::"), address.size());
  auto head = address.substr(0, gap);
  for (std::size_t i = 0; i < groups.size() && !head.empty(); ++i) {
    const auto end = std::min(head.find(':'), head.size());
    auto group = head.substr(0, end);
    while (group.size() > 1 && group.front() == '0') group.remove_prefix(1);
    groups[i] = group;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  // What stands behind the gap is in the first half only when the gap is short.
  if (gap < address.size()) {
    auto tail = address.substr(gap + 2);
    for (std::size_t i = groups.size(); i > 0 && !tail.empty(); --i) {
      const auto colon = tail.rfind(':');
      auto group = colon == std::string_view::npos ? tail : tail.substr(colon + 1);
      if (group.find('.') != std::string_view::npos && i == groups.size()) --i; // an IPv4 address is two groups
      while (group.size() > 1 && group.front() == '0') group.remove_prefix(1);
      groups[i - 1] = group;
      tail = colon == std::string_view::npos ? std::string_view() : tail.substr(0, colon);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) out.append(groups[i]).append(":");
  return out + ":/64";
}

bool registration_rate::take(count& c, base::instant now, std::uint64_t most) {
  if (c.asked == 0 || now >= c.since + window) c = {now, 0};
  if (c.asked >= most) return false;
  ++c.asked;
  return true;
}

bool registration_rate::take(const std::string& network, base::instant now, std::uint64_t most) {
  auto at = networks_.find(network);
  if (at == networks_.end()) {
    if (networks_.size() >= networks_max) std::erase_if(networks_, [now](const auto& row) { return now >= row.second.since + window; });
    if (networks_.size() >= networks_max) return false;
    at = networks_.emplace(network, count{}).first;
  }
  return take(at->second, now, most) && take(all_, now, all_max);
}

} // namespace rookery::xmpp
