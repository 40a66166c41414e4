/// A stream in the bodies of HTTP requests and their answers.
///
/// Source: XEP-0124 (BOSH), XEP-0206 (XMPP over it). Outlives the connections of its requests. Who owns it gives it each
/// request with a token, and after each step takes the answers. Requests are read in the order of their ids within a
/// window; answers that were lost are given again; a client that is silent too long has left.
///
/// Bounded: so many requests and answers as the window has, each within `body_octets`; what waits for the client is
/// bounded by the stream (`pending`).
#pragma once

#include "base/fifo.hpp"
#include "protocols/xml/element.hpp"
#include "protocols/xmpp/stream_wire.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {

struct bosh_limits {
  std::chrono::seconds wait_max{60};       ///< a request is answered within this; a client may want less.
  std::uint32_t hold_max = 1;              ///< requests that wait for something to say; the window has one more.
  std::chrono::seconds inactivity{60};     ///< without a request for so long the client has left.
  std::chrono::seconds pause_max{120};     ///< the longest pause a client may take.
  std::chrono::seconds polling{2};         ///< between two empty requests of a client that does not let us wait.
  std::size_t body_octets = 300 * 1024;    ///< of one request: a stanza and what is around it.
};

/// The attributes and children of a request that are known before its session is.
bool is_bosh_body(const xml::element&) noexcept;
/// XEP-0124 §4: rid of a request, at most 2^53 - 1. Nothing when there is none.
std::optional<std::uint64_t> bosh_request_id(const xml::element&) noexcept;
/// The answer to a request that belongs to no session, or cannot be read: <body type='terminate'/>.
std::string bosh_termination(std::string_view condition);

class bosh_wire final : public stream_wire {
public:
  /// `first` is the request that made the session (§7.1), its rid is in order.
  bosh_wire(std::string sid, const xml::element& first, base::instant now, bosh_limits = {});

  /// Another request, or again the first with its children. `octets`: of its body.
  void request(xml::element body, std::size_t octets, std::uint64_t token, base::instant now);
  struct answer {
    std::uint64_t token = 0;
    std::string body;
  };
  /// What can be answered now. Each token comes once.
  std::vector<answer> take_answers(base::instant now);
  /// The client knows that it is over, or is not to be waited for.
  bool closed() const noexcept { return over_ || (ended_ && end_told_); }

  // What the stream session sees.
  void feed(base::const_bytes, base::instant now) override { now_ = now; }
  void tick(base::instant) override;
  std::optional<base::instant> deadline() const override;
  void restart(const xml::limits&) override {}
  void widen(const xml::limits&) override {}
  xml::reader::piece read() override;
  std::size_t waiting() const override { return 0; }
  void drop_input() override { readings_.clear(); }
  bool over() const override { return over_; }
  void open(std::string_view id, std::string_view from) override;
  void put(std::string_view octets) override;
  void close() override { ended_ = true; }
  void nudge() override {}
  base::const_bytes output() const override { return {}; }
  void sent(std::size_t) override {}
  std::size_t pending() const override { return payload_.size(); }
  void drop_output() override { payload_.clear(); }
  std::string_view kind() const override { return "bosh"; }

private:
  struct held {
    std::uint64_t rid = 0, token = 0;
    base::instant by{};           ///< answered empty then
  };
  struct waiting_request {
    xml::element body;
    std::size_t octets = 0;
    std::uint64_t token = 0;
  };
  struct unread {
    xml::reading what;
    std::uint64_t rid = 0;
    std::size_t octets = 0;
  };
  void take(std::uint64_t rid, waiting_request);
  bool key_fits(const xml::element&);
  void refuse(std::uint64_t token, std::string_view condition);
  void fail(std::string_view condition);
  void answer_front(std::string_view condition = {});
  bool read_up_to(std::uint64_t rid) const noexcept { return readings_.empty() || readings_.front().rid > rid; }
  std::string body_with(std::string attributes, std::string_view payload) const;

  bosh_limits limits_;
  base::instant now_;
  std::string sid_, to_, key_;
  std::chrono::seconds wait_{}, pause_{};
  std::uint32_t hold_ = 0;
  std::uint64_t next_ = 0;                          ///< the rid that is in order
  std::map<std::uint64_t, waiting_request> early_;  ///< within the window, not in order
  base::fifo<held> held_;
  base::fifo<unread> readings_;
  base::fifo<std::pair<std::uint64_t, std::string>> sent_; ///< the last answers, by rid
  std::vector<answer> ready_;
  std::string payload_, authid_, condition_;
  std::optional<base::instant> idle_since_, polled_;
  bool begun_ = false, first_answered_ = false, end_told_ = false, ended_ = false, over_ = false, error_said_ = false;
};

} // namespace rookery::xmpp
