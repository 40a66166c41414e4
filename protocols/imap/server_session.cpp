#include "protocols/imap/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/imap/session_progress.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

/// A buffer that grew beyond this is given back once it is empty between commands.
constexpr std::size_t kept_octets_max = 16384;

/// The octets of one line in `view` from `begin`, whose LF is at `line_end`, without CRLF. Nothing
/// when it does not end with CRLF, or holds NUL or another CR.
std::optional<std::string_view> clean_line(std::string_view view, std::size_t begin, std::size_t line_end) {
  auto piece = view.substr(begin, line_end - begin);
  if (piece.empty() || piece.back() != '\r') return {};
  piece.remove_suffix(1);
  if (piece.find('\r') != std::string_view::npos || piece.find('\0') != std::string_view::npos) return {};
  return piece;
}

} // namespace

server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts, base::instant now)
    : settings_(std::move(settings)), facts_(std::move(facts)), now_(now), last_activity_(now) {
  greet();
}
server_session::server_session(std::shared_ptr<const server_settings> settings, connection_facts facts, base::instant now, resumed_login r)
    : settings_(std::move(settings)), facts_(std::move(facts)), phase_(phase::login_host), tag_(std::move(r.tag)), now_(now), last_activity_(now) {
  mode_.language = r.language;
  queued_.emplace_back(authenticated{std::move(r.user), {}, {}});
}
server_session::~server_session() = default;
server_session::server_session(server_session&&) noexcept = default;
server_session& server_session::operator=(server_session&&) noexcept = default;

void server_session::greet() {
  writer().ok("CAPABILITY " + capabilities(), settings_->host_name + " " + settings_->product + " ready");
}

// Input

void server_session::feed(base::const_bytes octets, base::instant now) {
  now_ = now;
  consume(0);
  if (closing_ || phase_ == phase::starting_tls) return;
  // Before login only whole commands count, so that a trickle of octets does not keep us.
  if (state_ != session_state::not_authenticated) last_activity_ = now;
  in_.append(octets);
}

void server_session::consume(std::size_t octets) {
  in_.consume(used_by_event_ + octets);
  used_by_event_ = 0;
}

void server_session::tick(base::instant now) {
  now_ = now;
  const auto end = deadline();
  if (end && *end <= now)
    close("", state_ == session_state::not_authenticated ? "No login within the time allowed" : "Autologout; idle for too long");
}

std::optional<base::instant> server_session::deadline() const {
  switch (phase_) {
    case phase::host:
    case phase::sasl_host:
    case phase::failure_host:
    case phase::login_host:
    case phase::append_host:
    case phase::append_end_host:
    case phase::idle_end_host:
    case phase::gone: return {};
    case phase::append_literal:
    case phase::append_after:
    case phase::append_url_literal:
      if (append_held_) return {};
      return last_activity_ + settings_->limits.append_stall_time;
    default: break;
  }
  if (state_ == session_state::not_authenticated) return last_activity_ + settings_->limits.login_time;
  return last_activity_ + settings_->limits.inactive_time;
}

bool server_session::wants_input() const noexcept {
  if (closing_) return false;
  if (commands_held_) return in_.size() < settings_->limits.pipelined_octets;
  switch (phase_) {
    case phase::host:
    case phase::sasl_host:
    case phase::failure_host:
    case phase::login_host:
    case phase::append_host:
    case phase::append_end_host:
    case phase::idle_end_host:
    case phase::starting_compress: return in_.size() < settings_->limits.pipelined_octets;
    case phase::append_literal: return !append_held_ || in_.size() < settings_->limits.pipelined_octets;
    default: return true;
  }
}

void server_session::release() {
  in_.release();
  out_.release();
  if (queued_.empty()) std::vector<event>().swap(queued_);
}

void server_session::sent(std::size_t octets) noexcept {
  out_.consume(octets);
  if (phase_ == phase::line && out_.empty() && out_.capacity() > kept_octets_max) out_.release();
}

