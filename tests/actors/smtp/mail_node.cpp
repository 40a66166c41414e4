#include "tests/actors/smtp/mail_node.hpp"

namespace rookery::tests {

namespace {

std::uint16_t listen_smtp(test_node& n, smtp::profile profile) {
  auto session = std::make_shared<smtp::server_settings>();
  session->profile = profile;
  session->host_name = "mx.example.test";
  session->limits.message_octets = 4u << 20;
  auto settings = std::make_shared<actors::reception_settings>();
  settings->session = session;
  settings->limits.message_octets = session->limits.message_octets;
  const char* service = profile == smtp::profile::mx ? "smtp" : profile == smtp::profile::lmtp ? "lmtp" : "submission";
  return n.listen(service, [&n, settings](const connection_facts& f) { return actors::make_reception_host(n.node(), settings, f); },
                  "421 4.7.0 Too many connections\r\n");
}

} // namespace

void smtp_ports::open(test_node& n) {
  mx_port = listen_smtp(n, smtp::profile::mx);
  submission_port = listen_smtp(n, smtp::profile::submission);
  lmtp_port = listen_smtp(n, smtp::profile::lmtp);
}

} // namespace rookery::tests
