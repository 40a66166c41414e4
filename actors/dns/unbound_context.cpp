#include "actors/dns/unbound_context.hpp"

#include "base/text.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rookery::actors {
namespace {

constexpr int class_internet = 1;

dns::answer answer_of(int error, const ub_result* r) {
  dns::answer out;
  if (error != 0 || r == nullptr) {
    out.why = error != 0 ? ub_strerror(error) : "no answer";
    return out;
  }
  out.ttl = r->ttl > 0 ? static_cast<std::uint32_t>(r->ttl) : 0;
  out.canonical_name = base::to_lower(r->canonname != nullptr ? r->canonname : r->qname);
  while (out.canonical_name.ends_with('.')) out.canonical_name.pop_back();
  if (r->bogus) {
    out.status = dns::answer_status::bogus;
    out.why = r->why_bogus != nullptr ? r->why_bogus : "validation failed";
    return out;
  }
  out.secure = r->secure != 0;
  if (r->nxdomain) out.status = dns::answer_status::no_name;
  else if (r->rcode != 0) out.why = "response code " + std::to_string(r->rcode);
  else out.status = r->havedata ? dns::answer_status::ok : dns::answer_status::no_data;
  if (r->havedata)
    for (int i = 0; r->data[i] != nullptr; ++i) out.records.emplace_back(r->data[i], static_cast<std::size_t>(r->len[i]));
  return out;
}

} // namespace

/// What libunbound carries along with a question.
struct unbound_context::question {
  unbound_context* of;
  answered then;

  static void on_answer(void* data, int error, ub_result* result) {
    auto* q = static_cast<question*>(data);
    auto answer = answer_of(error, result);
    if (result != nullptr) ub_resolve_free(result);
    q->then(std::move(answer));
    q->of->forget(q);
  }
};

base::result<std::unique_ptr<unbound_context>> unbound_context::open(const resolver_settings& settings) {
  std::unique_ptr<unbound_context> out(new unbound_context);
  out->stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (out->stop_ < 0) return base::fail(base::error_kind::io, "The resolver cannot be started", std::strerror(errno));
  out->context_ = ub_ctx_create();
  if (out->context_ == nullptr) return base::fail(base::error_kind::io, "The resolver cannot be started");
  const auto refuse = [](const std::string& what, int error) {
    return base::fail(base::error_kind::invalid, "The resolver's settings are wrong", what + ": " + ub_strerror(error));
  };
  auto* c = out->context_;
  // One worker thread of libunbound; our own takes the answers.
  if (const int e = ub_ctx_async(c, 1)) return refuse("threads", e);
  const std::string seconds = std::to_string(settings.time.count() * 1000);
  const std::pair<const char*, std::string> options[] = {
      {"do-not-query-localhost:", "no"}, // a resolver on this machine is the usual one
      {"discard-timeout:", "0"},
      {"serve-expired:", "no"},
      {"prefetch:", "no"},
      {"num-queries-per-thread:", "4096"},
      {"outgoing-range:", "8192"},
      {"jostle-timeout:", seconds},
      {"unwanted-reply-threshold:", "10000000"},
      {"qname-minimisation:", "yes"},
      {"so-reuseport:", "no"},
  };
  // Options that a version of the library does not know are left alone.
  for (const auto& [key, value] : options) (void)ub_ctx_set_option(c, key, value.c_str());
  for (const auto& s : settings.servers)
    if (const int e = ub_ctx_set_fwd(c, s.c_str())) return refuse("server " + s, e);
  if (!settings.trust_anchor_file.empty())
    if (const int e = ub_ctx_add_ta_file(c, settings.trust_anchor_file.c_str())) return refuse("trust anchor " + settings.trust_anchor_file, e);
  // Who names a server means it, for the names of closed networks too (RFC 6761 §6.2): libunbound
  // would answer those itself.
  if (!settings.servers.empty()) {
    (void)ub_ctx_set_option(c, "unblock-lan-zones:", "yes");
    (void)ub_ctx_set_option(c, "insecure-lan-zones:", "yes");
  }
  // That a name does not exist is for a name server to say: a sender gets his mail back for it. The
  // first call that is no setting; it reads all of them.
  if (const int e = ub_ctx_zone_remove(c, "test.")) return refuse("the settings", e);
  out->thread_ = std::thread([self = out.get()] { self->run(); });
  return out;
}

unbound_context::~unbound_context() {
  if (thread_.joinable()) {
    ::eventfd_write(stop_, 1);
    thread_.join();
  }
  if (stop_ >= 0) ::close(stop_);
  if (context_ != nullptr) ub_ctx_delete(context_);
  for (auto* q : open_) delete q;
}

void unbound_context::forget(question* q) {
  {
    const std::lock_guard hold(lock_);
    open_.erase(q);
  }
  delete q;
}

bool unbound_context::ask(const std::string& name, dns::record_type type, answered then) {
  auto* q = new question{this, std::move(then)};
  {
    const std::lock_guard hold(lock_);
    open_.insert(q);
  }
  const int e = ub_resolve_async(context_, name.c_str(), static_cast<int>(type), class_internet, q, question::on_answer, nullptr);
  if (e != 0) forget(q);
  return e == 0;
}

void unbound_context::run() {
  ::pollfd wanted[] = {{ub_fd(context_), POLLIN, 0}, {stop_, POLLIN, 0}};
  for (;;) {
    if (::poll(wanted, 2, -1) <= 0) continue; // a signal
    if (wanted[1].revents != 0) return;
    (void)ub_process(context_);
  }
}

} // namespace rookery::actors
