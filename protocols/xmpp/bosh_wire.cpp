#include "protocols/xmpp/bosh_wire.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {
namespace {

constexpr std::string_view bosh_space = "http://jabber.org/protocol/httpbind";
constexpr std::string_view xbosh_space = "urn:xmpp:xbosh";
/// XEP-0124 §14.2: a number that JavaScript can count with.
constexpr std::uint64_t rid_max = (std::uint64_t{1} << 53) - 1;

std::string number(std::uint64_t n) {
  std::string out;
  base::append_number(out, n);
  return out;
}

std::uint64_t number_of(const xml::element& e, std::string_view name, std::uint64_t otherwise) {
  const auto n = base::parse_u64(e.get(name));
  return n ? *n : otherwise;
}

} // namespace

bool is_bosh_body(const xml::element& e) noexcept { return e.is("body", bosh_space); }

std::optional<std::uint64_t> bosh_request_id(const xml::element& e) noexcept {
  const auto rid = base::parse_u64(e.get("rid"));
  return rid && *rid > 0 && *rid <= rid_max ? std::optional(*rid) : std::nullopt;
}

std::string bosh_termination(std::string_view condition) {
  std::string out("<body xmlns='");
  out.append(bosh_space).append("' type='terminate'");
  if (!condition.empty()) out.append(" condition='").append(condition).append("'");
  return out + "/>";
}

bosh_wire::bosh_wire(std::string sid, const xml::element& first, base::instant now, bosh_limits bounds)
    : limits_(bounds), now_(now), sid_(std::move(sid)), to_(first.get("to")), next_(bosh_request_id(first).value_or(1)), idle_since_(now) {
  const auto most = static_cast<std::uint64_t>(limits_.wait_max.count());
  wait_ = std::chrono::seconds(std::min(number_of(first, "wait", most), most));
  hold_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_of(first, "hold", 1), limits_.hold_max));
}

void bosh_wire::request(xml::element body, std::size_t octets, std::uint64_t token, base::instant now) {
  now_ = now;
  if (over_) return refuse(token, "item-not-found");
  const auto rid = bosh_request_id(body);
  if (!rid) return refuse(token, "bad-request");
  if (ended_ && held_.empty() && *rid >= next_) {
    // The stream ended while no request waited: this one hears of it.
    held_.push_back({*rid, token, now_});
    next_ = *rid + 1;
    return;
  }
  idle_since_.reset();
  pause_ = {};
  if (*rid < next_) {
    // §14.3: what was sent again is answered again, or goes on waiting on its new connection.
    for (const auto& [old, text] : sent_)
      if (old == *rid) return ready_.push_back({token, text});
    for (auto& h : held_)
      if (h.rid == *rid) {
        ready_.push_back({std::exchange(h.token, token), body_with({}, {})});
        return;
      }
    return refuse(token, "item-not-found");
  }
  if (*rid - next_ > hold_ || early_.contains(*rid)) {
    refuse(token, "item-not-found"); // §14.2: beyond the window
    return fail("item-not-found");
  }
  early_.emplace(*rid, waiting_request{std::move(body), octets, token});
  while (!over_ && !ended_) {
    const auto found = early_.find(next_);
    if (found == early_.end()) break;
    auto what = std::move(found->second);
    early_.erase(found);
    take(next_++, std::move(what));
  }
}

void bosh_wire::take(std::uint64_t rid, waiting_request what) {
  auto& body = what.body;
  held_.push_back({rid, what.token, now_ + wait_});
  if (!key_fits(body)) return fail("item-not-found");
  const bool restarts = body.get("restart", xbosh_space) == "true" || body.get("restart", xbosh_space) == "1";
  const bool opens = restarts || !std::exchange(begun_, true);
  const bool ends = body.get("type") == "terminate";
  const auto push = [&](xml::reading r) { readings_.push_back({std::move(r), rid, std::exchange(what.octets, 0)}); };
  if (opens) {
    xml::root_opened root{xml::element("stream", space::streams), std::string(space::client)};
    root.root.set("to", body.has("to") ? body.get("to") : to_);
    const auto version = body.get("version", xbosh_space);
    root.root.set("version", version.empty() ? "1.0" : version);
    push(std::move(root));
  }
  bool empty = !opens && !ends;
  for (auto& node : body.children) {
    if (node.is_text()) continue;
    empty = false;
    push(xml::child_read{std::move(node.inner())});
  }
  if (ends) push(xml::root_closed{});
  if (body.has("pause")) {
    // §10: all that waits is answered, and the silence may be longer.
    pause_ = std::chrono::seconds(std::min<std::uint64_t>(number_of(body, "pause", 0), static_cast<std::uint64_t>(limits_.pause_max.count())));
    for (auto& h : held_) h.by = now_;
  } else if (empty && (hold_ == 0 || wait_.count() == 0)) {
    // §12: a client that asks again and again.
    if (polled_ && now_ < *polled_ + limits_.polling) return fail("policy-violation");
    polled_ = now_;
  }
}

