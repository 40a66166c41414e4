#include "protocols/maildir/folder_name.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::maildir {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
constexpr std::string_view coded_dot = "&AC4-";
constexpr std::array<std::string_view, 3> own{"cur", "new", "tmp"};

bool is_own(std::string_view level) noexcept {
  return std::find(own.begin(), own.end(), level) != own.end() || level.starts_with("dovecot") || level == "subscriptions" ||
         level.starts_with("maildir") || level.starts_with("courier") || level.starts_with("cyrus.");
}

std::string with_dots(std::string_view level) {
  std::string out;
  for (std::size_t at; (at = level.find(coded_dot)) != std::string_view::npos; level.remove_prefix(at + coded_dot.size())) {
    out += level.substr(0, at);
    out += '.';
  }
  return out += level;
}

std::optional<std::string> decoded(std::string_view coded) {
  const auto text = with_dots(coded);
  if (auto plain = charset::from_modified_utf7(text)) return plain;
  return charset::valid_utf8(text) ? std::optional(text) : std::nullopt;
}

/// "&AG0-aildir" is "maildir": a letter that `coded_level` has hidden; 0 when there is none.
char hidden_letter(std::string_view coded) noexcept {
  if (coded.size() < 5 || coded[0] != '&' || coded[1] != 'A' || coded[4] != '-') return 0;
  const auto second = digits.find(coded[2]), third = digits.find(coded[3]);
  if (second == std::string_view::npos || third == std::string_view::npos) return 0;
  const auto c = static_cast<char>((second & 15) << 4 | third >> 2);
  return c >= 'a' && c <= 'z' && second < 16 && (third & 3) == 0 ? c : '\0';
}

/// One level; nothing when it is no name.
std::optional<std::string> level_of(std::string_view coded) {
  const char hidden = hidden_letter(coded);
  auto plain = decoded(hidden != 0 ? coded.substr(5) : coded);
  if (plain && hidden != 0) plain->insert(plain->begin(), hidden);
  if (!plain || plain->empty() || plain->find('/') != std::string::npos) return {};
  return plain;
}

std::optional<std::string> checked(const std::string& name) {
  auto out = imap::read_mailbox_name(name, true, {});
  if (!out || !imap::may_be_created(*out)) return {};
  return out;
}

std::string coded_level(std::string_view level) {
  const auto wire = imap::to_wire(level, false);
  std::string out;
  std::string_view rest = wire;
  if (is_own(rest)) {
    const auto c = static_cast<unsigned char>(rest.front());
    out += "&A";
    out += digits[c >> 4];
    out += digits[(c & 15) << 2];
    out += '-';
    rest.remove_prefix(1);
  }
  for (const char c : rest)
    if (c == '.') out += coded_dot;
    else out += c;
  return out;
}

std::optional<std::string> joined(std::string_view directory, char separator) {
  std::string name;
  for (const auto level : base::split(directory, separator)) {
    const auto plain = level_of(level);
    if (!plain) return {};
    if (!name.empty()) name += '/';
    name += *plain;
  }
  return checked(name);
}

} // namespace

std::optional<layout> layout_named(std::string_view name) noexcept {
  if (name == "maildir++") return layout::maildirpp;
  if (name == "fs") return layout::fs;
  return {};
}

std::optional<std::string> mailbox_of(std::string_view directory, layout how) {
  if (directory.empty()) return "INBOX";
  if (how == layout::maildirpp) {
    if (directory.front() != '.' || directory.size() < 2) return {};
    return joined(directory.substr(1), '.');
  }
  for (const auto level : base::split(directory, '/'))
    if (is_own(level) || level.starts_with('.')) return {};
  return joined(directory, '/');
}

std::string directory_of(std::string_view mailbox, layout how) {
  if (mailbox == "INBOX") return {};
  std::string out;
  for (const auto level : base::split(mailbox, '/')) {
    if (how == layout::maildirpp || !out.empty()) out += how == layout::maildirpp ? '.' : '/';
    out += coded_level(level);
  }
  return out;
}

std::vector<std::string> read_subscriptions(std::string_view file, layout how) {
  std::vector<std::string> out;
  const auto lines = base::split(file, '\n');
  const bool second = !lines.empty() && base::trim(lines.front()) == "V\t2";
  for (std::size_t i = second ? 1 : 0; i < lines.size(); ++i) {
    auto line = lines[i];
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    char separator = second ? '\t' : how == layout::fs ? '/' : '.';
    if (!second && how == layout::maildirpp && line.find('/') != std::string_view::npos && line.find('.') == std::string_view::npos) separator = '/';
    // Courier calls all folders children of INBOX.
    if (!second && line.starts_with("INBOX.")) line.remove_prefix(6);
    if (const auto name = joined(line, separator)) out.push_back(*name);
  }
  return out;
}

std::string write_subscriptions(const std::vector<std::string>& mailboxes) {
  std::string out("V\t2\n\n");
  for (const auto& m : mailboxes) {
    std::string line;
    for (const auto level : base::split(m, '/')) line += (line.empty() ? "" : "\t") + coded_level(level);
    out += line + '\n';
  }
  return out;
}

std::vector<std::string_view> read_uid_order(std::string_view file) {
  std::vector<std::pair<std::uint32_t, std::string_view>> found;
  bool first = true;
  for (const auto line : base::split(file, '\n')) {
    if (std::exchange(first, false)) continue; // the head
    const auto uid = base::parse_u32(line.substr(0, line.find(' ')));
    if (!uid) continue;
    const auto colon = line.find(" :");
    auto name = colon != std::string_view::npos ? line.substr(colon + 2) : line.substr(line.find(' ') + 1);
    name = name.substr(0, name.find_first_of(":,"));
    if (!name.empty()) found.emplace_back(*uid, name);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> out;
  out.reserve(found.size());
  for (const auto& f : found) out.push_back(f.second);
  return out;
}

} // namespace rookery::maildir
