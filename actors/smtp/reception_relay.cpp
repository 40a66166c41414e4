// Reception on a node that has no volume just now: the dialogue begins there, and goes on where one is served as soon as there is mail.
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/relay/without_volume.hpp"
#include "actors/smtp/reception_host.hpp"
#include "base/codec.hpp"

#include <utility>

namespace rookery::actors {
namespace {

/// The first frame of a stream takes no more (64 kB); a line of MAIL is far below that.
constexpr std::size_t begun_octets_max = 16 * 1024;

std::string print(const smtp::resumed_session& s) {
  std::string out;
  base::encoder to(out);
  to.u8(static_cast<std::uint8_t>(s.greeting));
  for (const auto* text : {&s.name, &s.login, &s.line}) to.bytes(*text);
  return out;
}

std::optional<smtp::resumed_session> read_begun(std::string_view text) {
  base::decoder in(text);
  smtp::resumed_session out;
  const auto greeting = in.u8();
  for (auto* part : {&out.name, &out.login, &out.line}) *part = in.bytes();
  if (!in.done() || greeting > static_cast<std::uint8_t>(smtp::greeting_verb::lhlo)) return {};
  out.greeting = static_cast<smtp::greeting_verb>(greeting);
  return out;
}

} // namespace

const char* service_of(smtp::profile p) noexcept {
  return p == smtp::profile::mx ? "smtp" : p == smtp::profile::submission ? "submission" : "lmtp";
}

reception_host::reception_host(node& n, std::shared_ptr<const reception_settings> settings, const session_handover& h, smtp::resumed_session begun)
    : session_host(settings->session, h.facts, n.clock->now(), n.clock->wall(), std::move(begun)), node_(n), settings_(std::move(settings)), entry_(n, "smtp"),
      handed_over_(h.account), handed_address_(h.address) {}

std::unique_ptr<net::protocol> make_reception_host(node& n, std::shared_ptr<const reception_settings> settings, const session_handover& h) {
  auto begun = read_begun(h.tag);
  if (!begun || begun->login.empty() != (h.account.value == 0)) return nullptr;
  return std::make_unique<reception_host>(n, std::move(settings), h, std::move(*begun));
}

/// The line of MAIL is the first that the other node reads.
void reception_host::hand_over() {
  session_handover h;
  h.protocol = service_of(session_.settings().profile);
  h.volume = volume_for_reception(node_);
  h.account = account_ ? account_->id : base::account_id{};
  h.address = account_ ? account_->address : node_.host_name; // nobody's: the node's, as it may not be empty
  h.tag = print({greeting_, helo_, login_, std::string(session_.line())});
  h.facts = link().facts();
  waiting_ = true;
  const auto failed = [this](const std::string&) {
    waiting_ = false;
    session_.tick(link().now());
    session_.refuse({451, "4.3.2", "No mail can be taken here just now, try again later"});
  };
  const auto relays = relays_of(node_);
  if (!relays || h.tag.size() > begun_octets_max) return failed({});
  relays->give(link(), std::move(h), "421 4.3.2 The server that took your mail was lost, connect again\r\n", failed);
}

} // namespace rookery::actors
