/// The public web service of a node: one host, and what it shows as parts beside each other.
///
/// A part answers the requests that are its own, by host and path. Who nobody answers gets 404. For
/// strangers: bodies have the bound of their part, and a slow client is cut (protocols/http/limits.hpp).
#pragma once

#include "actors/http/http_host.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct web_answer {
  std::uint16_t status = 200;
  http::field_list fields;          ///< Date and the framing are added
  std::string body;
};

/// A request under way, as who answers it sees it. Lives as long as its connection.
class web_exchange {
public:
  virtual const http_call& call() const = 0;
  virtual const connection_facts& peer() const = 0;
  /// To ask other actors: their answers may come when the task is over, so hold the task weakly.
  virtual net::connection& connection() = 0;
  /// The answer; what comes behind the first is dropped.
  virtual void reply(web_answer) = 0;
  /// The same in pieces. With a length exactly so much follows. More is wanted (`web_task::produce`) when
  /// the client has read.
  virtual void begin(std::uint16_t status, http::field_list, std::optional<std::uint64_t> length) = 0;
  virtual void write(base::const_bytes) = 0;
  virtual void end() = 0;
  /// Takes no more of the body for now.
  virtual void hold_body(bool) = 0;
  virtual bool may_upgrade() const = 0;
  /// The connection is another protocol's from now on (RFC 9110 §7.8). Only in `web_task::begin`.
  virtual void upgrade(http::field_list, std::unique_ptr<net::protocol>) = 0;

protected:
  ~web_exchange() = default;
};

/// Answers one request. Everything in the connection's thread; let go when the answer is complete or
/// nobody waits for it.
class web_task {
public:
  virtual ~web_task() = default;
  /// The head has come. `call().fields` are there now only.
  virtual void begin(web_exchange&) = 0;
  virtual void body(web_exchange&, base::const_bytes) {}
  /// The request is complete.
  virtual void body_over(web_exchange&) {}
  /// The client has read what was written: more? True when more was written.
  virtual bool produce(web_exchange&) { return false; }
  /// A longer body gets 413.
  virtual std::uint64_t body_octets_max() const { return 0; }
};

/// Null: the request is another part's. Runs in the connection's reactor and must not block.
using web_part = std::function<std::shared_ptr<web_task>(const http_call&)>;
using web_parts = std::vector<web_part>;

/// A part that has its answer at once. Nothing: the request is another part's.
using web_reader = std::function<std::optional<web_answer>(const http_call&)>;
web_part reading_part(web_reader);

/// Requests of pages of other hosts are answered too (Fetch standard, CORS): the answer to a preflight
/// (OPTIONS), and what every answer has.
web_answer preflight(std::string methods);
http::field_list open_to_all(http::field_list = {});

/// For a listener. The first part that answers counts.
std::unique_ptr<net::protocol> make_web_host(const base::clock&, std::shared_ptr<const web_parts>, const connection_facts&);

} // namespace rookery::actors
