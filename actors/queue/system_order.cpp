#include "actors/queue/system_order.hpp"

#include "actors/queue/recall_order.hpp"
#include "actors/queue/spool_commit.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/smtp/fix_ups.hpp"
#include "protocols/smtp/parameters.hpp"

#include <algorithm>
#include <array>

namespace rookery::actors {
namespace {

/// How long a commit may take before the order is looked at again.
constexpr std::chrono::seconds commit_time{30};

std::string all_help() {
  std::string out = "What you can write as the subject of a message to this address:\r\n\r\n";
  for (const auto& o : known_orders()) out += o.help;
  return out;
}

std::optional<order_answer> help(const order_tools&, const system_order&) { return order_answer{"Help", all_help(), {}}; }

constexpr std::array<order_kind, 2> orders{{
    {"help", "HELP\r\n    this list\r\n", help},
    {"recall",
     "RECALL\r\n    takes back the last message that you have sent\r\n"
     "RECALL <Message-ID>\r\n    takes back that message; or attach the message itself, and write RECALL\r\n",
     recall_order},
}};

} // namespace

std::span<const order_kind> known_orders() noexcept { return orders; }

std::string order_word(std::string_view subject) {
  constexpr std::array<std::string_view, 8> prefixes = {"re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr"};
  for (;;) {
    subject = base::trim(subject);
    const auto colon = subject.find(':');
    if (colon == std::string_view::npos) break;
    const auto word = base::trim(subject.substr(0, colon));
    if (std::none_of(prefixes.begin(), prefixes.end(), [&](auto p) { return base::iequals(p, word); })) break;
    subject.remove_prefix(colon + 1);
  }
  const auto end = std::find_if(subject.begin(), subject.end(), [](char c) { return base::is_space(c) || c == '<'; });
  return base::to_lower(subject.substr(0, static_cast<std::size_t>(end - subject.begin())));
}

system_order read_order(envelope_ptr message, routing::account_ptr account, std::string_view text) {
  system_order out;
  out.message = std::move(message);
  out.account = std::move(account);
  out.subject = smtp::read_header_facts(text).subject;
  mime::scanner scan;
  scan.feed(text);
  scan.finish();
  const auto& parts = scan.parts();
  for (std::size_t i = 0; i + 1 < parts.size() && out.attached.size() < order_attached_max; ++i) {
    if (parts[i].kind != mime::part_kind::message) continue;
    const auto& inside = parts[i + 1];
    const auto facts = smtp::read_header_facts(text.substr(std::min<std::size_t>(inside.header_offset, text.size()), inside.header_octets));
    if (!facts.message_id_value.empty()) out.attached.push_back(facts.message_id_value);
  }
  return out;
}

commit_done_ptr order_tools::commit(storage::commit_group group) const {
  auto out = commit_and_wait(of, std::move(group), commit_time);
  return out && !out->error ? out : nullptr;
}

std::optional<order_answer> run_order(const order_tools& tools, const system_order& order) {
  const auto word = order_word(order.subject);
  for (const auto& o : known_orders())
    if (o.word == word) return o.run(tools, order);
  return order_answer{"Not understood", "Your message to this address was not understood.\r\n\r\n" + all_help(), {}};
}

storage::commit_group end_of_order(node& n, const system_order& order, order_answer answer) {
  const auto now = n.clock->wall();
  const auto id = n.next_message_id();
  const auto message_id = message_name(id) + "." + base::random_token(8) + "@" + n.host_name;
  const auto from = n.settings->get()->system_local_part + "@" + std::string(order.account->domain());
  mime::message_builder b;
  b.address_field("From", "Rookery", from).address_field("To", "", order.account->address).text_field("Subject", answer.subject);
  b.date(now).message_id(message_id);
  if (!order.message->message_id_field.empty())
    b.field("In-Reply-To", order.message->message_id_field).field("References", order.message->message_id_field);
  b.field("Auto-Submitted", "auto-replied"); // RFC 3834 §5

  storage::queue::envelope e;
  e.id = id;
  e.received = now;
  e.origin = storage::queue::message_origin::system;
  e.queue = "local"; // it comes also while mail for other servers stands still
  e.helo = n.host_name;
  e.session = message_name(order.message->id);
  e.message_id_field = "<" + message_id + ">";
  e.subject = answer.subject;
  storage::queue::recipient to;
  to.address = order.account->address;
  to.notify = storage::queue::notify::never;
  e.recipients.push_back(std::move(to));

  storage::commit_group group;
  add_written(group, now, std::move(e), b.with_text(answer.text));
  answer.with.insert(answer.with.begin(), storage::queue::removed{order.message->id});
  for (auto& c : spool_group(now, std::move(answer.with)).commands) group.commands.push_back(std::move(c));
  return group;
}

} // namespace rookery::actors
