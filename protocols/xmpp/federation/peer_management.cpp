// What has arrived at the other server: XEP-0198 §3, §4. Either side asks and is told; who connected begins it.
#include "base/text.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"

#include <utility>

namespace rookery::xmpp::federation {
namespace {

std::string said(std::string_view what, std::optional<std::uint32_t> handled = {}) {
  std::string text = "<" + std::string(what) + " xmlns='" + std::string(space::stream_management) + "'";
  if (handled) {
    text += " h='";
    base::append_number(text, *handled);
    text += "'";
  }
  return text + "/>";
}

std::string failed(condition why) {
  std::string text = "<failed xmlns='" + std::string(space::stream_management) + "'><";
  return text.append(name(why)).append(" xmlns='").append(space::stanzas).append("'/></failed>");
}

} // namespace

/// §3: what goes behind this is counted, whatever the answer will be.
void peer_session::begin_management() {
  managed_ = true;
  put(said("enable"));
}

void peer_session::on_management(const element& e) {
  if (e.name == "r") {
    if (!managed_) return put(failed(condition::unexpected_request));
    acknowledge_at_ = received_;
    return answer_request();
  }
  if (e.name == "a") return on_acknowledgement(e);
  if (initiating()) {
    if (!managed_) return end(stream_fault::unsupported_stanza_type);
    if (e.name == "enabled") {
      counted_from_ = received_;
      return;
    }
    if (e.name != "failed") return end(stream_fault::unsupported_stanza_type);
    // As with a server that does not know of it: what was sent is believed to arrive.
    managed_ = false;
    acknowledgement_by_.reset();
    acknowledge_at_.reset();
    if (const auto all = std::exchange(unacknowledged_, 0u); all > 0) push(peer_event::acknowledged{all});
    return;
  }
  if (e.name == "resume") return put(failed(condition::item_not_found));
  if (e.name != "enable") return end(stream_fault::unsupported_stanza_type);
  if (!settled() || managed_) return put(failed(condition::unexpected_request));
  managed_ = true;
  counted_from_ = received_;
  put(said("enabled"));
}

void peer_session::on_acknowledgement(const element& e) {
  const auto h = base::parse_u32(e.get("h"));
  if (!managed_ || !h) return end(stream_fault::bad_format, "An acknowledgement of nothing");
  const std::uint32_t left = sent_ - *h;
  if (left > unacknowledged_) return end(stream_fault::undefined_condition, "More acknowledged than was sent");
  acknowledgement_by_.reset();
  const auto more = unacknowledged_ - left;
  unacknowledged_ = left;
  if (more > 0) push(peer_event::acknowledged{more});
  if (left > 0) request_acknowledgement();
}

void peer_session::count_sent() {
  ++sent_;
  ++unacknowledged_;
  request_acknowledgement();
}

/// One at a time: its answer counts what went meanwhile, too, or the next does.
void peer_session::request_acknowledgement() {
  if (acknowledgement_by_) return;
  acknowledgement_by_ = now_ + settings_->limits.acknowledgement_time;
  put(said("r"));
}

void peer_session::handled(std::uint32_t count) {
  handled_ = count;
  if (!closed_) answer_request();
}

/// A stanza counts when it was dealt with, so behind its commit: until then the answer waits.
void peer_session::answer_request() {
  if (!acknowledge_at_ || static_cast<std::int32_t>(handled_ - *acknowledge_at_) < 0) return;
  acknowledge_at_.reset();
  put(said("a", handled_ - counted_from_));
}

void peer_session::acknowledge_all() {
  if (managed_ && static_cast<std::int32_t>(handled_ - counted_from_) > 0) put(said("a", handled_ - counted_from_));
}

} // namespace rookery::xmpp::federation
