/// The volume that another node's stream was opened for: whether it is served here, asked anew each time.
#pragma once

#include "actors/node.hpp"
#include "actors/relay/homes.hpp"
#include "base/text.hpp"
#include "cluster/stream/node_stream.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace rookery::actors {

class asked_volume {
public:
  asked_volume(const node& n, const cluster::stream_opening& o) : node_(n), name_(o.field("volume")), from_(o.field("from")), volume_(base::parse_u64(name_)) {}
  /// The volume of whoever asks: its leader does, whoever that is.
  const std::string& from() const noexcept { return from_; }
  /// It is this node object's, led here, and no end of it has begun.
  bool here() const {
    const auto homes = homes_of(node_);
    const auto* place = homes->place(volume_.value_or(0));
    return place != nullptr && place->local && volume_ == volume_of_node(node_) && !node_.draining;
  }
  /// False: the stream is over, with a sentence when it is served elsewhere.
  bool accept(cluster::node_stream& stream) const {
    if (volume_ && base::parse_u64(from_) && here()) return stream.accept().ok();
    stream.refuse("this node does not serve volume " + base::printable(name_, 40) + " now");
    return false;
  }

private:
  const node& node_;
  std::string name_, from_;
  std::optional<std::uint64_t> volume_;
};

} // namespace rookery::actors
