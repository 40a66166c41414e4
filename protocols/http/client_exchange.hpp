/// One request and its answer from the asking side: for our own command line, over a
/// local socket. Knows no socket; bounded; one exchange a connection (Connection: close
/// is sent), so that the answer always has an end.
#pragma once

#include "base/bytes.hpp"
#include "protocols/http/chunked_reader.hpp"
#include "protocols/http/field.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::http {

/// The text of a request with Host, Content-Length and "Connection: close". `target`
/// and `host` are the caller's own, without control octets.
std::string request_text(std::string_view method, std::string_view target, std::string_view host,
                         const field_list& fields = {}, std::string_view body = {});

struct response {
  std::uint16_t status = 0;
  field_list fields;
  std::string body;
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Reads the answer.
class client_exchange {
public:
  enum class state : std::uint8_t {
    reading,
    done,
    failed ///< No HTTP, cut short, or above a limit; `error` says which.
  };
  /// A listing of 5,000 accounts is below a megabyte.
  explicit client_exchange(bool head_request = false, std::size_t body_octets_max = 256u << 20)
      : body_max_(body_octets_max), head_request_(head_request) {}
  state feed(base::const_bytes octets);
  state end_of_stream();
  /// With the whole answer once `done`; with what came so far before. The caller may move it out.
  response& answer() noexcept { return answer_; }
  const char* error() const noexcept { return error_; }

private:
  enum class at : std::uint8_t { head, length, chunks, until_close, done, failed };
  bool read_head();
  state read_body();
  state fail(const char* why);
  state finish();
  response answer_;
  base::buffer in_;
  std::optional<chunked_reader> chunks_;
  std::uint64_t left_ = 0;
  std::size_t body_max_;
  const char* error_ = "";
  at at_ = at::head;
  bool head_request_;
};

} // namespace rookery::http
