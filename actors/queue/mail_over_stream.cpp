#include "actors/queue/mail_over_stream.hpp"

#include "actors/queue/home_mail.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace rookery::actors {

mail_sending send_mail(cluster::node_stream& stream, storage::body_reader& bodies, const queueing::transaction& work, const storage::queue::envelope& message, std::uint8_t head_type, std::uint8_t octets_type) {
  using enum mail_sending::state;
  home_mail mail{work.recipients, message};
  mail.message.recipients.clear();
  for (const auto n : work.recipients) mail.message.recipients.push_back(message.recipients.at(n));
  mail.message.prefix.clear();
  mail.message.content = {};
  const auto head = print(mail);
  if (!head) return {too_long, "the envelope is too long"};
  if (auto sent = stream.send(head_type, *head, mail_piece_time); !sent) return {lost_stream, sent.error().client.value};
  if (!message.prefix.empty())
    if (auto sent = stream.send(octets_type, message.prefix, mail_piece_time); !sent) return {lost_stream, sent.error().client.value};
  const auto& body = message.content;
  std::string piece(std::min<std::size_t>(home_piece_octets, body.length), '\0');
  for (std::uint32_t at = 0; at < body.length;) {
    const auto n = bodies.read(body, at, piece.data(), std::min<std::size_t>(piece.size(), body.length - at));
    if (!n || *n == 0) {
      base::log_event(base::severity::error, "delivery.unreadable").text("message", message_name(message.id)).text("error", n ? "a body in the spool is shorter than its record says" : n.error().log.value);
      return {unreadable, "The message cannot be read now"};
    }
    at += static_cast<std::uint32_t>(*n);
    if (auto sent = stream.send(octets_type, std::string_view(piece).substr(0, *n), mail_piece_time); !sent) return {lost_stream, sent.error().client.value};
  }
  return {};
}

} // namespace rookery::actors
