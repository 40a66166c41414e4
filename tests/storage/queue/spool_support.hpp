/// A spool over a disk in memory, with the log that it was given.
#pragma once

#include "base/codec.hpp"
#include "base/crypto/crypto.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/queue/spool_store.hpp"
#include "storage/tree/memory_tree.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::storage::queue {

inline envelope sample(std::uint64_t id, std::size_t recipients = 1) {
  envelope m;
  m.id = base::message_id(id);
  m.sender = "ann@example.net";
  for (std::size_t i = 0; i < recipients; ++i) {
    recipient r;
    r.address = "r" + std::to_string(i) + "@" + (i % 2 == 0 ? "example.org" : "Example.COM");
    r.notify = notify::failure;
    r.orcpt = "rfc822;r" + std::to_string(i) + "@example.org";
    m.recipients.push_back(r);
  }
  m.ret = dsn_return::headers;
  m.envid = "QQ314159";
  m.body = body_type::eight_bit_mime;
  m.smtputf8 = true;
  m.hold_until = base::from_milliseconds(5000);
  m.deliver_by = base::from_milliseconds(7000);
  m.deliver_by_return = true;
  m.received = base::from_milliseconds(1000);
  m.account = base::account_id(12);
  m.login = "ann@example.net";
  m.peer = "192.0.2.7";
  m.helo = "client.example.net";
  m.session = "s1";
  m.prefix = "Received: …\r\n";
  m.origin = message_origin::forwarded;
  m.priority = -3;
  m.subject = "Grüße";
  m.message_id_field = "<1@example.net>";
  m.route = {"relay.example.net", 587, route_tls::verified, true, "ann", "sealed"};
  return m;
}

inline std::string text(const envelope& m) {
  std::string out;
  base::encoder e(out);
  encode(m, e);
  return out;
}

/// The machine, its disk, and the log's place.
struct spool {
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<spool_machine> machine;
  std::vector<committed_command> log;

  spool() { open(); }
  void open() {
    machine.reset();
    auto opened = spool_machine::open(open_memory_tree(disk));
    ASSERT_TRUE(opened) << opened.error().log.value;
    machine = std::move(*opened);
  }
  command_result apply(any_command what, std::optional<body_ref> body = {}) {
    return apply_octets(encode({base::from_milliseconds(900), std::move(what)}), std::move(body));
  }
  command_result apply_octets(std::string payload, std::optional<body_ref> body = {}) {
    committed_command c;
    c.shard = spool_shard;
    c.lsn = log.size() + 1;
    c.at = {1, static_cast<std::uint32_t>(100 * c.lsn)};
    c.next = {1, static_cast<std::uint32_t>(100 * c.lsn + 100)};
    c.payload = std::move(payload);
    if (body) c.bodies.push_back(*body);
    log.push_back(c);
    return machine->apply(c);
  }
  command_result accept(const envelope& m, std::uint32_t segment = 1) {
    return apply(accepted{m}, body_ref{base::sha256(std::to_string(m.id.value)), segment,
                                       static_cast<std::uint32_t>(64 + 1000 * m.id.value), 500});
  }
  void replay() {
    const auto from = machine->flushed();
    for (const auto& c : log)
      if (c.at >= from || from.segment == 0) machine->apply(c);
  }
  /// Everything that can be seen, as text.
  std::string seen() const {
    std::string out;
    const auto page = machine->view()->list({}, {}, 100000, 100000);
    for (const auto& m : page.messages) out += text(m);
    for (const char* space : {"a", "b"})
      for (const auto& n : machine->view()->notes(space, "", 100000))
        out += n.key + "=" + n.value + "@" + std::to_string(base::to_milliseconds(n.until)) + "\n";
    for (const auto& c : machine->view()->counts())
      out += c.queue + " " + std::to_string(c.messages) + " " + std::to_string(c.held) + " " + std::to_string(c.recipients) + " " +
             std::to_string(c.octets) + "\n";
    return out + std::to_string(machine->last_id().value);
  }
};

} // namespace rookery::storage::queue
