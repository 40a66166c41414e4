// Fills a store that no server uses with messages for destinations that do not answer, to measure a
// start with them:
//
//   fill_store DIRECTORY MESSAGES DESTINATIONS [OCTETS [SECONDS]]
//
// Each message has one recipient, due SECONDS (3600) later, and a body of OCTETS (400).
#include "storage/node/node_store.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace rookery;

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "fill_store DIRECTORY MESSAGES DESTINATIONS [OCTETS [SECONDS]]\n");
    return 2;
  }
  const auto messages = std::strtoull(words[2], nullptr, 10), destinations = std::strtoull(words[3], nullptr, 10);
  const auto octets = count > 4 ? std::strtoull(words[4], nullptr, 10) : 400;
  const std::chrono::seconds due(count > 5 ? std::strtol(words[5], nullptr, 10) : 3600);
  if (messages == 0 || destinations == 0) return 2;
  auto opened = storage::node_store::open(words[1], false);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().log.value.c_str());
    return 1;
  }
  auto& store = **opened;
  const auto now = base::system_clock().wall();
  const std::string text(octets, 'x');
  const auto first = store.spool->last_id().value + 1;
  for (std::uint64_t done = 0; done < messages;) {
    storage::commit_group group;
    for (std::uint32_t i = 0; i < 500 && done < messages; ++i, ++done) {
      storage::queue::envelope m;
      m.id = base::message_id(first + done);
      m.sender = "user" + std::to_string(done % 1000) + "@example.test";
      m.account = base::account_id(1 + done % 1000);
      m.received = now;
      m.queue = "retry";
      m.prefix = "Received: from client.example.net (192.0.2.17) by mx.example.test with ESMTPSA\r\n";
      m.subject = "Subject number " + std::to_string(done);
      storage::queue::recipient r;
      r.address = "somebody@dead" + std::to_string(done % destinations) + ".example";
      r.attempts = 3;
      r.next_attempt = now + due;
      r.last_attempt = now;
      r.last_answer = "450 4.4.1 no server of the domain answers";
      m.recipients.push_back(std::move(r));
      const auto octets_of_it = std::make_shared<const std::string>("Subject: number " + std::to_string(done) + "\r\n\r\n" + text + "\r\n");
      group.bodies.push_back({octets_of_it, -1, static_cast<std::uint32_t>(octets_of_it->size()), base::sha256(*octets_of_it)});
      group.commands.push_back({storage::spool_shard, 1, storage::queue::encode({now, storage::queue::accepted{std::move(m)}}), {i}});
    }
    if (const auto written = store.commit(group); !written) {
      std::fprintf(stderr, "%s\n", written.error().log.value.c_str());
      return 1;
    }
    if (store.spool->unflushed_octets() > (8u << 20)) (void)store.spool->flush(false);
  }
  if (const auto done = store.checkpoint(); !done) return 1;
  std::printf("%llu messages\n", static_cast<unsigned long long>(messages));
  return 0;
}
