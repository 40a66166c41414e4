/// A stranger's octets at the server's side: the first octet says how they are cut, and
/// whether a real client's first flight goes before them.
#include "tests/protocols/tls/pair.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::tls;
  if (size == 0) return 0;
  static const auto server_side = server_context("fuzz.example");
  static const auto client_side = client_context();
  const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
  side server(server_side), client(client_side);
  if (data[0] & 1) {
    client.layer.start(client.cipher);
    server.feed(client.take(), 1 << 20);
    if (data[0] & 2) settle(server, client);
  }
  server.feed(octets, 1 + data[0] / 4u);
  server.layer.write_plain("220 hello\r\n", server.cipher);
  server.layer.end_of_stream();
  if (server.plain.size() > octets.size()) std::abort();
  return 0;
}