std::optional<server_session::event> server_session::next_event() {
  consume(0);
  while (queued_.empty() && step()) {}
  if (queued_.empty()) {
    if (phase_ == phase::line && in_.empty() && in_.capacity() > kept_octets_max) in_.release();
    return {};
  }
  std::optional<event> next(std::move(queued_.front()));
  queued_.erase(queued_.begin());
  return next;
}

bool server_session::step() {
  if (commands_held_) return false;
  switch (phase_) {
    case phase::line: return step_line();
    case phase::literal: return step_literal();
    case phase::swallow: return step_swallow();
    case phase::swallow_line: return step_swallow_line();
    case phase::sasl_client: return step_sasl_line();
    case phase::append_literal: return step_append_literal();
    case phase::append_after: return step_append_after();
    case phase::append_url_literal: return step_append_url_literal();
    case phase::idle: return step_idle();
    default: return false;
  }
}

std::size_t server_session::line_limit() const noexcept {
  const auto& limits = settings_->limits;
  return state_ == session_state::not_authenticated ? limits.line_octets_before_login : limits.line_octets;
}

bool server_session::step_line() {
  const auto view = in_.view();
  const auto line_end = view.find('\n', scanned_);
  if (line_octets_ + std::min(line_end, view.size()) - line_begin_ > line_limit()) {
    const command_head head = read_head(view);
    tagged(head.tag, "BAD", "", "Command line too long");
    consume(line_begin_);
    scanned_ = line_begin_ = line_octets_ = 0;
    phase_ = phase::swallow_line;
    count_error();
    return true;
  }
  if (line_end == std::string_view::npos) {
    scanned_ = view.size();
    return false;
  }
  const auto piece = clean_line(view, line_begin_, line_end);
  if (!piece) {
    // Neither a bare LF nor a bare CR ends a line; what seems to follow may be smuggled.
    tagged(read_head(view).tag, "BAD", "", "Lines end with CRLF and hold neither CR, LF nor NUL");
    consume(line_end + 1);
    scanned_ = line_begin_ = line_octets_ = 0;
    count_error();
    return true;
  }
  line_octets_ += piece->size();
  if (const auto found = find_literal(*piece)) {
    begin_literal(*found, line_end);
    return true;
  }
  run_command(view.substr(0, line_end - 1));
  consume(line_end + 1);
  scanned_ = line_begin_ = line_octets_ = 0;
  return true;
}

/// A line ended with a literal's announcement: may the literal come?
void server_session::begin_literal(const literal& found, std::size_t line_end) {
  const auto& limits = settings_->limits;
  const auto view = in_.view();
  const auto head = read_head(view.substr(0, line_end - 1));
  const auto stop = [&] {
    consume(line_end + 1);
    scanned_ = line_begin_ = line_octets_ = 0;
  };
  const auto no = [&](std::string_view kind, std::string_view code, std::string_view text) {
    tagged(head.tag, kind, code, text);
    stop();
    swallow_after(&found);
    if (kind == "BAD") count_error();
  };
  if (head.tag.empty()) return no("BAD", "", "Invalid tag");
  if (!head.rule) return no("BAD", "", "Unknown command");
  if (!may(*head.rule)) return no("BAD", "", "Command not allowed now");
  if (settings_->literal_minus && !found.sync && found.octets > limits.literal_minus_octets)
    return no("BAD", "TOOBIG", "Literal too large to be sent unasked");

  if (!head.rule->read) { // APPEND, REPLACE
    if (mode_.uid_only && by_number(*head.rule)) return no("BAD", "UIDREQUIRED", "Message numbers are not used under UIDONLY");
    if (read_only_ && head.rule->name == "REPLACE") return no("NO", "READ-ONLY", "The mailbox is open for reading only");
    word_reader reader(view.substr(0, line_begin_ + found.begin), reading());
    reader.skip(head.octets);
    auto append = read_append_head(*head.rule, reader);
    if (reader.fault() != parse_fault::none) {
      refuse(head, reader.fault(), reader.fault_text());
      stop();
      return swallow_after(&found);
    }
    if (append) {
      begin_append(head, std::move(*append), reader.rest(), found);
      return stop();
    }
  }
  if (found.binary && !head.rule->literal8) return no("BAD", "", "No binary literal is expected here");
  const bool early = state_ == session_state::not_authenticated;
  if (found.octets > (early ? limits.literal_octets_before_login : limits.literal_octets) ||
      line_end + found.octets > limits.command_octets)
    return no("BAD", "TOOBIG", "Literal too large");
  if (found.sync) out_.append("+ OK\r\n");
  literal_left_ = found.octets;
  literal_binary_ = found.binary;
  scanned_ = line_end + 1;
  phase_ = phase::literal;
}

