/// Asks the running server over its local socket, one connection a question.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace rookery::cli {

struct admin_answer {
  unsigned status = 0;
  json::value body;
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

class admin_client {
public:
  explicit admin_client(std::string socket_path) : path_(std::move(socket_path)) {}
  /// `try_later` when nobody answers at the socket; `io` when the answer breaks off or
  /// takes longer than `patience`.
  base::result<admin_answer> ask(std::string_view method, std::string_view target, const json::value& body = {}) const;
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
  std::chrono::seconds patience_{3600}; ///< a check of a large store takes its time
};

} // namespace rookery::cli
