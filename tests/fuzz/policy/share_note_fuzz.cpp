/// Notes between nodes about destinations: what is read is printed and read again the same; and a book that hears anything stays within the
/// limit with what it gives.
#include "policy/queueing/share_book.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::queueing;
  using namespace std::chrono_literals;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto read = read_share_note(octets))
    if (read_share_note(print(*read)) != read) std::abort();

  // The same as several notes, with time between them.
  share_book book(1, 11, 0ms);
  book.nodes({1, 2, 3}, 0ms);
  auto now = 0ms;
  std::uint64_t number = 0;
  std::uint32_t cap = 0;
  for (std::size_t at = 0; at < size; at += 1 + data[at]) {
    now += std::chrono::milliseconds(data[at] * 7);
    book.tick(now);
    destination_need n;
    n.destination = "d";
    n.limit = 4;
    n.wanted = data[at] % 6;
    n.held = std::min(cap, data[at] % 5u);
    n.share = number;
    n.event = data[at] / 50;
    n.news = n.event % 2 == 0 ? destination_news::answers : destination_news::down;
    n.pause = 300s;
    book.update(7, n, now);
    book.heard(2 + data[at] % 2, octets.substr(at + 1, data[at]), now);
    for (const auto& [member, s] : book.take_shares()) {
      if (member != 7 || s.number <= number || s.connections > 4) std::abort();
      number = s.number;
      cap = s.connections;
    }
    (void)book.note_for(2, now);
  }
  return 0;
}
