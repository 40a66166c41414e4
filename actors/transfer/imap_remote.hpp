/// The other server, as the thread of a copy sees it: questions that wait for their answers, over one
/// connection whose session lives in a reactor.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/transfer/copy_target.hpp"
#include "base/result.hpp"
#include "protocols/imap/client_session.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// One question; to the connection.
struct remote_question {
  enum class verb : std::uint8_t { list, examine, rows, fetch, quit };
  verb what = verb::quit;
  std::string folder;                       ///< examine
  std::uint64_t changed_since = 0;          ///< rows
  std::vector<std::uint32_t> uids;          ///< fetch
};
using remote_question_ptr = std::shared_ptr<const remote_question>;

/// A message there without its octets; `flags` is a place in `remote_answer::flags`.
struct remote_row { std::uint32_t uid = 0, octets = 0, flags = 0; };

/// Its answer; from the connection.
struct remote_answer {
  bool ok = false;
  std::string text;                         ///< of the server, printable
  std::vector<imap::list_response> folders;
  imap::client_event::selected selected;
  std::vector<remote_row> rows;
  std::vector<imap::flag_list> flags;       ///< each once
  std::vector<copied_message> messages;
  std::vector<std::uint32_t> refused;       ///< fetch: the server would not give these
  std::vector<std::uint32_t> too_large;     ///< fetch: grown since it was looked at
};
using remote_answer_ptr = std::shared_ptr<remote_answer>;

/// Logged in; from the connection.
struct remote_ready { caf::actor connection; };
/// The connection ended, or never came; the last word.
struct remote_gone { std::string why; };

/// Rows of one folder; more are an error.
inline constexpr std::size_t remote_rows_max = transfer::folder_messages_max;
inline constexpr std::size_t remote_folders_max = 100'000;

class imap_remote {
public:
  imap_remote(caf::scoped_actor& self, node& n, net::reactor& home, transfer_run_ptr run, const std::string& password)
      : self_(self), node_(n), home_(home), run_(std::move(run)), password_(password) {}
  ~imap_remote();
  imap_remote(const imap_remote&) = delete;

  base::result<void> connect();
  /// Sends a question; its answer is the next `answer`. One may be asked while another's answer is worked on.
  void ask(remote_question);
  /// An error ends the copy: the connection is gone, or the transfer is stopped.
  base::result<remote_answer_ptr> answer();
  base::result<remote_answer_ptr> ask_and_wait(remote_question q) {
    ask(std::move(q));
    return answer();
  }

private:
  base::result<std::vector<std::string>> addresses();
  base::result<void> dial(const std::string& address);

  caf::scoped_actor& self_;
  node& node_;
  net::reactor& home_;
  transfer_run_ptr run_;
  const std::string& password_;
  caf::actor connection_;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remote_question_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remote_answer_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remote_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remote_gone)
