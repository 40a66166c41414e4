/// An authoritative name server (nsd) on a free port of 127.0.0.1, with a signed zone, an unsigned
/// one, and one whose signatures are spoilt. Lives as long as the object; its folder goes with it.
#pragma once

#include <cstdint>
#include <string>

namespace rookery::tests {

class name_server {
public:
  name_server();
  ~name_server();
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;

  /// "127.0.0.1@5353"
  std::string server() const { return "127.0.0.1@" + std::to_string(port_); }
  /// DS or DNSKEY of the signed zones.
  std::string trust_anchor_file() const { return folder_ + "/anchors"; }

private:
  std::string folder_;
  std::uint16_t port_ = 0;
  int process_ = -1;
};

} // namespace rookery::tests
