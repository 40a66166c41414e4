#include "protocols/mime/address.hpp"

#include "base/text.hpp"
#include "protocols/encoding/encoded_word.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

/// What ends a word. RFC 5322 specials but the dot, which the wild has in names everywhere.
constexpr std::string_view word_ends = "()<>@,;:\"[] \t\r\n";

bool atom_text(char c) {
  return base::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool dot_atom(std::string_view s) {
  bool after_dot = true;
  for (const char c : s) {
    if (c == '.' ? after_dot : !atom_text(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

} // namespace

std::string address::text() const {
  std::string out;
  if (mailbox.empty() || dot_atom(mailbox)) {
    out = mailbox;
  } else {
    out = '"';
    for (const char c : mailbox) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  if (!domain.empty()) (out += '@') += domain;
  return out;
}

std::string address::display_name() const { return encoding::decode_words(name); }

/// Skips white space and comments; the text of the last comment goes to `comment` if wanted.
void address_reader::skip_cfws(std::string* comment) {
  while (at_ < in_.size()) {
    if (base::is_space(in_[at_]) || in_[at_] == '\0') {
      ++at_;
      continue;
    }
    if (in_[at_] != '(') return;
    std::size_t depth = 0;
    if (comment) comment->clear();
    for (; at_ < in_.size(); ++at_) {
      char c = in_[at_];
      if (c == '\\' && at_ + 1 < in_.size()) {
        c = in_[++at_];
      } else if (c == '(') {
        if (depth++ == 0) continue;
      } else if (c == ')') {
        if (--depth == 0) {
          ++at_;
          break;
        }
      } else if (c == '\r' || c == '\n') {
        continue;
      }
      if (comment) comment->push_back(c);
    }
    if (comment) *comment = base::trim(*comment);
  }
}

/// Appends one quoted string or one run of other text; moves if it is at something of the kind.
void address_reader::word(std::string& out) {
  if (in_[at_] == '"') {
    for (++at_; at_ < in_.size(); ++at_) {
      char c = in_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\r' || c == '\n') continue;
      if (c == '\\' && at_ + 1 < in_.size()) c = in_[++at_];
      out.push_back(c);
    }
    return;
  }
  const auto end = std::min(in_.find_first_of(word_ends, at_), in_.size());
  out.append(in_.substr(at_, end - at_));
  at_ = end;
}

/// Behind the "@": a domain, with white space and comments between its labels, or a literal.
bool address_reader::domain(std::string& out, std::string* comment) {
  skip_cfws(comment);
  for (bool more = true; more && at_ < in_.size();) {
    more = false;
    if (in_[at_] == '[') {
      const auto end = in_.find_first_of("]\r\n", at_);
      if (end == std::string_view::npos || in_[end] != ']') return false;
      out.append(in_.substr(at_, end + 1 - at_));
      at_ = end + 1;
      return true;
    }
    const auto end = std::min(in_.find_first_of(word_ends, at_), in_.size());
    out.append(in_.substr(at_, end - at_));
    at_ = end;
    const auto before = at_;
    skip_cfws(comment);
    // "example . org": the obsolete form.
    if (at_ < in_.size() && at_ > before && (in_[at_] == '.' || out.ends_with('.'))) more = in_.find_first_of(word_ends, at_) != at_;
  }
  return !out.empty();
}

/// Behind the "<": route, local part, domain, ">". What follows up to ">" is skipped.
bool address_reader::angle(address& out, std::string* comment) {
  skip_cfws(comment);
  if (at_ < in_.size() && in_[at_] == '@') {
    const auto colon = in_.find_first_of(":>", at_);
    if (colon != std::string_view::npos && in_[colon] == ':') {
      for (const char c : in_.substr(at_, colon - at_))
        if (!base::is_space(c)) out.route.push_back(c);
      at_ = colon + 1;
    }
  }
  bool have_domain = false;
  while (at_ < in_.size()) {
    skip_cfws(comment);
    if (at_ == in_.size()) break;
    const char c = in_[at_];
    if (c == '>') {
      ++at_;
      return true;
    }
    if (c == ',' || c == ';') {
      // "<a@b, c@d>": nobody closed it.
      if (!out.mailbox.empty()) return true;
      ++at_;
    } else if (c == '@' && !have_domain) {
      ++at_;
      have_domain = true;
      domain(out.domain, comment);
    } else if (c == '@' || c == '<' || c == '(' || c == ')' || c == ':' || c == '[' || c == ']') {
      if (!have_domain && c != '<') out.mailbox.push_back(c);
      ++at_;
    } else if (have_domain) {
      std::string unused;
      word(unused);
    } else {
      word(out.mailbox);
    }
  }
  return true;
}

bool address_reader::next(address& out) {
  out.kind = address_kind::mailbox;
  out.name.clear();
  out.route.clear();
  out.mailbox.clear();
  out.domain.clear();
  std::string comment, last;      // `last` is the latest word: the local part if "@" follows.
  std::size_t last_begin = 0;     // Where it begins in the name.
  bool any = false, bare = false; // `bare`: an address without angle brackets was read.
  while (true) {
    const auto before_space = at_;
    skip_cfws(&comment);
    const bool spaced = at_ > before_space;
    if (at_ >= in_.size()) break;
    const char c = in_[at_];
    if (c == ',') {
      ++at_;
      if (any) break;
      comment.clear();
      continue;
    }
    if (c == ';') {
      if (any && in_group_) break; // First the member, then the end of the group.
      ++at_;
      if (in_group_) {
        in_group_ = false;
        out.kind = address_kind::group_end;
        return true;
      }
      if (any) break; // Outlook's separator.
      continue;
    }
    if (c == ':' && !bare && !in_group_) {
      ++at_;
      if (!any) continue;
      in_group_ = true;
      out.kind = address_kind::group_begin;
      return true;
    }
    if (c == '<') {
      ++at_;
      // "a@b <a@b>": what looked like an address was the name.
      if (bare) {
        out.name = out.text();
        out.mailbox.clear();
        out.domain.clear();
      }
      any = true;
      angle(out, nullptr);
      comment.clear();
      skip_cfws(&comment);
      if (out.name.empty()) out.name = std::move(comment);
      // Whatever stands between ">" and the next separator belongs to nobody.
      while (at_ < in_.size() && in_[at_] != ',' && in_[at_] != ';') {
        std::string unused;
        if (word_ends.find(in_[at_]) == std::string_view::npos || in_[at_] == '"') word(unused);
        else if (in_[at_] == '<') break;
        else if (base::is_space(in_[at_]) || in_[at_] == '(') skip_cfws(nullptr);
        else ++at_;
      }
      if (at_ < in_.size() && in_[at_] == ',') ++at_;
      else if (at_ < in_.size() && in_[at_] == ';' && !in_group_) ++at_;
      return true;
    }
    if (c == '@' && !bare) {
      ++at_;
      any = bare = true;
      out.mailbox = std::move(last);
      last.clear();
      // "Real Name user@host": the words before were a name.
      out.name.resize(last_begin);
      while (!out.name.empty() && out.name.back() == ' ') out.name.pop_back();
      domain(out.domain, &comment);
      continue;
    }
    if (c == ')' || c == '>' || c == ']' || c == '[' || c == ':' || c == '@') {
      // Stray: part of a name, as in ":-)" or "[list]".
      if (!bare) {
        if (spaced && !out.name.empty()) out.name.push_back(' ');
        last_begin = out.name.size();
        out.name.push_back(c);
        last.assign(1, c);
        any = true;
      }
      ++at_;
      continue;
    }
    if (bare) {
      // "user@host word": the wild forgot a comma, or the brackets.
      std::string unused;
      word(unused);
      continue;
    }
    any = true;
    if (spaced && !out.name.empty()) out.name.push_back(' ');
    // "john . doe @ host" is one local part (RFC 5322 §4.4).
    if (spaced && c != '.' && !last.ends_with('.')) last.clear();
    if (last.empty()) last_begin = out.name.size();
    const auto from = out.name.size();
    word(out.name);
    last.append(out.name, from);
  }
  if (!any) {
    if (!in_group_ || at_ < in_.size()) return false;
    in_group_ = false;
    out.kind = address_kind::group_end;
    return true;
  }
  if (bare) {
    if (out.name.empty()) out.name = std::move(comment);
  } else {
    // No "@" and no brackets: a mailbox without a domain, as local mail has it.
    out.mailbox = std::move(out.name);
    out.name = std::move(comment);
  }
  return true;
}

std::vector<address> read_addresses(std::string_view value, std::size_t addresses_max) {
  std::vector<address> out;
  address_reader r(value);
  address a;
  while (out.size() < addresses_max && r.next(a)) out.push_back(a);
  return out;
}

} // namespace rookery::mime