bool server_session::step_literal() {
  const auto view = in_.view();
  if (view.size() - scanned_ < literal_left_) return false;
  const auto octets = view.substr(scanned_, static_cast<std::size_t>(literal_left_));
  if (!literal_binary_ && octets.find('\0') != std::string_view::npos) {
    tagged(read_head(view).tag, "BAD", "", "NUL in a literal");
    consume(scanned_ + octets.size());
    scanned_ = line_begin_ = line_octets_ = 0;
    literal_left_ = 0;
    phase_ = phase::swallow_line;
    count_error();
    return true;
  }
  scanned_ += octets.size();
  line_begin_ = scanned_;
  literal_left_ = 0;
  phase_ = phase::line;
  return true;
}

/// The command is refused; what it still sends unasked is dropped.
void server_session::swallow_after(const literal* found) {
  if (closing_) return;
  if (!found || found->sync) {
    phase_ = phase::line;
    return;
  }
  if (found->octets > settings_->limits.swallowed_octets) return close("TOOBIG", "Literal too large");
  literal_left_ = found->octets;
  phase_ = phase::swallow;
}

bool server_session::step_swallow() {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(literal_left_, in_.size()));
  consume(n);
  literal_left_ -= n;
  if (literal_left_ > 0) return false;
  phase_ = phase::swallow_line;
  return true;
}

bool server_session::step_swallow_line() {
  const auto view = in_.view();
  const auto line_end = view.find('\n');
  if (line_end == std::string_view::npos) {
    // The end of the line is enough to see whether a literal follows.
    constexpr std::size_t tail = 64;
    if (view.size() > tail) consume(view.size() - tail);
    return false;
  }
  auto piece = view.substr(0, line_end);
  if (!piece.empty() && piece.back() == '\r') piece.remove_suffix(1);
  const auto found = find_literal(piece);
  consume(line_end + 1);
  swallow_after(found ? &*found : nullptr);
  return true;
}

bool server_session::step_idle() {
  const auto view = in_.view();
  const auto line_end = view.find('\n');
  constexpr std::size_t done_octets_max = 256;
  if (std::min(line_end, view.size()) > done_octets_max) {
    close("", "DONE expected");
    return false;
  }
  if (line_end == std::string_view::npos) return false;
  const auto done = base::trim(view.substr(0, line_end));
  idle_broken_ = !base::iequals(done, "DONE");
  consume(line_end + 1);
  queued_.emplace_back(idle_end{});
  phase_ = phase::idle_end_host;
  return true;
}

// Commands

bool server_session::may(const command_rule& rule) const noexcept {
  const auto now = state_ == session_state::not_authenticated ? in_state::not_authenticated
                 : state_ == session_state::authenticated     ? in_state::authenticated
                                                              : in_state::selected;
  return (rule.states & now) != 0;
}

