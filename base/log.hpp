/// Structured log events: a name, and named values. No free text with users' data.
///
///   base::log_event(base::severity::info, "smtp.accepted")
///       .text("session", id).number("octets", size);
///
/// The line is written when the event object ends. Values are cleaned of control
/// octets; passwords and message content are never given to it. Lines go to a
/// bounded queue that one thread writes out, so that a slow disk or terminal
/// never holds an actor; what does not fit is counted and said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::base {

enum class severity : std::uint8_t { debug, info, notice, warning, error };

struct log_settings {
  severity least = severity::info;
  bool json_on_stderr = false;      ///< Else journald-friendly text with a <N> priority when `journald`.
  bool journald = false;
  bool quiet_stderr = false;        ///< Nothing below warning on stderr.
  std::string directory;            ///< Where `rookery.jsonl` and `auth-failures.log` are kept; "" = no files.
  std::uint64_t file_octets_max = 64u << 20; ///< A file larger than this is renamed to `.1` (up to `.4`).
};

/// Starts the writing thread. Events before it go straight to stderr.
void log_start(log_settings settings);
/// Writes what waits and ends the thread. Safe to call twice.
void log_stop();
bool log_wanted(severity s) noexcept;
/// Changes `log_settings::least` while running; from any thread.
void log_least(severity s) noexcept;

class log_event {
public:
  log_event(severity s, std::string_view name);
  log_event(const log_event&) = delete;
  log_event& operator=(const log_event&) = delete;
  ~log_event();
  log_event& text(std::string_view key, std::string_view value);
  log_event& number(std::string_view key, std::int64_t value);
  log_event& flag(std::string_view key, bool value);
  /// Also goes to the authentication-failure log.
  log_event& authentication_failure();

private:
  severity severity_;
  bool wanted_;
  bool authentication_failure_ = false;
  std::string name_;
  std::string json_;
};

} // namespace rookery::base
