/// A random day of a chat shard under a seed.
#pragma once

#include "tests/storage/chat/chat_support.hpp"

#include <random>

namespace rookery::storage::chat {

struct any_step {
  std::string owner;
  std::int64_t time = 0;
  any_command what;
};

inline any_step random_step(std::mt19937_64& random, int i) {
  any_step s;
  s.owner = std::string(1, "ars"[random() % 3]) + std::to_string(random() % 3);
  s.time = i + static_cast<std::int64_t>(random() % 5);
  const auto kind = static_cast<record_kind>(1 + random() % 3);
  const auto stream = random() % 3 == 0 ? stream_kind::offline : stream_kind::archive;
  const auto key = std::string(1 + random() % 3, static_cast<char>('a' + random() % 2));
  const auto some_id = static_cast<std::uint64_t>(random() % static_cast<unsigned>(i + 5)) * 1000 + random() % 3;
  switch (random() % 12) {
    case 0: case 1: {
      put_records p;
      for (std::size_t n = 1 + random() % 3; n > 0; --n) p.records.push_back({kind, key + std::to_string(n), std::string(random() % 9, 'v')});
      s.what = p;
      break;
    }
    case 2: s.what = drop_records{kind, key + "1", false}; break;
    case 3: s.what = drop_records{kind, key, true}; break;
    case 4: s.what = replace_entry{stream, some_id, "tombstone"}; break;
    case 5: s.what = drop_entries{stream, {some_id, some_id + 1000}}; break;
    case 6: s.what = drop_before{stream, base::from_milliseconds(i - 20), random() % 2 == 0 ? ~std::uint64_t{0} : some_id}; break;
    case 7:
      if (random() % 4 == 0) s.what = drop_owner{};
      else s.what = said("s" + std::to_string(i));
      break;
    default: {
      auto a = said("s" + std::to_string(i), random() % 2 == 0 ? "" : "w" + std::to_string(random() % 2));
      a.stream = stream;
      if (random() % 4 == 0) a.entries_max = 5;
      a.drop_oldest = random() % 2 == 0;
      if (random() % 8 == 0) a.id = some_id + 50'000;
      s.what = a;
    }
  }
  return s;
}

} // namespace rookery::storage::chat