void server_session::refuse(const command_head& head, parse_fault why, const char* text) {
  switch (why) {
    case parse_fault::limit: tagged(head.tag, "NO", "LIMIT", text); break;
    case parse_fault::read_only: tagged(head.tag, "NO", "READ-ONLY", text); break;
    case parse_fault::mailbox: tagged(head.tag, "NO", "CANNOT", text); break;
    case parse_fault::flag: tagged(head.tag, "NO", "CANNOT", text); break;
    case parse_fault::use_attribute: tagged(head.tag, "NO", "USEATTR", text); break;
    case parse_fault::event:
      tagged(head.tag, "NO", "BADEVENT (" + std::string(notify_event::supported) + ")", text);
      break;
    case parse_fault::too_few: tagged(head.tag, "NO", "TOOFEW", text); break;
    case parse_fault::too_many: tagged(head.tag, "NO", "TOOMANY", text); break;
    case parse_fault::uid_required:
    case parse_fault::client_bug:
      tagged(head.tag, "BAD", why == parse_fault::uid_required ? "UIDREQUIRED" : "CLIENTBUG", text);
      count_error();
      break;
    case parse_fault::charset_saving: saved_uids_.clear(); [[fallthrough]];
    case parse_fault::charset: tagged(head.tag, "NO", "BADCHARSET (US-ASCII UTF-8)", text); break;
    default:
      tagged(head.tag, "BAD", "", text);
      count_error();
  }
}

void server_session::count_error() {
  const auto& limits = settings_->limits;
  const auto most = state_ == session_state::not_authenticated ? limits.errors_before_login : limits.errors;
  if (++errors_ > most) close("", "Too many errors");
}

void server_session::run_command(std::string_view text) {
  const auto head = read_head(text);
  if (head.tag.empty()) return refuse(head, parse_fault::syntax, "Tag and command expected");
  if (!head.rule) return refuse(head, parse_fault::syntax, "Unknown command");
  if (!may(*head.rule)) {
    // RFC 9051 §6.3.1 and others: a wrong state is a protocol error.
    return refuse(head, parse_fault::syntax,
                  state_ == session_state::not_authenticated ? "Please log in first"
                  : head.rule->states == in_state::not_authenticated ? "Already logged in"
                                                                     : "No mailbox is selected");
  }
  if (mode_.uid_only && by_number(*head.rule))
    return refuse(head, parse_fault::uid_required, "Message numbers are not used under UIDONLY");
  word_reader reader(text, reading());
  reader.skip(head.octets);
  if (!head.rule->read) { // APPEND, REPLACE: without a literal only CATENATE
    if (read_only_ && head.rule->name == "REPLACE") return refuse(head, parse_fault::read_only, "The mailbox is open for reading only");
    auto append = read_append_head(*head.rule, reader);
    if (reader.fault() != parse_fault::none) return refuse(head, reader.fault(), reader.fault_text());
    if (!append || !append->message.catenate) return refuse(head, parse_fault::syntax, "Message literal expected");
    return begin_append(head, std::move(*append), reader.rest(), {});
  }
  auto asked = read_arguments(head, reader, mode_);
  if (!asked) return refuse(head, reader.fault(), reader.fault_text());

  tag_ = head.tag;
  phase_ = phase::host;
  struct visitor {
    server_session& s;
    void operator()(capability_request&) const {
      s.writer().capability(s.capabilities());
      s.finish("OK", "", "CAPABILITY completed");
    }
    void operator()(logout_request&) const {
      s.writer().bye("", "Logging out");
      s.tagged(s.tag_, "OK", "", "LOGOUT completed");
      s.state_ = session_state::logout;
      s.closing_ = true;
      s.phase_ = phase::gone;
      s.queued_.emplace_back(logged_out{});
    }
    void operator()(starttls_request&) const {
      if (s.facts_.tls) return s.finish("BAD", "", "TLS is active already");
      if (!s.settings_->tls_available) return s.finish("NO", "UNAVAILABLE", "TLS is not available");
      s.finish("OK", "", "Begin TLS negotiation now");
      if (s.closing_) return;
      s.phase_ = phase::starting_tls;
      s.queued_.emplace_back(start_tls{});
    }
    void operator()(namespace_request&) const {
      s.writer().name_space(s.settings_->other_users, s.settings_->public_folders);
      s.finish("OK", "", "NAMESPACE completed");
    }
    void operator()(language_request& r) const { s.speak(r.ranges); }
    void operator()(comparator_request& r) const { s.compare_by(r.names); }
    void operator()(idle_request&) const {
      s.out_.append("+ idling\r\n");
      s.phase_ = phase::idle;
      s.queued_.emplace_back(idle_begin{});
      if (s.shut_down_) s.close("", s.shut_down_text_);
    }
    void operator()(login_request& r) const { s.begin_login(std::move(r)); }
    void operator()(authenticate_request& r) const { s.begin_authenticate(std::move(r)); }
    void operator()(enable_request& r) const { s.enable(r.names); }
    void operator()(id_request& r) const {
      std::vector<std::pair<std::string, std::string>> own{{"name", s.settings_->product}};
      if (!s.settings_->version.empty()) own.emplace_back("version", s.settings_->version);
      s.writer().id(own);
      s.queued_.emplace_back(client_id{std::move(r.pairs)});
      s.finish("OK", "", "ID completed");
    }
    void operator()(compress_request& r) const {
      if (!base::iequals(r.mechanism, "DEFLATE") || !s.settings_->compress_available)
        return s.finish("BAD", "", "Unknown compression mechanism");
      if (s.compressed_) return s.finish("NO", "COMPRESSIONACTIVE", "Compression is active already");
      s.finish("OK", "", "DEFLATE active");
      if (s.closing_) return;
      s.phase_ = phase::starting_compress;
      s.queued_.emplace_back(compress{s.tag_});
    }
    void operator()(any_command& c) const { s.run(std::move(c)); }
  };
  std::visit(visitor{*this}, *asked);
}

