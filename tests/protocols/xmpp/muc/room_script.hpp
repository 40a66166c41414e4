/// Dialogues of a room with several clients, as text.
///
///   # why it exists
///   room: den@conference.example.org        what the room is called
///   limits: occupants = 2                    members of muc::room_limits
///   ann: ann@example.org/phone               a client; "ops!" instead of a name's end: an operator
///   ann> <presence to='{room}/Ann'>…         it sends
///   ann< <presence from='{room}/Ann'>…       what it gets next; attributes in any order, "to" left out
///   ann! gone                                its connection is no more
///   ann! in Ann                              it enters; ann! instant: sets the room up; ann! set membersonly=1: with this
///                                            field (muc#roomconfig_…). What comes of these three is not looked at
///   @ +5s                                    the clock moves on (s or ms)
///   * keep_message                           the next effect that is to be kept
///
/// `{room}` is the room's address; another `{name}` takes the value that stands there first and wants it later; `{*}`
/// takes any. Elements may leave their namespace out where it is their parent's; the stanza's is jabber:client. At the
/// next `>`, `!` or the end everything that was sent and kept must have been named. "…" as a child: further ones may follow.
#pragma once

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/muc/room.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace rookery::xmpp::muc {

class room_script {
public:
  /// Empty: it went as it says. Else the first difference, with the line.
  std::string play(const std::string& text);

private:
  struct client {
    jid address;
    bool is_operator = false;
    std::deque<stanza_ptr> got;
  };
  std::string line(const std::string&);
  std::string sends(client&, std::string_view xml);
  std::string gets(const std::string& name, client&, std::string_view xml);
  void take();
  std::string drop();
  std::string settled() const;
  std::string filled(std::string_view) const;
  bool matches(const element& wanted, const element& got, std::string& why);
  bool text_matches(std::string_view wanted, std::string_view got);

  std::unique_ptr<room> room_;
  room_limits limits_;
  std::map<std::string, client> clients_;
  std::map<std::string, std::string> bound_;
  std::deque<std::string> kept_;
  base::wall_time now_ = base::from_milliseconds(1'700'000'000'000);
};

/// Names what is to be kept: "keep_member ann@example.org owner", "" for `send`.
std::string kept_name(const effect&);

} // namespace rookery::xmpp::muc
