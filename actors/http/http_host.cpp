#include "actors/http/http_host.hpp"

#include "base/text.hpp"
#include "protocols/http/date.hpp"

namespace rookery::actors {
namespace {

std::string host_of(const http::request& r) {
  for (const auto& f : r.fields) {
    if (!base::iequals(f.name, "Host")) continue;
    const auto value = base::trim(f.value);
    // A ':' within brackets is part of an IPv6 address.
    const auto colon = value.rfind(':');
    const bool port = colon != std::string_view::npos && value.find(']', colon) == std::string_view::npos;
    return base::to_lower(port ? value.substr(0, colon) : value);
  }
  return {};
}

} // namespace

http_host::http_host(const base::clock& clock, const connection_facts& facts, http::limits limits)
    : session_host(facts, clock.now(), limits), clock_(clock) {}

void http_host::on(http::server_session::event& e) {
  if (const auto* r = std::get_if<http::request>(&e)) {
    call_ = {std::string(r->method), std::string(r->target), std::string(r->path), std::string(r->query), host_of(*r), {}, r->fields, r->length, r->has_body};
    began(call_);
    call_.fields = {};
  } else if (const auto* c = std::get_if<http::body_chunk>(&e)) {
    body(c->octets);
  } else if (std::holds_alternative<http::request_end>(e)) {
    body_over();
  } else if (std::holds_alternative<http::stalled>(e)) {
    link().abort("the client does not read");
  } else {
    over();
  }
}

void http_host::body(base::const_bytes octets) { call_.body.append(octets); } // the session's limit bounds it

void http_host::body_over() {
  answering_ = true;
  asked(call_);
}

http::field_list http_host::dated(http::field_list fields) const {
  fields.push_back({"Date", http::date_text(clock_.wall())});
  return fields;
}

void http_host::reply(std::uint16_t status, http::field_list fields, std::string_view body) {
  answering_ = false;
  session_.respond(status, dated(std::move(fields)), body);
}

void http_host::say(std::uint16_t status, std::string_view text) {
  reply(status, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}, text);
}

bool http_host::only_reads(const http_call& call) {
  if (call.reads()) return true;
  reply(405, {{"Allow", "GET, HEAD"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}, "only GET and HEAD\n");
  return false;
}

} // namespace rookery::actors
