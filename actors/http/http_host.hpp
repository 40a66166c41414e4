/// The HTTP host that all HTTP services of a node are made of: it gathers a request, asks the
/// service, and sends the answer.
///
/// A service derives from it and writes `asked`; then it calls `reply` once, at once or later, in the
/// connection's thread. Requests come one at a time (protocols/http/server_session.hpp). A service that
/// streams writes `began`, `body` and `body_over` itself (actors/http/web_host.hpp).
#pragma once

#include "actors/net/connection.hpp"
#include "actors/net/protocol.hpp"
#include "base/clock.hpp"
#include "protocols/http/server_session.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::actors {

/// A whole request. Lives until the next one.
struct http_call {
  std::string method, target;
  std::string path, query;        ///< of the target, percent-encoded still
  std::string host;               ///< of the Host field, lower case, without port; may be empty
  std::string body;
  std::span<const http::field> fields; ///< only in `began`
  std::optional<std::uint64_t> length; ///< of the body, when it was said
  bool has_body = false;

  bool reads() const noexcept { return method == "GET" || method == "HEAD"; }
};

class http_host : public net::session_host<http::server_session> {
public:
  bool busy() const override { return answering_; }
  void gone() override {}

protected:
  http_host(const base::clock&, const connection_facts&, http::limits = {});
  /// The whole request has come.
  virtual void asked(http_call&) = 0;
  /// The head has come.
  virtual void began(http_call&) {}
  virtual void body(base::const_bytes);
  virtual void body_over();
  /// Nobody waits for an answer any more: it is complete, or the session refused.
  virtual void over() {}
  /// Date is added.
  void reply(std::uint16_t status, http::field_list fields, std::string_view body);
  void say(std::uint16_t status, std::string_view text);            ///< text/plain, not to be stored
  /// Is it GET or HEAD? Else 405 was sent.
  bool only_reads(const http_call&);
  const connection_facts& facts() const { return session_.facts(); }
  http::field_list dated(http::field_list) const;

  bool answering_ = false;

private:
  void on(http::server_session::event&) override;

  const base::clock& clock_;
  http_call call_;
};

} // namespace rookery::actors