void server_session::run(any_command&& what) {
  const auto uses_modseq = [](const auto& c) {
    using T = std::decay_t<decltype(c)>;
    if constexpr (std::is_same_v<T, fetch>) return (c.items.bits & fetch_item::modseq) != 0;
    else if constexpr (std::is_same_v<T, store>) return c.unchanged_since.has_value();
    else if constexpr (std::is_same_v<T, status>) return (c.items & status_item::highestmodseq) != 0;
    else if constexpr (std::is_same_v<T, list>) return (c.return_status & status_item::highestmodseq) != 0;
    else if constexpr (std::is_same_v<T, multi_search>) return c.what.program.uses_modseq;
    else if constexpr (std::is_same_v<T, search> || std::is_same_v<T, sort> || std::is_same_v<T, thread>)
      return c.program.uses_modseq;
    else return false;
  };
  const auto writes = [](const auto& c) {
    using T = std::decay_t<decltype(c)>;
    return std::is_same_v<T, store> || std::is_same_v<T, expunge> || std::is_same_v<T, move>;
  };
  // RFC 8437 §4.1: compression would have to end within the stream; so it is not offered then.
  if (std::holds_alternative<unauthenticate>(what) && compressed_)
    return finish("BAD", "", "Not possible while COMPRESS is active");
  if (read_only_ && std::visit(writes, what)) return finish("NO", "READ-ONLY", "The mailbox is open for reading only");
  // RFC 7162 §3.1: the first command that speaks of modseqs switches them on.
  if (std::visit(uses_modseq, what)) enable_condstore();
  if (std::holds_alternative<notify>(what)) mode_.notify = true;
  if (const auto* m = std::get_if<multi_search>(&what)) {
    // RFC 7377 §2.2.
    if (state_ != session_state::selected && (m->selected || (m->what.returns & search_return::update)))
      return finish("BAD", "", "No mailbox is selected");
  }
  if (const auto* s = std::get_if<select>(&what)) {
    if (s->condstore) mode_.condstore = true;
    if (state_ == session_state::selected) {
      // RFC 9051 §6.3.2: the old mailbox is left even if the new one cannot be opened.
      writer().ok("CLOSED", "Previous mailbox is closed");
      deselected();
    }
  }
  queued_.emplace_back(command{tag_, std::move(what)});
  phase_ = phase::host;
}

// Answers

