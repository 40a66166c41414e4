#include "tests/actors/dns/name_server.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rookery::tests {
namespace {

constexpr char secure_zone[] = R"(
@ 300 IN SOA ns hostmaster 1 3600 900 1209600 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
@ 300 IN MX 10 mx1
@ 300 IN MX 20 mx2
mx1 300 IN A 192.0.2.1
mx1 300 IN AAAA 2001:db8::1
mx2 300 IN A 192.0.2.2
_25._tcp.mx1 300 IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
alias 300 IN CNAME mx1
none 300 IN MX 0 .
_mta-sts 300 IN TXT "v=STSv1;" " id=1;"
)";

/// Signs SECURE and BOGUS, and takes a digit of the latter's data for another.
constexpr char sign_script[] = R"(set -e
: > anchors
for z in secure.example bogus.example; do
  cp secure.zone $z.zone
  k=$(ldns-keygen -a ECDSAP256SHA256 -k $z)
  ldns-signzone -o $z -f $z.signed $z.zone $k
  cat $k.ds >> anchors
done
sed -i 's/192\.0\.2\.1$/192.0.2.9/' bogus.example.signed
cp secure.zone plain.example.signed
)";

std::uint16_t free_udp_port() {
  const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof at;
  ::bind(s, reinterpret_cast<const ::sockaddr*>(&at), size);
  ::getsockname(s, reinterpret_cast<::sockaddr*>(&at), &size);
  ::close(s);
  return ntohs(at.sin_port);
}

/// Whether somebody answers a question for the zone's SOA.
bool answers(std::uint16_t port) {
  const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const ::timeval wait{0, 100'000};
  ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr char question[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\x05" "plain\x07" "example\0\0\6\0\1";
  bool got = false;
  char answer[512];
  if (::connect(s, reinterpret_cast<const ::sockaddr*>(&to), sizeof to) == 0 && ::send(s, question, sizeof question - 1, 0) > 0)
    got = ::recv(s, answer, sizeof answer, 0) > 12;
  ::close(s);
  return got;
}

} // namespace

name_server::name_server() {
  char folder[] = "/tmp/rookery_dns_XXXXXX";
  if (::mkdtemp(folder) == nullptr) throw std::runtime_error("no folder for the name server");
  folder_ = folder;
  port_ = free_udp_port();
  std::ofstream(folder_ + "/secure.zone") << secure_zone;
  std::ofstream(folder_ + "/sign") << sign_script;
  std::ofstream(folder_ + "/nsd.conf")
      << "server:\n  ip-address: 127.0.0.1@" << port_ << "\n  username: \"\"\n  zonesdir: \"" << folder_ << "\"\n  pidfile: \"\"\n"
      << "  database: \"\"\n  xfrdfile: \"" << folder_ << "/xfrd\"\n  zonelistfile: \"" << folder_ << "/zones\"\n  xfrdir: \"" << folder_
      << "\"\n  logfile: \"" << folder_ << "/log\"\nremote-control:\n  control-enable: no\n"
      << "zone:\n  name: secure.example\n  zonefile: secure.example.signed\nzone:\n  name: bogus.example\n  zonefile: bogus.example.signed\n"
      << "zone:\n  name: plain.example\n  zonefile: plain.example.signed\n";
  if (std::system(("cd " + folder_ + " && sh sign >sign.log 2>&1").c_str()) != 0) throw std::runtime_error("ldns-signzone failed in " + folder_);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const std::string conf = folder_ + "/nsd.conf";
    ::execlp("nsd", "nsd", "-d", "-c", conf.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int i = 0; i < 500; ++i) {
    if (answers(port_)) return;
    ::usleep(20'000); // nobody listens yet: that is known at once
  }
  throw std::runtime_error("nsd does not answer; see " + folder_);
}

name_server::~name_server() {
  if (process_ > 0) {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  if (std::system(("rm -rf " + folder_).c_str()) != 0) std::abort();
}

} // namespace rookery::tests
