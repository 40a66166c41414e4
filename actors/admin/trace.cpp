#include "actors/admin/trace.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace rookery::admin {
namespace {

constexpr int older_files = 4;
constexpr std::size_t ids_max = 200; // sessions and messages that belong together

/// Calls `each` with the lines of a file, without line ends. A file that is not there has none.
void for_each_line(const std::string& path, const std::function<void(std::string_view)>& each) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::string text;
  std::string piece(1 << 18, '\0');
  for (;;) {
    const auto n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(piece, 0, static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      each(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
    }
    text.erase(0, begin);
  }
  ::close(fd);
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= trace_id_octets_max &&
         std::all_of(id.begin(), id.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool carries(std::string_view line, const std::set<std::string>& quoted_ids) {
  return std::any_of(quoted_ids.begin(), quoted_ids.end(),
                     [&](const std::string& id) { return line.find(id) != std::string_view::npos; });
}

} // namespace

base::result<json::value> trace(const std::string& log_directory, const std::string& id) {
  if (!is_id(id)) return base::fail(base::error_kind::invalid, "this is no id of a session or message");
  const auto for_each_logged = [&](const std::function<void(std::string_view)>& each) {
    const auto path = log_directory + "/rookery.jsonl";
    for (int i = older_files; i > 0; --i) for_each_line(path + '.' + std::to_string(i), each);
    for_each_line(path, each);
  };
  // First what names the id, and which messages and sessions stand on the same lines; then
  // everything of these: a message's session, and what became of its message.
  std::set<std::string> ids{'"' + id + '"'};
  for_each_logged([&](std::string_view line) {
    if (line.find('"' + id + '"') == std::string_view::npos || ids.size() >= ids_max) return;
    const auto parsed = json::parse(line);
    if (!parsed) return;
    for (const auto* member : {"message", "session"})
      if (const auto other = parsed->get_string(member); other && is_id(*other)) ids.insert('"' + std::string(*other) + '"');
  });
  json::array lines;
  bool complete = true;
  for_each_logged([&](std::string_view line) {
    if (!carries(line, ids)) return;
    if (lines.size() == trace_lines_max) {
      complete = false;
      return;
    }
    if (auto parsed = json::parse(line)) lines.push_back(std::move(*parsed));
  });
  if (lines.empty()) return base::fail(base::error_kind::not_found, "the log has nothing of this id");
  json::value body{json::object{}};
  body.set("lines", std::move(lines));
  body.set("complete", complete);
  return body;
}

} // namespace rookery::admin