/// §15: each key hashes to the one before.
bool bosh_wire::key_fits(const xml::element& body) {
  if (!key_.empty()) {
    const auto digest = base::sha1(body.get("key"));
    if (!body.has("key") || base::to_hex(digest) != key_) return false;
    key_ = body.get("key");
  }
  if (body.has("newkey")) key_ = body.get("newkey");
  return true;
}

xml::reader::piece bosh_wire::read() {
  xml::reader::piece out;
  if (readings_.empty()) return out;
  out.what = std::move(readings_.front().what);
  out.used = readings_.front().octets;
  readings_.pop_front();
  return out;
}

void bosh_wire::open(std::string_view id, std::string_view from) {
  authid_ = id;
  if (!from.empty()) to_ = from;
}

void bosh_wire::put(std::string_view octets) {
  if (octets.starts_with("<stream:error")) error_said_ = true;
  payload_ += standing_alone(octets);
}

void bosh_wire::refuse(std::uint64_t token, std::string_view condition) { ready_.push_back({token, bosh_termination(condition)}); }

/// The client broke the rules of the wire: the stream it leaves may be resumed.
void bosh_wire::fail(std::string_view condition) {
  over_ = true;
  condition_ = condition;
}

void bosh_wire::tick(base::instant now) {
  now_ = now;
  if (idle_since_ && now >= *idle_since_ + std::max(limits_.inactivity, pause_)) over_ = true;
}

std::optional<base::instant> bosh_wire::deadline() const {
  if (over_) return std::nullopt;
  if (!held_.empty()) return held_.front().by;
  return idle_since_ ? std::optional(*idle_since_ + std::max(limits_.inactivity, pause_)) : std::nullopt;
}

std::string bosh_wire::body_with(std::string attributes, std::string_view payload) const {
  std::string out("<body xmlns='");
  out.append(bosh_space).append("'").append(attributes);
  if (payload.empty()) return out + "/>";
  return out.append(">").append(payload).append("</body>");
}

void bosh_wire::answer_front(std::string_view condition) {
  std::string attributes;
  if (!first_answered_) {
    first_answered_ = true;
    attributes.append(" sid='").append(xml::escaped(sid_)).append("' wait='").append(number(static_cast<std::uint64_t>(wait_.count())))
        .append("' hold='").append(number(hold_)).append("' requests='").append(number(hold_ + 1))
        .append("' inactivity='").append(number(static_cast<std::uint64_t>(limits_.inactivity.count())))
        .append("' polling='").append(number(static_cast<std::uint64_t>(limits_.polling.count())))
        .append("' maxpause='").append(number(static_cast<std::uint64_t>(limits_.pause_max.count())))
        .append("' ver='1.11' from='").append(xml::escaped(to_)).append("' authid='").append(xml::escaped(authid_))
        .append("' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0' xmpp:restartlogic='true'");
  }
  if (ended_ || over_) {
    end_told_ = true;
    attributes += " type='terminate'";
    if (error_said_) attributes += " condition='remote-stream-error'";
    else if (!condition.empty()) attributes.append(" condition='").append(condition).append("'");
  }
  const auto front = held_.front();
  held_.pop_front();
  auto text = body_with(std::move(attributes), std::exchange(payload_, {}));
  ready_.push_back({front.token, text});
  sent_.push_back({front.rid, std::move(text)});
  while (sent_.size() > hold_ + 1) sent_.pop_front();
}

std::vector<bosh_wire::answer> bosh_wire::take_answers(base::instant now) {
  now_ = now;
  while (!held_.empty()) {
    const auto& front = held_.front();
    const bool ends = ended_ || over_;
    // A request whose stanzas are not read yet is not answered for its successor's sake: so the client waits too.
    const bool crowded = held_.size() > hold_ && read_up_to(front.rid) && first_answered_;
    if (!ends && payload_.empty() && !crowded && now < front.by) break;
    if (!ends && !first_answered_ && authid_.empty()) break;
    answer_front(condition_);
  }
  if (over_ || ended_)
    for (auto& [rid, what] : early_) refuse(what.token, condition_);
  if (over_ || ended_) early_.clear();
  if (held_.empty() && !idle_since_) idle_since_ = now;
  return std::exchange(ready_, {});
}

} // namespace rookery::xmpp
