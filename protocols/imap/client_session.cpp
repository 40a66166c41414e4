#include "protocols/imap/client_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

constexpr std::string_view end_names[] = {"logout", "refused", "no_tls", "peer_refused", "no_login", "login_refused",
                                          "login_later", "bye", "timeout", "malformed", "over_limit", "shut_down"};

/// "* 2 FETCH (UID 7 FLAGS (\\Seen) BODY[] {": its UID, if it stands there before the section.
std::optional<std::uint32_t> uid_before_section(std::string_view text) noexcept {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    else if (text[at] == ')') --depth;
    else if (text[at] == '"')
      while (++at < text.size() && text[at] != '"') at += text[at] == '\\' ? 1u : 0u;
    if (at >= text.size()) return {};
    constexpr std::string_view word = "UID ";
    if (depth != 1 || !base::istarts_with(text.substr(at), word) || (text[at - 1] != '(' && text[at - 1] != ' ')) continue;
    const auto digits = text.substr(at + word.size());
    return base::parse_u32(digits.substr(0, digits.find_first_not_of("0123456789")));
  }
  return {};
}

} // namespace

std::string_view name(client_end why) noexcept { return end_names[static_cast<std::size_t>(why)]; }

client_session::client_session(std::shared_ptr<const client_settings> settings, connection_facts facts, base::instant now)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now), active_(now), begun_(now),
      reader_(settings_->limits) {
  if (facts_.tls) {
    state_ = state::peer;
    push(client_event::check_peer{});
  }
}

void client_session::feed(base::const_bytes in, base::instant now) {
  now_ = active_ = now;
  input_.consume(used_);
  used_ = 0;
  if (!closed_) input_.append(in);
}

void client_session::tick(base::instant now) {
  now_ = now;
  const auto by = deadline();
  if (!by || now < *by) return;
  if (idling_ && !ending_idle_) return end_idle(now);
  end(client_end::timeout);
}

std::optional<base::instant> client_session::deadline() const noexcept {
  const auto& limits = settings_->limits;
  if (closed_ || asks_host()) return std::nullopt;
  if (state_ == state::greeting) return begun_ + limits.greeting_time;
  if (state_ == state::ready) {
    if (asked_.empty() || body_wanted_) return std::nullopt;
    return active_ + (idling_ && !ending_idle_ ? limits.idle_time : limits.stall_time);
  }
  return std::min(begun_ + limits.login_time, active_ + limits.stall_time);
}

std::optional<client_session::event> client_session::next_event() {
  for (;;) {
    if (!events_.empty()) {
      auto e = std::move(events_.front());
      events_.pop_front();
      return e;
    }
    input_.consume(used_);
    used_ = 0;
    if (closed_ || (!step() && events_.empty())) return std::nullopt;
  }
}

bool client_session::step() {
  if (asks_host()) return false;
  const auto found = reader_.read(input_.view());
  used_ = found.used;
  switch (found.what) {
  case response_reader::found::nothing: return false;
  case response_reader::found::too_long:
    end(client_end::over_limit, "a response is too long");
    return false;
  case response_reader::found::response: on_response(); return true;
  case response_reader::found::message_begin: begin_message(found.announced); return true;
  case response_reader::found::message_octets:
    if (in_message_ && !skipping_) push(client_event::message_chunk{found.octets});
    return true;
  }
  return false;
}

void client_session::on_response() {
  auto response = parse_response(reader_.text(), utf8(), settings_->limits);
  if (!response) return end(client_end::malformed, reader_.text());
  const auto* status = std::get_if<status_response>(&*response);
  if (state_ == state::greeting) {
    if (status == nullptr || !status->tag.empty()) return end(client_end::malformed, reader_.text());
    return on_greeting(*status);
  }
  if (status != nullptr && !status->tag.empty()) return on_tagged(*status);
  if (status != nullptr) return on_status(*status);
  if (std::holds_alternative<continuation_response>(*response)) return on_continuation();
  on_untagged(std::move(*response));
}

void client_session::on_status(const status_response& status) {
  if (status.what == condition::bye) {
    if (state_ != state::logout) end(client_end::bye, status.text);
    return;
  }
  if (!selecting_) return;
  const auto number = base::parse_u32(status.arguments).value_or(0);
  if (status.code == "UIDVALIDITY") selected_.uid_validity = number;
  else if (status.code == "UIDNEXT") selected_.uid_next = number;
  else if (status.code == "HIGHESTMODSEQ") selected_.highest_modseq = base::parse_u64(status.arguments).value_or(0);
}

