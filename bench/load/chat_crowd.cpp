/// People who chat, on any XMPP server: how many logins, messages and deliveries a second, and what a session costs.
///
///   chat_crowd --work logins|pairs|room|idle --port 15222 --domain example.test --password … --accounts 100
///              [--clients 100] [--count 20000] [--window 10] [--senders 10] [--room NAME] [--conference conference.DOMAIN]
///              [--audience] [--tls] (--pid N | --cgroup FOLDER)
///
/// Client i is account u(i mod accounts + 1), logs in with PLAIN (a server has a bound on the clients of one account, 50 here); `--tls` is for a port with TLS from the first octet.
/// `logins`: `count` logins up to the resource, `clients` at a time, each with a connection of its own. `pairs`: clients talk in twos,
/// `window` messages each are not received yet. `room`: all clients are in one room, `senders` of them speak, and speak again when
/// everybody has heard; `count` is of messages. With `--audience` only they have voice, and the presence of the others is
/// told to nobody, as large rooms are set up. `idle`: `clients` are there and say nothing; memory, and CPU over two seconds.
/// A message has 100 octets of text. Nothing may be lost: the program fails after a minute without progress.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

using namespace rookery::load;

namespace {

std::string base64(const std::string& octets) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > octets.size() ? '=' : digits[group >> (18 - 6 * k) & 63];
  }
  return out;
}

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

struct crowd_options {
  std::string host, domain, password, conference, room;
  std::uint16_t port;
  bool tls, audience;
  std::size_t accounts, clients;
};

/// One client on its way in.
class client {
public:
  client(const crowd_options& o, std::size_t number)
      : options_(o), user_("u" + std::to_string(number % o.accounts + 1)), resource_("r" + std::to_string(number)),
        peer_(std::make_unique<peer>(o.host, o.port, o.tls, "127.0." + std::to_string(1 + number / 20000) + ".1")) {
    open();
  }

  std::string bare() const { return user_ + "@" + options_.domain; }
  std::string full() const { return bare() + "/" + resource_; }
  bool ready() const { return state_ == state::ready; }
  peer& link() { return *peer_; }

  /// Something came: one step further, as often as it goes. True: ready from now on.
  bool step() {
    for (;;) {
      if (state_ == state::ready) return false;
      if (peer_->in.find("<failure") != std::string::npos || peer_->in.find("stream:error") != std::string::npos || peer_->closed())
        fail("no login of " + bare() + ": " + peer_->in);
      switch (state_) {
      case state::opened:
        if (!took("</stream:features>")) return false;
        peer_->send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
                    base64('\0' + user_ + '\0' + options_.password) + "</auth>");
        state_ = state::proved;
        break;
      case state::proved:
        if (!took("<success")) return false;
        open();
        state_ = state::reopened;
        break;
      case state::reopened:
        if (!took("</stream:features>")) return false;
        peer_->send("<iq type='set' id='bind1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource_ + "</resource></bind></iq>");
        state_ = state::binding;
        break;
      case state::binding:
        if (peer_->in.find("<error") != std::string::npos) fail("no resource for " + full() + ": " + peer_->in);
        if (!took("</iq>")) return false;
        state_ = state::ready;
        return true;
      case state::ready: break;
      }
    }
  }

  /// How often a word has come; what lies before it is dropped.
  std::size_t heard(std::string_view word) {
    auto& in = peer_->in;
    std::size_t count = 0, from = 0;
    for (auto at = in.find(word); at != std::string::npos; at = in.find(word, from)) {
      ++count;
      from = at + word.size();
    }
    const auto keep = std::min(in.size() - from, word.size() - 1);
    in.erase(0, in.size() - keep);
    return count;
  }

private:
  enum class state { opened, proved, reopened, binding, ready };
  void open() {
    peer_->send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='" + options_.domain +
                "' version='1.0'>");
  }
  bool took(std::string_view word) {
    const auto at = peer_->in.find(word);
    if (at == std::string::npos) return false;
    peer_->in.erase(0, at + word.size());
    return true;
  }

  const crowd_options& options_;
  std::string user_, resource_;
  std::unique_ptr<peer> peer_;
  state state_ = state::opened;
};

/// Waits for any client; the program fails when nothing comes for a minute.
class company {
public:
  explicit company(std::size_t size) : clients(size) {}
  ~company() {
    if (epoll_ >= 0) ::close(epoll_);
  }
  void add(std::size_t i);
  template <class Ready>
  void wait(Ready&& ready);

  std::vector<std::unique_ptr<client>> clients;

private:
  int epoll_ = -1;
};

void company::add(std::size_t i) {
  if (epoll_ < 0) epoll_ = ::epoll_create1(0);
  epoll_event e{};
  e.events = EPOLLIN | EPOLLOUT | EPOLLET;
  e.data.u64 = i;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients[i]->link().descriptor(), &e) != 0) fail("epoll_ctl");
}

