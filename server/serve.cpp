#include "server/serve.hpp"

#include "actors/cluster/cluster_service.hpp"
#include "actors/root/running_node.hpp"
#include "actors/xmpp/router.hpp"
#include "actors/xmpp/web/bosh_sessions.hpp"
#include "base/log.hpp"
#include "server/admin_service.hpp"
#include "server/certificates.hpp"
#include "server/report_texts.hpp"
#include "server/services.hpp"
#include "server/version.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace rookery::server {
namespace {

/// What runs may finish within this time after a signal.
constexpr std::chrono::seconds drain_time{10};

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_storage = 74; // EX_IOERR

/// Descriptors for which the kernel makes room at once (8 octets each).
constexpr ::rlim_t descriptors_at_once = 65'536;

/// A server for many clients needs many descriptors: as many as the hard limit allows. Their table grows while there is one
/// thread only: later each growth would hold the accepting thread until all cores have been through the scheduler (Linux
/// waits for a grace period of RCU), which takes seconds on a busy machine.
void raise_file_limit() {
  ::rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  const auto before = now;
  now.rlim_cur = now.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &now) != 0) {
    (void)::setrlimit(RLIMIT_NOFILE, &before);
    now = before;
  }
  const int high = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(std::min(now.rlim_cur, descriptors_at_once)) - 1);
  if (high >= 0) ::close(high);
}

bool become(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return true;
  const auto* who = ::getpwnam(user.c_str());
  return who != nullptr && ::initgroups(user.c_str(), who->pw_gid) == 0 && ::setgid(who->pw_gid) == 0 &&
         ::setuid(who->pw_uid) == 0;
}

/// Tells systemd (Type=notify) how we are; nothing happens elsewhere.
void notify_manager(const char* state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  ::sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof to.sun_path) return;
  std::strcpy(to.sun_path, path);
  const auto size = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + std::strlen(path));
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  (void)::sendto(fd, state, std::strlen(state), MSG_NOSIGNAL, reinterpret_cast<::sockaddr*>(&to), size);
  ::close(fd);
}

void start_log(const node_file& file) {
  base::log_settings log;
  log.least = file.log_least;
  log.json_on_stderr = file.format == log_format::json;
  log.journald = file.format == log_format::journald;
  if (file.log_files) {
    log.directory = file.log_directory;
    (void)::mkdir(log.directory.c_str(), 0750);
  }
  base::log_start(std::move(log));
}

int failed(const base::error& e) {
  std::fprintf(stderr, "rookery: %s\n", e.log.value.c_str());
  return e.kind == base::error_kind::io || e.kind == base::error_kind::damaged ? exit_storage : exit_failed;
}

/// Ends the process without unwinding: actors may still run, and everything is on disk.
[[noreturn]] void end_now(int code) {
  base::log_stop();
  std::_Exit(code);
}

/// Faulty texts are named, and the built-in ones stay in their place.
void take_report_texts(actors::node& n, const std::string& data_directory) {
  auto loaded = load_report_texts(data_directory);
  for (const auto& fault : loaded.faults) base::log_event(base::severity::error, "report_texts.faulty").text("error", fault);
  if (loaded.texts->size() > 0) base::log_event(base::severity::notice, "report_texts.loaded").number("files", static_cast<std::int64_t>(loaded.texts->size()));
  n.report_texts->put(std::move(loaded.texts));
}

/// Certificates that are documents of the configuration, as it changes.
class certificate_follower final : public actors::configured {
public:
  certificate_follower(actors::running_node& running, certificates& keys) : n_(running.face()), keys_(keys) {
    seen_ = n_.config->table();
    follow();
    running.process().tell(this);
  }
  void configure(const news&) override {
    const auto now = n_.config->table();
    bool others = false;
    using document = storage::directory::document;
    storage::directory::config_table::for_each_change(*seen_, *now, [&](const document* before, const storage::directory::document_ptr& after) {
      others = others || (after ? after->kind : before->kind) == storage::directory::document_kind::certificate;
    });
    seen_ = now;
    // Keys are opened and contexts made where nobody waits.
    if (others && !n_.readers->run([this] { follow(); })) base::log_event(base::severity::error, "certificates.not_followed").text("error", "too much waits to be read: rookery certificates reload");
  }
  /// Any thread.
  void follow() {
    for (const auto& fault : keys_.follow(*n_.config->table(), *n_.secrets)) base::log_event(base::severity::error, "certificates.unusable").text("fault", fault);
  }

private:
  actors::node& n_;
  certificates& keys_;
  std::shared_ptr<const storage::directory::config_table> seen_;
};