void client_session::on_untagged(any_response response) {
  if (auto* capability = std::get_if<capability_response>(&response)) {
    capabilities_ = std::move(capability->names);
    capabilities_known_ = true;
  }
  if (state_ != state::ready) return;
  const auto front = asked_.empty() || sent_ahead_ == 0 ? client_command::noop : asked_.front().what;
  if (auto* exists = std::get_if<exists_response>(&response)) {
    if (selecting_) selected_.messages = exists->messages;
    else push(client_event::news{exists->messages});
  } else if (auto* fetched = std::get_if<fetch_response>(&response)) {
    on_fetch(*fetched);
  } else if (auto* listed = std::get_if<list_response>(&response)) {
    if (front == client_command::list) push(client_event::mailbox{std::move(*listed)});
  } else if (auto* hits = std::get_if<search_response>(&response)) {
    if (front == client_command::search) found_ = std::move(hits->numbers);
  }
}

/// The fetch under way that this message belongs to. RFC 9051 §5.5: a server may begin the next command before it
/// ends the present one, as Dovecot does; so each is known by its UID. Without one it is the first.
client_session::command* client_session::awaited_fetch(std::optional<std::uint32_t> uid) {
  for (std::size_t i = 0; i < sent_ahead_; ++i) {
    auto& c = asked_[i];
    if (c.what != client_command::fetch || (uid && c.uid != *uid)) continue;
    return &c;
  }
  return nullptr;
}

void client_session::begin_message(std::uint64_t octets) {
  auto* fetch = state_ == state::ready ? awaited_fetch(uid_before_section(reader_.text())) : nullptr;
  in_message_ = fetch != nullptr && !fetch->message_seen;
  read_over_ = !in_message_;
  if (!in_message_) return; // nobody asked for it
  skipping_ = false;
  fetch->message_seen = true;
  message_uid_ = fetch->uid;
  push(client_event::message_begin{fetch->uid, octets});
}

void client_session::on_fetch(fetch_response& fetched) {
  const bool streamed = std::exchange(in_message_, false), read_over = std::exchange(read_over_, false);
  if (asked_.empty() || sent_ahead_ == 0) return;
  if (const auto& front = asked_.front(); front.what == client_command::rows) {
    // RFC 9051 §6.4.4: "n:*" is the last message where there is none from n on.
    if (!fetched.uid || *fetched.uid < front.uid || fetched.has_section) return;
    return push(client_event::row{*fetched.uid, fetched.size.value_or(0), fetched.flags.value_or(flag_list{}), fetched.internal_date});
  }
  // Octets of another message under this name would be worse than none.
  if (streamed && fetched.uid != message_uid_) return end(client_end::malformed, "another message was fetched");
  auto* fetch = fetched.uid ? awaited_fetch(fetched.uid) : nullptr;
  if (fetch == nullptr) return; // what another session changed
  if (fetched.flags) fetch->flags = std::move(*fetched.flags);
  if (fetched.internal_date) fetch->internal_date = fetched.internal_date;
  const bool given = fetched.section && !streamed && !read_over && !fetch->message_seen;
  if (!given && !streamed) return;
  if (given) {
    fetch->message_seen = true;
    push(client_event::message_begin{fetch->uid, fetched.section->size()});
    section_ = std::move(*fetched.section);
    if (!section_.empty()) push(client_event::message_chunk{section_});
  }
  push(client_event::message_end{fetch->uid, fetch->flags, fetch->internal_date});
}

void client_session::end(client_end why, std::string_view text) {
  if (closed_) return;
  push(client_event::gone{why, base::printable(text)});
  closed_ = true;
}

void client_session::quit(base::instant now) {
  now_ = now;
  if (closed_ || leaving_) return;
  leaving_ = true;
  if (state_ != state::ready) return end(client_end::logout);
  if (idling_) end_idle(now);
  send_asked();
}

void client_session::shut_down(base::instant now) {
  now_ = now;
  if (closed_) return;
  if (state_ == state::ready && (asked_.empty() || idling_)) return quit(now);
  if (state_ != state::logout) end(client_end::shut_down);
}

} // namespace rookery::imap