void server_session::tagged(std::string_view tag, std::string_view kind, std::string_view code, std::string_view text) {
  out_.append(tag.empty() ? std::string_view("*") : tag);
  out_.push_back(' ');
  out_.append(kind);
  out_.push_back(' ');
  if (!code.empty()) {
    out_.push_back('[');
    out_.append(code);
    out_.append("] ");
  }
  say(out_, mode_.language, text);
  out_.append("\r\n");
}

void server_session::finish(std::string_view kind, std::string_view code, std::string_view text) {
  if (closing_) return;
  if (idle_broken_ && phase_ == phase::idle_end_host) {
    kind = "BAD";
    code = {};
    text = "DONE expected";
  }
  idle_broken_ = false;
  append_.reset();
  append_held_ = false;
  tagged(tag_, kind, code, text);
  phase_ = phase::line;
  last_activity_ = now_;
  if (kind == "BAD") count_error();
  else if (kind == "OK") errors_ = 0;
  if (shut_down_ && !closing_) close("", shut_down_text_);
}

void server_session::respond_ok(std::string_view code, std::string_view text) {
  base::check(command_open() || closing_, "no command is open");
  finish("OK", code, text);
}
void server_session::respond_no(std::string_view code, std::string_view text) {
  base::check(command_open() || closing_, "no command is open");
  finish("NO", code, text);
}
void server_session::respond_bad(std::string_view code, std::string_view text) {
  base::check(command_open() || closing_, "no command is open");
  finish("BAD", code, text);
}

bool server_session::between_commands() const noexcept {
  return !closing_ && !commands_held_ && state_ != session_state::not_authenticated &&
         (phase_ == phase::line || phase_ == phase::idle);
}
bool server_session::idling() const noexcept { return phase_ == phase::idle; }
bool server_session::command_open() const noexcept {
  return phase_ == phase::host || phase_ == phase::append_end_host || phase_ == phase::idle_end_host;
}

void server_session::selected(bool read_only) {
  if (closing_) return;
  state_ = session_state::selected;
  read_only_ = read_only;
  saved_uids_.clear();
}

void server_session::deselected() {
  if (state_ == session_state::selected) state_ = session_state::authenticated;
  read_only_ = false;
  saved_uids_.clear();
}

void server_session::save_uids(number_ranges uids) { saved_uids_ = std::move(uids); }

void server_session::close(std::string_view code, std::string_view text) {
  if (closing_) return;
  if (append_ && append_->messages > 0) queued_.emplace_back(append_aborted{});
  writer().bye(code, text);
  append_.reset();
  sasl_.reset();
  closing_ = true;
  state_ = session_state::logout;
  phase_ = phase::gone;
}

void server_session::shut_down(std::string_view text) {
  switch (phase_) {
    case phase::line:
    case phase::literal:
    case phase::swallow:
    case phase::swallow_line:
    case phase::sasl_client:
    case phase::idle:
    case phase::starting_tls:
    case phase::starting_compress: return close("", text);
    case phase::sasl_host: return close("UNAVAILABLE", text); // a password's check may take longer than anybody waits
    default:
      shut_down_ = true;
      shut_down_text_ = text;
  }
}

void server_session::abort(std::string_view code, std::string_view text) { close(code, text); }

void server_session::tls_started(connection_facts facts, base::instant now) {
  now_ = last_activity_ = now;
  facts_ = std::move(facts);
  // RFC 9051 §6.2.1: nothing said in plain text counts, whether read or not.
  consume(0);
  in_.clear();
  scanned_ = line_begin_ = line_octets_ = 0;
  mode_ = {};
  if (phase_ == phase::starting_tls) phase_ = phase::line;
}

void server_session::compress_started() {
  compressed_ = true;
  // RFC 4978 §3: the client waits for our OK; what came before it is not compressed and not allowed.
  consume(0);
  in_.clear();
  scanned_ = line_begin_ = line_octets_ = 0;
  if (phase_ == phase::starting_compress) phase_ = phase::line;
}

} // namespace rookery::imap
