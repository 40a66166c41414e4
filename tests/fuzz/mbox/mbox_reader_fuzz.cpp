/// However a file is cut, the same messages come; and what is read is written, and read again as the same.
#include "protocols/mbox/reader.hpp"
#include "protocols/mbox/writer.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace rookery::mbox;

struct message {
  std::string octets;
  message_state state;
  bool operator==(const message&) const = default;
};

std::vector<message> read(std::string_view file, dialect d, std::size_t piece) {
  reader r(d);
  std::vector<message> out;
  const auto take = [&] {
    while (auto e = r.next()) {
      if (auto* b = std::get_if<reader::message_begin>(&*e)) out.push_back({{}, b->state});
      else if (auto* c = std::get_if<reader::chunk>(&*e)) out.back().octets += c->octets;
    }
  };
  for (std::size_t at = 0; at < file.size(); at += piece) {
    r.feed(file.substr(at, piece));
    take();
  }
  r.finish();
  take();
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto d = static_cast<dialect>(data[0] % 3);
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(file, d, file.size() + 1);
  if (read(file, d, 1) != whole || read(file, d, 13) != whole) std::abort();
  std::string again;
  for (const auto& m : whole) {
    writer w(false);
    w.begin(again, {}, m.state);
    w.add(again, m.octets);
    w.end(again);
  }
  auto expected = whole;
  for (auto& m : expected)
    if (!m.octets.empty() && m.octets.back() != '\n') m.octets += "\r\n"; // only a count could say so
  const auto back = read(again, dialect::mboxrd, 1000);
  if (back.size() != expected.size()) std::abort();
  for (std::size_t i = 0; i < back.size(); ++i)
    if (back[i].octets != expected[i].octets) std::abort();
  return 0;
}
