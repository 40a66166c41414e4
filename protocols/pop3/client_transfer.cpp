#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/pop3/client_session.hpp"

#include <algorithm>
#include <utility>

namespace rookery::pop3 {

namespace {

struct numbered {
  std::uint32_t number = 0;
  std::string_view rest;
};
/// "12 text": the number and the next word behind it.
std::optional<numbered> read_numbered(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return {};
  const auto number = base::parse_u32(line.substr(0, space));
  if (!number || *number == 0) return {};
  const auto rest = base::trim(line.substr(space + 1));
  return numbered{*number, rest.substr(0, rest.find(' '))};
}

bool is_unique_id(std::string_view text, std::size_t octets_max) {
  return !text.empty() && text.size() <= octets_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

void client_session::ask_listing() {
  state_ = state::sizes;
  // The answers come one after the other, whether the questions were pipelined or not.
  command("LIST");
  if (capabilities_.pipelining && settings_->pipelining) command("UIDL");
  expect_reply(now_);
}

void client_session::on_size(std::string_view line) {
  const auto entry = read_numbered(line);
  const auto octets = entry ? base::parse_u64(entry->rest) : std::nullopt;
  if (!octets) return end(client_end::malformed, line);
  if (entry->number > settings_->limits.messages) return end(client_end::over_limit, "too many messages");
  if (sizes_.size() < entry->number) sizes_.resize(entry->number, size_unknown);
  sizes_[entry->number - 1] = *octets;
}

void client_session::on_sizes() {
  state_ = state::ids;
  if (!(capabilities_.pipelining && settings_->pipelining)) command("UIDL");
  expect_reply(now_);
}

void client_session::on_id(std::string_view line) {
  const auto entry = read_numbered(line);
  if (!entry) return end(client_end::malformed, line);
  // What came between LIST and UIDL is for the next time.
  if (entry->number > sizes_.size() || sizes_[entry->number - 1] == size_unknown) return;
  const auto octets = std::exchange(sizes_[entry->number - 1], size_unknown);
  ++messages_;
  const bool proper = is_unique_id(entry->rest, settings_->limits.uid_octets);
  push(client_event::entry{entry->number, octets, proper ? entry->rest : std::string_view()});
}

void client_session::give_entry_without_id() {
  while (next_entry_ < sizes_.size() && sizes_[next_entry_] == size_unknown) ++next_entry_;
  if (next_entry_ >= sizes_.size()) return on_listed(false);
  push(client_event::entry{static_cast<std::uint32_t>(next_entry_ + 1), sizes_[next_entry_], {}});
  ++next_entry_;
  ++messages_;
}

void client_session::on_listed(bool unique_ids) {
  std::vector<std::uint64_t>().swap(sizes_);
  state_ = state::ready;
  push(client_event::listed{messages_, unique_ids});
}

void client_session::retrieve(std::uint32_t number, base::instant now) {
  now_ = now;
  if (closed_) return;
  base::check(can_ask(), "the maildrop is open and has room for questions");
  asked_.push_back({verb::retrieve, number});
  send_asked();
}

void client_session::remove(std::uint32_t number, base::instant now) {
  now_ = now;
  if (closed_) return;
  base::check(can_ask(), "the maildrop is open and has room for questions");
  asked_.push_back({verb::remove, number});
  send_asked();
}

void client_session::send_asked() {
  const bool ahead = capabilities_.pipelining && settings_->pipelining;
  const auto window = ahead ? settings_->limits.pipelined_commands : std::size_t{1};
  while (sent_ahead_ < asked_.size() && sent_ahead_ < window) {
    const auto& next = asked_[sent_ahead_];
    std::string text(next.what == verb::retrieve ? "RETR " : "DELE ");
    base::append_number(text, next.number);
    command(text);
    if (++sent_ahead_ == 1) expect_reply(now_);
  }
  if (asked_.empty() && quitting_ && state_ == state::ready) {
    state_ = state::quit;
    command("QUIT");
    expect_reply(now_);
  }
}

void client_session::on_asked_answer(bool ok, std::string_view text) {
  const auto question = asked_.front();
  if (question.what == verb::retrieve && ok) {
    in_message_ = true;
    skipping_ = false;
    message_octets_ = 0;
    lines_ = {};
    reply_by_ = now_ + settings_->limits.stall_time;
    return push(client_event::message_begin{question.number});
  }
  if (question.what == verb::retrieve)
    push(client_event::message_missing{question.number, base::printable(text)});
  else
    push(client_event::removed{question.number, ok});
  asked_answered();
}

void client_session::asked_answered() {
  asked_.pop_front();
  --sent_ahead_;
  expect_reply(now_);
  send_asked();
}

bool client_session::read_message() {
  const auto piece = lines_.read(input_.view());
  if (piece.used == 0) return false;
  used_ = piece.used;
  if (piece.ended) {
    in_message_ = false;
    push(client_event::message_end{asked_.front().number});
    asked_answered();
    return true;
  }
  message_octets_ += piece.octets.size();
  if (message_octets_ > settings_->limits.message_octets)
    end(client_end::over_limit, "a message is too long");
  else if (!skipping_)
    push(client_event::message_chunk{piece.octets});
  return true;
}

} // namespace rookery::pop3
