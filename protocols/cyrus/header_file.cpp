#include "protocols/cyrus/header_file.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/cyrus/index_file.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <utility>

namespace rookery::cyrus {
namespace {

constexpr std::string_view magic = "\241\002\213\015Cyrus mailbox header\n";
/// Lists inside each other.
constexpr unsigned depth_max = 8;

base::failure<base::error> damaged(const char* why) {
  return base::fail(base::error_kind::damaged, std::string("cyrus.header is damaged: ") + why);
}

/// Words of the list form: atoms, quoted strings, literals, and lists, which are passed over or read.
class list_reader {
public:
  explicit list_reader(std::string_view text) : rest_(text) {}

  /// The next character that is no space; 0 at the end.
  char peek() noexcept {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\r' || rest_.front() == '\n')) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char c) noexcept {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> text() {
    switch (peek()) {
    case '\0': case '(': case ')': return {};
    case '"': return quoted();
    case '{': return literal();
    default: break;
    }
    const auto end = std::min(rest_.find_first_of(" ()\r\n"), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }
  /// A value of any kind, read over.
  bool pass(unsigned depth = 0) {
    if (depth > depth_max) return false;
    if (peek() == '%' && rest_.starts_with("%(")) rest_.remove_prefix(1);
    if (!take('(')) return text().has_value();
    while (!take(')'))
      if (!pass(depth + 1)) return false;
    return true;
  }

private:
  std::optional<std::string> quoted() {
    std::string out;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      out += rest_[i];
    }
    return {};
  }
  std::optional<std::string> literal() {
    const auto close = rest_.find('}');
    if (close == std::string_view::npos) return {};
    auto digits = rest_.substr(1, close - 1);
    if (!digits.empty() && digits.back() == '+') digits.remove_suffix(1);
    const auto octets = base::parse_u64(digits);
    rest_.remove_prefix(close + 1);
    if (rest_.starts_with("\r")) rest_.remove_prefix(1);
    if (!octets || !rest_.starts_with("\n") || *octets > rest_.size() - 1) return {};
    std::string out(rest_.substr(1, *octets));
    rest_.remove_prefix(1 + *octets);
    return out;
  }

  std::string_view rest_;
};

base::result<mailbox_header> read_list(std::string_view text) {
  mailbox_header out;
  list_reader in(text);
  if (!in.take('%') || !in.take('(')) return damaged("no list begins");
  while (!in.take(')')) {
    const auto key = in.text();
    if (!key) return damaged("a name is missing");
    if (*key == "N") {
      auto name = in.text();
      if (!name) return damaged("the mailbox has no name");
      out.name = std::move(*name);
    } else if (*key == "U" && in.take('(')) {
      while (!in.take(')')) {
        auto keyword = in.text();
        if (!keyword || out.keywords.size() == keywords_max) return damaged("its keywords cannot be read");
        out.keywords.push_back(std::move(*keyword));
      }
    } else if (!in.pass()) {
      return damaged("a value is missing");
    }
  }
  return out;
}

mailbox_header read_lines(std::string_view text) {
  mailbox_header out;
  const auto lines = base::split(text, '\n');
  if (lines.size() < 2) return out;
  for (const auto keyword : base::split(lines[1], ' ')) {
    if (keyword.empty() || out.keywords.size() == keywords_max) break;
    out.keywords.emplace_back(keyword);
  }
  return out;
}

/// One level in modified UTF-7; a '^' stands for a dot.
std::optional<std::string> level_of(std::string_view coded) {
  std::string text(coded);
  std::replace(text.begin(), text.end(), '^', '.');
  auto plain = charset::from_modified_utf7(text);
  if (!plain && charset::valid_utf8(text)) plain = std::move(text);
  if (!plain || plain->empty() || plain->find('/') != std::string::npos) return {};
  return plain;
}

std::optional<std::string> joined(const std::vector<std::string_view>& levels) {
  if (levels.empty()) return "INBOX";
  std::string name;
  for (const auto level : levels) {
    const auto plain = level_of(level);
    if (!plain) return {};
    if (!name.empty()) name += '/';
    name += *plain;
  }
  auto out = imap::read_mailbox_name(name, true, {});
  if (!out || !imap::may_be_created(*out)) return {};
  return out;
}

} // namespace

base::result<mailbox_header> read_header(std::string_view file) {
  if (!file.starts_with(magic)) return damaged("it does not begin as one");
  // The next two lines are the same in all of them.
  for (int line = 0; line < 3; ++line) {
    const auto end = file.find('\n');
    if (end == std::string_view::npos) return damaged("it is too short");
    file.remove_prefix(end + 1);
  }
  return file.starts_with('%') ? read_list(file) : read_lines(file);
}

std::optional<owned_mailbox> owned(std::string_view name) {
  std::string domain;
  if (const auto at = name.find('!'); at != std::string_view::npos) {
    domain = '@' + std::string(name.substr(0, at));
    name.remove_prefix(at + 1);
  }
  auto levels = base::split(name, name.find('\x1f') != std::string_view::npos ? '\x1f' : '.');
  if (levels.size() < 2 || levels[0] != "user" || levels[1].empty()) return {};
  std::string owner(levels[1]);
  std::replace(owner.begin(), owner.end(), '^', '.');
  levels.erase(levels.begin(), levels.begin() + 2);
  auto mailbox = joined(levels);
  if (!mailbox) return {};
  return owned_mailbox{owner + domain, std::move(*mailbox)};
}

std::optional<std::string> mailbox_of(std::string_view directory) {
  return joined(directory.empty() ? std::vector<std::string_view>{} : base::split(directory, '/'));
}

} // namespace rookery::cyrus
