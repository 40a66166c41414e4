#include "actors/collection/run_start.hpp"

#include "actors/collection/collection_host.hpp"
#include "actors/config/delivery_documents.hpp"
#include "actors/dns/resolver_actor.hpp"
#include "actors/net/connector.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "storage/file/file_system.hpp"
#include "storage/queue/spool_machine.hpp"

#include <utility>

namespace rookery::actors {
namespace {

constexpr std::uint64_t ca_file_octets_max = 16u << 20;
constexpr std::size_t notes_a_page = 5000;

/// What was collected of this maildrop or mailbox before.
void read_notes(const storage::queue::spool_view& spool, run_order& order) {
  const auto prefix = note_prefix(order.what->id);
  if (order.what->from == collection::source::imap) {
    const auto note = spool.note(note_space, prefix + std::string(progress_key));
    if (note) order.progress = collection::read_progress(note->value).value_or(collection::imap_progress{});
    return;
  }
  std::string after;
  for (;;) {
    const auto some = spool.notes(note_space, prefix, notes_a_page, after);
    for (const auto& n : some)
      order.seen.emplace(n.key.substr(prefix.size()),
                         base::from_milliseconds(static_cast<std::int64_t>(base::parse_u64(n.value).value_or(0))));
    if (some.size() < notes_a_page) return;
    after = some.back().key;
  }
}

base::result<std::shared_ptr<const tls::tls_context>> context_for(const collection::collection_record& c, const std::string& ca_file) {
  tls::client_settings s;
  if (c.certificate_checked) {
    auto pem = storage::posix_file_system().read_all(ca_file, ca_file_octets_max);
    if (!pem) return base::fail(base::error_kind::io, "the trusted certificates cannot be read", pem.error().log.value);
    s.trusted_pem = std::move(*pem);
  }
  return tls::tls_context::make_client(std::move(s));
}

/// One way to a host: tries the next address when one does not answer.
struct dialing : std::enable_shared_from_this<dialing> {
  caf::actor_system* system = nullptr;
  net::reactor* home = nullptr;
  node* in = nullptr;
  std::shared_ptr<const run_start> start;
  std::vector<std::string> addresses;
  std::size_t next = 0;

  void end(std::string_view why) const {
    caf::anon_send(start->order->report_to, collection_ended{start->order->what->id, failed_run(base::printable(why))});
  }
  void dial() {
    const auto& c = *start->order->what;
    auto service = std::make_shared<net::listener>();
    service->service = "collection";
    service->implicit_tls = c.tls == tls_use::implicit;
    service->make = [n = in, order = start->order](const connection_facts& facts) {
      return hold(order->what->from == collection::source::pop3 ? make_pop3_collection(*n, order, facts) : make_imap_collection(*n, order, facts), *n);
    };
    if (start->tls)
      service->make_tls = [begun = start] {
        const auto& what = *begun->order->what;
        tls::peer_check check;
        if (what.certificate_checked) {
          check.mode = tls::check_mode::names;
          check.names = {what.host};
        }
        return std::make_unique<net::tls_link>(begun->tls, what.host, check);
      };
    service->not_opened = [self = shared_from_this()](std::string_view why) { self->end(why); };
    net::dial to;
    to.address = addresses[next++];
    to.port = c.port;
    net::connect(*system, *home, std::move(to), std::move(service), [self = shared_from_this()](std::string_view why) {
      if (self->next < self->addresses.size()) return self->dial();
      self->end(why);
    });
  }
};

} // namespace

std::shared_ptr<const run_result> failed_run(std::string reason) {
  auto out = std::make_shared<run_result>();
  out->reason = reason.empty() ? "unknown" : std::move(reason);
  return out;
}

void send_commit(const node& n, const caf::actor& from, commit_request_ptr request) {
  request->reply_to = caf::actor_cast<caf::strong_actor_ptr>(from);
  request->octets = 0;
  for (const auto& c : request->group.commands) request->octets += c.payload.size();
  if (n.gate->enter(request->octets)) caf::anon_send(n.log, request);
}

void prepare_run(const node& n, collection::collection_ptr what, const std::string& address, const caf::actor& collector) {
  const auto fail = [&](std::string why) { caf::anon_send(collector, collection_ended{what->id, failed_run(std::move(why))}); };
  auto order = std::make_shared<run_order>();
  order->what = what;
  order->address = address;
  order->report_to = collector;
  auto password = n.secrets ? n.secrets->open(what->sealed_password, collection::password_purpose) : std::nullopt;
  if (!password) return fail("the password cannot be opened: is this the node's sealing key?");
  order->password = std::move(*password);
  read_notes(*n.spool->view(), *order);
  auto start = std::make_shared<run_start>();
  if (what->tls != tls_use::none) {
    auto context = context_for(*what, n.settings->get()->tls_ca_file);
    if (!context) return fail(context.error().client.value);
    start->tls = std::move(*context);
  }
  start->order = std::move(order);
  caf::anon_send(collector, run_ready{std::move(start)});
}

void find_addresses(caf::event_based_actor& self, node& n, const std::string& host,
                    std::function<void(std::vector<std::string>, const std::string&)> then) {
  if (config::canonical_address_literal(host)) return then({host}, {});
  if (host == "localhost") return then({"127.0.0.1", "::1"}, {}); // RFC 6761 §6.3
  const auto ask = [&self, &n, host](dns::record_type type, std::function<void(const dns::answer&)> answered) {
    self.request(n.resolver, resolver_time_max, dns_question{host, type})
        .then([answered](const dns_answer& a) { answered(*a.value); },
              [answered](const caf::error&) { answered({}); });
  };
  ask(dns::record_type::aaaa, [ask, then](const dns::answer& six) {
    auto all = dns::addresses(dns::record_type::aaaa, six);
    ask(dns::record_type::a, [then, all](const dns::answer& four) mutable {
      const auto more = dns::addresses(dns::record_type::a, four);
      all.insert(all.end(), more.begin(), more.end());
      then(all, "the host has no address: " + std::string(dns::name(four.status)));
    });
  });
}

void dial_first(caf::actor_system& system, net::reactor& home, node& n, std::shared_ptr<const run_start> start,
                std::vector<std::string> addresses) {
  auto d = std::make_shared<dialing>();
  d->system = &system;
  d->home = &home;
  d->in = &n;
  d->start = std::move(start);
  d->addresses = std::move(addresses);
  d->dial();
}

} // namespace rookery::actors
