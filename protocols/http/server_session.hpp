/// The server's side of HTTP/1.1, as a session.
///
/// Source: RFC 9112 (syntax, framing, connections), RFC 9110 (meaning). One request
/// at a time: what is pipelined waits until the answer is complete. Strict where
/// leniency lets requests be smuggled: only CRLF ends a line, no folding, no two
/// lengths; such a request gets 400 and the connection ends.
///
///   request → body_chunk* → request_end; the host answers at any time after
///   `request` with `respond`, or `begin_response`, `write_body`*, `end_response`.
///
/// An answer that is complete before the request is (a refusal) closes the
/// connection. HEAD is answered like GET: the session leaves the body out. A host that
/// cannot take more of a body says `hold_body`; a client that does not read an answer is
/// told as `stalled`. With `upgrade` the connection becomes another protocol's.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/connection_facts.hpp"
#include "protocols/http/chunked_reader.hpp"
#include "protocols/http/field.hpp"
#include "protocols/http/limits.hpp"
#include "protocols/session.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::http {

/// A request has come with all its fields; a body may follow.
struct request {
  std::string_view method;       ///< As it came: methods have case.
  std::string_view target;       ///< As it came.
  std::string_view path;         ///< Of the target, percent-encoded still; "/…" or "*".
  std::string_view query;        ///< Without '?'.
  std::span<const field> fields;
  bool has_body = false;         ///< `body_chunk`s follow.
  std::optional<std::uint64_t> length; ///< Of the body, when it was said.
};
struct body_chunk {
  base::const_bytes octets;
};
struct request_end {};
/// The session itself has answered with this status and closes; for logs and counters.
struct refused {
  std::uint16_t status = 0;
};
/// The client has taken nothing of an answer for `answer_time`: end the connection.
struct stalled {};
/// Nothing more will come; the last event.
struct gone {};

class server_session {
public:
  using event = std::variant<request, body_chunk, request_end, refused, stalled, gone>;

  server_session(connection_facts facts, base::instant now, limits bounds = {});

  // The shape of every session (protocols/session.hpp).
  void feed(base::const_bytes in, base::instant now);
  void tick(base::instant now);
  std::optional<event> next_event();
  base::const_bytes output() const { return out_.view(); }
  void sent(std::size_t octets) {
    out_.consume(octets);
    moved_ = true;
  }
  std::optional<base::instant> deadline() const;
  bool wants_input() const;
  bool closed() const { return closing_ && !responding(); }

  /// A whole answer; Content-Length and Connection are added. The host, which has a
  /// clock, adds Date (RFC 9110 §6.6.1). `fields` must be clean
  /// (`is_token`, `is_field_value`): a broken one throws `broken`.
  void respond(std::uint16_t status, const field_list& fields = {}, std::string_view body = {});
  /// An answer in pieces: with `length` exactly that many octets follow, without it
  /// chunks (HTTP/1.1) or all until the close (1.0).
  void begin_response(std::uint16_t status, const field_list& fields = {},
                      std::optional<std::uint64_t> length = std::nullopt);
  void write_body(base::const_bytes octets);
  void end_response();
  /// While held, a body is not given out and its time does not run.
  void hold_body(bool);
  /// RFC 9110 §7.8: 101 with these fields; Connection is added. Call it at `request`, of HTTP/1.1 and without a body
  /// (`may_upgrade`). Nothing is parsed any more: `rest` is for the next protocol.
  void upgrade(const field_list& fields);
  bool may_upgrade() const noexcept { return answer_ == answer::wanted && !http_1_0_ && at_ == at::length && left_ == 0; }
  base::const_bytes rest() const { return in_.view().substr(used_); }

  /// Ends in good order: the request that is being answered is finished, an idle
  /// connection closes at once.
  void shut_down();
  /// TLS stands below now: what was read in the clear is dropped.
  void tls_started(connection_facts facts, base::instant now);
  const connection_facts& facts() const { return facts_; }

private:
  enum class at : std::uint8_t { head, length, chunks, request_over, upgraded };
  enum class answer : std::uint8_t { none, wanted, begun, complete };
  std::optional<event> read_head();
  std::optional<event> read_body();
  std::optional<event> refuse(std::uint16_t status);
  void close_after(std::uint16_t status);
  void next_request();
  void add_head(std::uint16_t status, const field_list& fields, std::optional<std::uint64_t> length);
  bool responding() const { return answer_ == answer::wanted || answer_ == answer::begun; }
  void drop_used();
  void put(base::const_bytes);
  std::optional<base::instant> next_input_by() const;

  connection_facts facts_;
  limits limits_;
  base::buffer in_, out_;
  std::vector<field> fields_;
  std::optional<chunked_reader> chunks_;
  base::instant now_, since_;     ///< `since_`: begin of the wait that `deadline` bounds.
  base::instant waited_{};        ///< Begin of the wait for the client to read.
  std::size_t used_ = 0;          ///< Octets of `in_` that the last event shows.
  std::size_t scanned_ = 0;       ///< No end of a head before this place.
  std::uint64_t left_ = 0;        ///< Octets of the body still to come.
  std::uint64_t body_ = 0;        ///< Octets of the body that came.
  std::optional<std::uint64_t> owed_; ///< Octets the host still has to write.
  std::size_t requests_ = 0;
  std::uint16_t refusal_ = 0;     ///< To be told as an event.
  std::uint16_t refused_late_ = 0; ///< Once the body_chunk before it was taken.
  at at_ = at::head;
  answer answer_ = answer::none;
  bool http_1_0_ = false, head_ = false, keep_ = true;
  bool continue_wanted_ = false;
  bool chunked_answer_ = false, answer_body_ = true;
  bool rearm_ = false;            ///< `since_` is to be set at the next known time.
  bool held_ = false;
  bool moved_ = true;             ///< Something was read since `waited_`.
  bool stalled_ = false, stall_told_ = false;
  bool closing_ = false, gone_told_ = false;
};

static_assert(session<server_session>);

} // namespace rookery::http
