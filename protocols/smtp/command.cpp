#include "protocols/smtp/command.hpp"

#include "base/text.hpp"

#include <array>
#include <utility>

namespace rookery::smtp {

namespace {

constexpr std::array<std::pair<std::string_view, verb>, 29> verbs{{
    {"MAIL", verb::mail}, {"RCPT", verb::rcpt}, {"DATA", verb::data}, {"BDAT", verb::bdat}, {"EHLO", verb::ehlo},
    {"RSET", verb::rset}, {"QUIT", verb::quit}, {"NOOP", verb::noop}, {"AUTH", verb::auth}, {"HELO", verb::helo},
    {"LHLO", verb::lhlo}, {"VRFY", verb::vrfy}, {"EXPN", verb::expn}, {"HELP", verb::help},
    {"STARTTLS", verb::starttls}, {"ETRN", verb::etrn}, {"ATRN", verb::atrn},
    {"TURN", verb::unimplemented}, {"SEND", verb::unimplemented}, {"SOML", verb::unimplemented},
    {"SAML", verb::unimplemented}, {"BURL", verb::burl}, {"GET", verb::foreign}, {"POST", verb::foreign},
    {"PUT", verb::foreign}, {"HEAD", verb::foreign}, {"CONNECT", verb::foreign}, {"OPTIONS", verb::foreign},
    {"HOST:", verb::foreign},
}};

} // namespace

command read_command(std::string_view line) noexcept {
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  const auto space = line.find_first_of(" \t");
  const auto word = line.substr(0, space);
  auto rest = space == std::string_view::npos ? std::string_view() : line.substr(space);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  for (const auto& [name, what] : verbs)
    if (base::iequals(word, name)) return {what, rest};
  return {verb::unknown, rest};
}

} // namespace rookery::smtp
