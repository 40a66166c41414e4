/// What stream management knows of one client: what it was sent and has not acknowledged.
///
/// Source: XEP-0198. A value that outlives its connection: it goes from stream to stream when the client resumes.
/// Bounded by its owner (`stanzas`, `octets`).
#pragma once

#include "base/fifo.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rookery::xmpp {

/// A stanza as it goes out, encoded once for all who get it.
using stanza_octets = std::shared_ptr<const std::string>;

class stream_management {
public:
  void push(stanza_octets s) {
    octets_ += s->size();
    unacknowledged_.push_back(std::move(s));
    ++sent_;
  }
  /// The client has handled so many in all (modulo 2^32). False: more than it was sent.
  bool acknowledge(std::uint32_t handled) {
    const std::uint32_t left = sent_ - handled;
    if (left > unacknowledged_.size()) return false;
    while (unacknowledged_.size() > left) {
      octets_ -= unacknowledged_.front()->size();
      unacknowledged_.pop_front();
    }
    return true;
  }
  const base::fifo<stanza_octets>& unacknowledged() const noexcept { return unacknowledged_; }
  std::size_t stanzas() const noexcept { return unacknowledged_.size(); }
  std::size_t octets() const noexcept { return octets_; }
  std::uint32_t sent() const noexcept { return sent_; }

private:
  base::fifo<stanza_octets> unacknowledged_;
  std::size_t octets_ = 0;
  std::uint32_t sent_ = 0;
};

} // namespace rookery::xmpp