actors::listening listening_of(service what) noexcept {
  switch (what) {
  case service::admin:
  case service::metrics: return actors::listening::always;
  case service::xmpp_server: return actors::listening::volume; // other servers find another node of ours
  default: return actors::listening::clients;
  }
}

int wait_for_signal(int signals) {
  ::signalfd_siginfo what{};
  ssize_t n;
  do n = ::read(signals, &what, sizeof what);
  while (n < 0 && errno == EINTR);
  return n == sizeof what ? static_cast<int>(what.ssi_signo) : SIGTERM;
}

} // namespace

int serve(const node_file& file) {
  raise_file_limit();
  ::sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&wanted, s);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const int signals = ::signalfd(-1, &wanted, SFD_CLOEXEC);
  start_log(file);

  certificates keys;
  if (!file.certificates.empty())
    if (const auto loaded = keys.load(file.certificates); !loaded) return failed(loaded.error());

  actors::node_options options;
  options.data_directory = file.data_directory;
  options.host_name = file.host_name;
  options.version = version;
  options.reactors = file.reactors;
  options.store.log.segment_octets = file.segment_octets;
  options.maintenance_interval = std::chrono::milliseconds(file.maintenance_milliseconds);
  options.own_certificate = [&keys](std::string_view domain) { return keys.pem_for(domain); };
  options.on_failure = [] {
    // What is not acknowledged is not promised; what is, is on disk. Another moment for the refusals to leave.
    ::alarm(2);
  };
  std::signal(SIGALRM, [](int) { std::_Exit(exit_storage); });
  // A member of a cluster may have to ask first who serves its volume (cluster_service).
  auto started = actors::running_node::start(std::move(options), !actors::is_member(file.data_directory));
  if (!started) end_now(failed(started.error())); // actors may run: no unwinding
  auto& node = **started;
  take_report_texts(node.face(), file.data_directory);
  certificate_follower agreed(node, keys);
  serve_relayed(file, node);
  const auto cluster = actors::cluster_service::make(
      node, {file.data_directory, file.host_name, version, file.log_files ? file.log_directory : "", static_cast<std::uint16_t>(actors::cluster_port_standard + file.port_base), file.cluster_level});
  cluster->keys_changed([&agreed] { agreed.follow(); });
  actors::bosh_sessions chat_in_requests;
  actors::chat_router without_volume(node.face());
  // The administration's first: whoever finds another port open finds it too.
  auto listeners = file.listeners;
  std::stable_partition(listeners.begin(), listeners.end(), [](const auto& entry) { return entry.what == service::admin; });
  for (const auto& entry : listeners) {
    auto service = entry.what == service::admin ? make_admin_service(file, node, keys, cluster) : make_service(entry, file, node, chat_in_requests, without_volume, keys);
    if (!service.listener) continue;
    const auto address = entry.what == service::admin ? "unix:" + file.admin_socket : entry.address;
    const auto port = node.listen(std::move(service.listener), address, file.port_of(entry), service.refusal,
                                  listening_of(entry.what));
    if (!port) end_now(failed(port.error())); // actors run: no unwinding
  }
  if (!become(file.run_as)) {
    std::fprintf(stderr, "rookery: cannot become user %s\n", file.run_as.c_str());
    end_now(exit_failed);
  }
  if (const auto in = cluster->start_if_member(); !in) end_now(failed(in.error()));
  node.accept();
  base::log_event(base::severity::notice, "node.ready")
      .text("host", file.host_name).text("version", version).number("listeners", static_cast<std::int64_t>(file.listeners.size()));
  notify_manager("READY=1");

  while (wait_for_signal(signals) == SIGHUP) {
    const auto loaded = keys.load(file.certificates);
    agreed.follow();
    node.face().trust->load(*node.face().settings->get(), true);
    base::log_event(loaded ? base::severity::notice : base::severity::error, "certificates.reloaded")
        .flag("ok", loaded.ok()).text("error", loaded ? "" : loaded.error().log.value);
    take_report_texts(node.face(), file.data_directory);
  }
  notify_manager("STOPPING=1");
  base::log_event(base::severity::notice, "node.draining");
  // A second signal ends it at once: nothing acknowledged is lost then either.
  std::signal(SIGTERM, [](int) { std::_Exit(exit_ok); });
  std::signal(SIGINT, [](int) { std::_Exit(exit_ok); });
  std::signal(SIGHUP, SIG_IGN); // no connection to come needs a certificate
  ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
  cluster->drain();
  const auto left = node.drain(drain_time);
  node.stop();
  base::log_event(base::severity::notice, "node.stopped").number("connections_cut", left);
  end_now(exit_ok);
}

} // namespace rookery::server
