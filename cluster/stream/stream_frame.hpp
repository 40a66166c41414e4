/// What goes over a stream between two nodes, as octets: four octets length (big-endian, of what follows), one octet type, the body.
///
/// The dialler's first frame is an opening: it says what the stream is for. The answer is `accepted` or `refused`; from then on
/// the frames belong to the kind of the stream, with types from `first_own_type` on. Pure.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::cluster {

inline constexpr std::uint8_t stream_version = 1;
inline constexpr std::size_t stream_body_octets_max = 1u << 20;   ///< of one frame
inline constexpr std::size_t stream_first_octets_max = 64 * 1024; ///< of an opening and of its answer
inline constexpr std::size_t stream_head_octets = 5;

enum stream_type : std::uint8_t { opening_type = 1, accepted_type = 2, refused_type = 3, first_own_type = 16 };

struct stream_frame {
  std::uint8_t type = 0;
  std::string body;
};

/// The first word of who has dialled.
struct stream_opening {
  std::uint8_t version = stream_version;
  std::string cluster;                        ///< id
  std::uint64_t from = 0, to = 0;             ///< member ids
  std::string kind;                           ///< "replica", "session", "delivery"
  std::map<std::string, std::string> fields;  ///< what the kind wants to know; texts or octets

  const std::string& field(const std::string& name) const; ///< "" when it is not there
};

/// `body` has `stream_body_octets_max` at most.
void append_frame(base::buffer&, std::uint8_t type, std::string_view body);
std::string print(const stream_opening&);
/// Of another version only `version` is read. Nothing: the octets cannot be read.
std::optional<stream_opening> read_opening(std::string_view body);
/// The fields of an answer.
std::string print_fields(const std::map<std::string, std::string>&);
std::optional<std::map<std::string, std::string>> read_fields(std::string_view body);

/// Finds frames in what arrives.
class frame_reader {
public:
  /// Frames with more than `body_octets_max` are a fault.
  explicit frame_reader(std::size_t body_octets_max = stream_body_octets_max) : most_(body_octets_max) {}
  void allow(std::size_t body_octets_max) noexcept { most_ = body_octets_max; }
  void feed(std::string_view octets) { in_.append(octets); }
  /// Nothing: more octets are needed, or there is a fault.
  std::optional<stream_frame> next();
  bool fault() const noexcept { return fault_; }
  /// What was fed and is no complete frame.
  std::string_view rest() const noexcept { return in_.view(); }

private:
  base::buffer in_;
  std::size_t most_;
  bool fault_ = false;
};

} // namespace rookery::cluster
