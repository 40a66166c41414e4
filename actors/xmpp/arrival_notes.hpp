/// Which stanzas of other homes an owner has kept last: a record for each volume that sends, written with what came from it.
///
/// So a message that is brought again to the next leader of this volume is known. Records: kind setting, key "arrived/" and the
/// sender's volume, value channel and number (docs/formats/chat.md).
#pragma once

#include "storage/chat/command.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace rookery::actors {

/// Where a stanza came from, if from another home: the same one is brought again when that does not know what became of it.
struct stanza_origin {
  std::uint64_t volume = 0;             ///< 0: it is of this home
  std::uint64_t channel = 0, number = 0;
};

class arrival_notes {
public:
  static constexpr std::string_view prefix = "arrived/";

  /// From a record; others are left alone.
  void restore(std::string_view key, std::string_view value);
  bool came_before(const stanza_origin&) const;
  /// It is being kept now; the record that goes into the same commit.
  storage::chat::put_records note(const stanza_origin&);

private:
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> last_; ///< channel and number by volume
};

} // namespace rookery::actors
