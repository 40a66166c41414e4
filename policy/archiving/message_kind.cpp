#include "policy/archiving/message_kind.hpp"

#include "base/text.hpp"

namespace rookery::archiving {
namespace {

/// The value's first word: up to a space, ';' or a comment.
std::string_view first_word(std::string_view value) noexcept {
  value = base::trim(value.substr(0, 1000));
  return base::trim(value.substr(0, value.find_first_of(" \t\r\n;(")));
}

} // namespace

std::string_view word(message_kind k) noexcept {
  switch (k) {
  case message_kind::ordinary: return "ordinary";
  case message_kind::list: return "list";
  case message_kind::automatic: return "automatic";
  case message_kind::system: return "system";
  }
  return "";
}

void kind_reader::field(std::string_view name, std::string_view value) noexcept {
  const auto is = [&](std::string_view known) { return base::iequals(name, known); };
  if (is("List-Id") || is("List-Post") || is("List-Unsubscribe") || is("List-Owner") || is("Mailing-List")) {
    list_ = list_ || !base::trim(value.substr(0, 1000)).empty();
  } else if (is("Precedence")) {
    const auto how = first_word(value);
    list_ = list_ || base::iequals(how, "list") || base::iequals(how, "bulk") || base::iequals(how, "junk");
    automatic_ = automatic_ || base::iequals(how, "auto_reply");
  } else if (is("Auto-Submitted")) {
    const auto how = first_word(value);
    automatic_ = automatic_ || (!how.empty() && !base::iequals(how, "no"));
  } else if (is("X-Auto-Response-Suppress") || is("X-Autoreply") || is("X-Autorespond")) {
    automatic_ = true;
  } else if (is("Content-Type")) {
    automatic_ = automatic_ || base::iequals(first_word(value), "multipart/report");
  }
}

message_kind kind_reader::kind(bool null_sender, bool written_here) const noexcept {
  if (written_here) return message_kind::system;
  if (list_) return message_kind::list;
  return automatic_ || null_sender ? message_kind::automatic : message_kind::ordinary;
}

} // namespace rookery::archiving
