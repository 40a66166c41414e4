/// What one volume's chat tells another's: a stanza for somebody who is at home there, or one for many of them. Pure.
///
/// Goes over a stream between nodes (cluster/stream): frames of the types below, each item with its number; the other side answers
/// with the number up to which all has been dealt with.
#pragma once

#include "cluster/stream/stream_frame.hpp"
#include "protocols/xmpp/jid.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// Of a stream that carries these.
inline constexpr const char* chat_stream = "chat";
inline constexpr std::uint8_t link_item_type = cluster::first_own_type, link_ack_type = link_item_type + 1;
/// Addresses of one item: one for more goes in several.
inline constexpr std::size_t link_addresses_max = 2'000;

struct link_item {
  enum class how : std::uint8_t {
    stanza = 1,  ///< for one, with the addresses that stand in it
    shared = 2,  ///< a message or presence for many: each copy gets its address
    news = 3     ///< for one, if somebody of his is there: nobody is woken
  };
  how kind = how::stanza;
  std::uint64_t number = 0;
  xmpp::jid from;
  std::vector<xmpp::jid> to;                                ///< one, but of `shared`
  std::string news_of;                                      ///< see routed_stanza
  std::optional<std::set<std::string>> wishes;              ///< the same; then there is no stanza
  std::shared_ptr<const xmpp::element> what;
};

/// Empty: it is too large for a frame.
std::string encode(const link_item&);
/// Nothing for what cannot be read, and for what has no addressee.
std::optional<link_item> read_link_item(std::string_view);
std::string encode_link_ack(std::uint64_t next);
std::optional<std::uint64_t> read_link_ack(std::string_view);

} // namespace rookery::actors
