/// One stanza for many: encoded once, each copy differs only in whom it is for.
///
/// Immutable; any thread.
#pragma once

#include "actors/xmpp/messages.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/jid.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rookery::actors {

class shared_stanza {
public:
  /// A message or presence; what it has as "to" counts for nothing.
  shared_stanza(stanza_ptr what, xmpp::jid from) : from_(std::move(from)), what_(std::move(what)) {
    const auto& e = *what_;
    const auto text = e.get("to").empty() ? xml::to_text(e, xmpp::space::client) : xml::to_text(without_address(e), xmpp::space::client);
    head_ = "<" + e.name + " to='";
    tail_ = "'" + text.substr(1 + e.name.size());
    can_wait_ = can_wait(e);
    if (e.name == "presence") presence_of_ = e.get("from");
  }

  /// Not worth waking a client that is inactive: presence that is no question, states of chats.
  static bool can_wait(const xmpp::element& e) {
    const auto type = e.get("type");
    if (e.name == "presence") return type.empty() || type == "unavailable";
    return e.child("body", xmpp::space::client) == nullptr && e.child("", xmpp::space::chat_states) != nullptr;
  }

  const xmpp::jid& from() const noexcept { return from_; }
  const xmpp::element& what() const noexcept { return *what_; }
  /// As an element for one, for who cannot do with octets.
  stanza_ptr element_for(const xmpp::jid& to) const {
    auto copy = *what_;
    copy.set("to", to.text());
    return std::make_shared<const xmpp::element>(std::move(copy));
  }
  deliver_stanza for_one(const xmpp::jid& to) const {
    const auto address = xml::escaped(to.text());
    std::string octets;
    octets.reserve(head_.size() + address.size() + tail_.size());
    octets.append(head_).append(address).append(tail_);
    return {std::make_shared<const std::string>(std::move(octets)), can_wait_, presence_of_};
  }

private:
  static xmpp::element without_address(xmpp::element e) {
    e.unset("to");
    return e;
  }

  xmpp::jid from_;
  stanza_ptr what_;
  std::string head_, tail_, presence_of_;
  bool can_wait_ = false;
};
using shared_stanza_ptr = std::shared_ptr<const shared_stanza>;

/// To an account's actor: for the client with this resource.
struct deliver_shared {
  shared_stanza_ptr what;
  std::string resource;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::deliver_shared)