template <class Ready>
void company::wait(Ready&& ready) {
  epoll_event events[512];
  const int n = ::epoll_wait(epoll_, events, 512, 60'000);
  if (n <= 0) fail("nothing comes from the server");
  for (int k = 0; k < n; ++k) {
    const auto i = static_cast<std::size_t>(events[k].data.u64);
    if (!clients[i]) continue;
    clients[i]->link().move();
    ready(i);
  }
}

/// `clients` of them log in, so many at a time.
void all_in(company& c, const crowd_options& o, std::size_t at_once, const std::string& then) {
  std::size_t begun = 0, done = 0;
  while (done < o.clients) {
    while (begun < o.clients && begun - done < at_once) {
      c.clients[begun] = std::make_unique<client>(o, begun);
      c.add(begun++);
    }
    c.wait([&](std::size_t i) {
      if (!c.clients[i]->step()) return;
      ++done;
      if (!then.empty()) c.clients[i]->link().send(then);
    });
  }
}

void print_cpu(const measured_server& server, const process_use& before, double count) {
  if (server.known()) std::printf(", server CPU %.4f ms each", (server.use().cpu_seconds - before.cpu_seconds) * 1000 / count);
  std::printf("\n");
}

const std::string text_of_100(100, 'x');

void logins(const crowd_options& o, long count, const measured_server& server) {
  company c(static_cast<std::size_t>(count));
  latencies times;
  std::vector<stopwatch::time_point> begun(static_cast<std::size_t>(count));
  std::size_t next = 0, done = 0;
  const auto before = server.use();
  const auto begin = stopwatch::now();
  while (done < c.clients.size()) {
    while (next < c.clients.size() && next - done < o.clients) {
      begun[next] = stopwatch::now();
      c.clients[next] = std::make_unique<client>(o, next);
      c.add(next++);
    }
    c.wait([&](std::size_t i) {
      if (!c.clients[i]->step()) return;
      times.add(seconds_since(begun[i]) * 1000);
      c.clients[i].reset();
      ++done;
    });
  }
  const auto seconds = seconds_since(begin);
  std::printf("%ld logins by %zu clients: %.0f/s, %s", count, o.clients, static_cast<double>(count) / seconds, times.text().c_str());
  print_cpu(server, before, static_cast<double>(count));
}

void pairs(const crowd_options& o, long count, long window, const measured_server& server) {
  company c(o.clients);
  all_in(c, o, 50, "<presence/>");
  ::usleep(500'000); // their own presence
  for (auto& one : c.clients) {
    one->link().move();
    one->link().in.clear();
  }
  std::vector<std::vector<stopwatch::time_point>> under_way(o.clients); // by sender
  latencies times;
  long sent = 0, heard = 0;
  const auto speak = [&](std::size_t i) {
    if (sent >= count) return;
    under_way[i].push_back(stopwatch::now());
    c.clients[i]->link().send("<message type='chat' id='m" + std::to_string(++sent) + "' to='" + c.clients[i ^ 1]->full() + "'><body>" + text_of_100 +
                              "</body></message>");
  };
  const auto before = server.use();
  const auto begin = stopwatch::now();
  for (long w = 0; w < window; ++w)
    for (std::size_t i = 0; i < o.clients; ++i) speak(i);
  while (heard < count)
    c.wait([&](std::size_t i) {
      for (auto n = c.clients[i]->heard("</message>"); n > 0; --n) {
        auto& waiting = under_way[i ^ 1];
        if (waiting.empty()) fail("a message that nobody sent");
        times.add(seconds_since(waiting.front()) * 1000);
        waiting.erase(waiting.begin());
        ++heard;
        speak(i ^ 1);
      }
    });
  const auto seconds = seconds_since(begin);
  std::printf("%ld messages by %zu clients in pairs: %.0f/s, %s", count, o.clients, static_cast<double>(count) / seconds, times.text().c_str());
  print_cpu(server, before, static_cast<double>(count));
}

/// What the owner of a new room sends.
std::string set_up(const std::string& address, bool audience) {
  std::string fields;
  if (audience)
    fields = "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
             "<field var='muc#roomconfig_moderatedroom'><value>1</value></field><field var='muc#roomconfig_presencebroadcast'>"
             "<value>moderator</value><value>participant</value></field>";
  return "<iq type='set' id='open' to='" + address + "'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>" +
         fields + "</x></query></iq>";
}

void room(const crowd_options& o, long count, std::size_t senders, const measured_server& server) {
  company c(o.clients);
  all_in(c, o, 50, {});
  const auto address = o.room + "@" + o.conference;
  const auto entered_at = stopwatch::now();
  for (std::size_t i = 0; i < o.clients; ++i) {
    auto& one = *c.clients[i];
    one.link().in.clear();
    one.link().send("<presence to='" + address + "/n" + std::to_string(i) + "'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
    // Each sees himself last, and then the subject.
    bool in = false, open = i != 0;
    while (!in || !open)
      c.wait([&](std::size_t k) {
        if (k != i) return static_cast<void>(c.clients[k]->heard("\n\n"));
        auto& text = one.link().in;
        if (text.find("<error") != std::string::npos) fail(one.full() + " does not get in: " + text);
        if (!in && text.find("<subject") != std::string::npos) {
          in = true;
          text.clear();
          if (i == 0) one.link().send(set_up(address, o.audience));
        }
        if (in && text.find("</iq>") != std::string::npos) fail("the room: " + text);
        if (in && text.find("<iq ") != std::string::npos && text.find('>', text.find("<iq ")) != std::string::npos) open = true;
      });
  }
  std::printf("%zu occupants entered in %.1f s\n", o.clients, seconds_since(entered_at));
  std::fflush(stdout);
  if (o.audience)
    for (std::size_t i = 1; i < senders; ++i)
      c.clients[0]->link().send("<iq type='set' id='voice' to='" + address + "'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='n" +
                                std::to_string(i) + "' role='participant'/></query></iq>");
  ::usleep(500'000);
  for (auto& one : c.clients) {
    one->link().move();
    one->link().in.clear();
  }
  std::vector<std::size_t> due(senders, 0); // of each sender's message: who has not heard it
  std::vector<stopwatch::time_point> begun(senders);
  latencies times;
  long sent = 0, deliveries = 0;
  const auto speak = [&](std::size_t i) {
    if (sent >= count) return;
    ++sent;
    due[i] = o.clients;
    begun[i] = stopwatch::now();
    c.clients[i]->link().send("<message type='groupchat' id='s" + std::to_string(i) + "-' to='" + address + "'><body>" + text_of_100 + "</body></message>");
  };
  const auto before = server.use();
  const auto begin = stopwatch::now();
  for (std::size_t i = 0; i < senders; ++i) speak(i);
  const auto all = count * static_cast<long>(o.clients);
  while (deliveries < all)
    c.wait([&](std::size_t k) {
      auto& in = c.clients[k]->link().in;
      std::size_t from = 0;
      for (auto end = in.find("</message>"); end != std::string::npos; end = in.find("</message>", from)) {
        auto at = in.find("id='s", from);
        const auto other = in.find("id=\"s", from);
        at = std::min(at, other);
        if (at > end) fail("a message without its id: " + in.substr(from, end - from));
        const auto sender = static_cast<std::size_t>(std::strtoul(in.c_str() + at + 5, nullptr, 10));
        from = end + 10;
        ++deliveries;
        if (sender >= senders || due[sender] == 0) fail("a message that nobody sent");
        if (--due[sender] != 0) continue;
        times.add(seconds_since(begun[sender]) * 1000);
        speak(sender);
      }
      in.erase(0, from);
    });
  const auto seconds = seconds_since(begin);
  std::printf("%ld messages to %zu occupants by %zu: %.0f deliveries/s, until all have heard %s", count, o.clients, senders,
              static_cast<double>(all) / seconds, times.text().c_str());
  print_cpu(server, before, static_cast<double>(all));
}

void idle(const crowd_options& o, const measured_server& server) {
  company c(o.clients);
  const auto empty = server.use();
  const auto begin = stopwatch::now();
  all_in(c, o, 50, "<presence/>");
  const auto in = seconds_since(begin);
  ::usleep(6'000'000); // they say nothing: what is kept for those who talk is let go
  const auto full = server.use();
  std::printf("%zu sessions after %.1f s; server %.1f MB, %.2f kB a session", o.clients, in, full.resident_kb / 1024,
              (full.resident_kb - empty.resident_kb) / static_cast<double>(o.clients));
  ::usleep(2'000'000);
  std::printf("; idle %.2f %% of a core\n", (server.use().cpu_seconds - full.cpu_seconds) / 2 * 100);
}

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  crowd_options c;
  c.host = o.text("host", "127.0.0.1");
  c.port = static_cast<std::uint16_t>(o.number("port", 15222));
  c.domain = o.text("domain", "example.test");
  c.password = o.text("password", "");
  c.conference = o.text("conference", "conference." + c.domain);
  c.audience = o.flag("audience");
  c.room = o.text("room", "crowd" + std::to_string(::getpid()));
  c.tls = o.flag("tls");
  c.accounts = static_cast<std::size_t>(o.number("accounts", 100));
  c.clients = static_cast<std::size_t>(o.number("clients", 100));
  const auto count = o.number("count", 20'000);
  const measured_server server(o);
  raise_file_limit();
  const auto work = o.text("work", "pairs");
  if (work == "logins") logins(c, count, server);
  else if (work == "pairs") pairs(c, count, o.number("window", 10), server);
  else if (work == "room") room(c, count, std::min(c.clients, static_cast<std::size_t>(o.number("senders", 10))), server);
  else if (work == "idle") idle(c, server);
  else fail("--work is logins, pairs, room or idle");
  return 0;
}
