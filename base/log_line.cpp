#include "base/log_line.hpp"

#include <algorithm>

namespace rookery::base {
namespace {

/// Takes a quoted string off the front, its escapes undone.
std::string take_quoted(std::string_view& in) {
  std::string out;
  std::size_t at = 1;
  for (; at < in.size() && in[at] != '"'; ++at) {
    if (in[at] == '\\' && at + 1 < in.size()) ++at;
    out.push_back(in[at]);
  }
  in.remove_prefix(std::min(in.size(), at + 1));
  return out;
}

void append_value(std::string& out, std::string_view value) {
  if (!value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos) {
    out += value;
    return;
  }
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

} // namespace

std::string log_text_line(std::string_view members, std::string_view level, int priority, bool journald) {
  std::string out = journald ? '<' + std::to_string(priority) + '>' : std::string();
  while (!members.empty()) {
    if (members.front() == ',') members.remove_prefix(1);
    const auto key = take_quoted(members);
    if (!members.empty()) members.remove_prefix(1); // the colon
    std::string value;
    if (!members.empty() && members.front() == '"') {
      value = take_quoted(members);
    } else {
      value = members.substr(0, members.find(','));
      members.remove_prefix(value.size());
    }
    if (key == "time") {
      if (!journald) out.append(value).append(1, ' ').append(level).append(1, ' ');
    } else if (key == "event") {
      out += value;
    } else {
      out.append(1, ' ').append(key).append(1, '=');
      append_value(out, value);
    }
  }
  return out;
}

} // namespace rookery::base
