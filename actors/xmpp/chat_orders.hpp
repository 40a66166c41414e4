/// Carries out what operators want of archives, files and messages. Blocks: not in a reactor, not in an actor of the scheduler.
#pragma once

#include "actors/node.hpp"
#include "actors/xmpp/chat_order.hpp"
#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace rookery::actors {

class chat_router;

/// archive, uploads: {"items", "next"}; purges: {"removed"}; send: {"sent"}.
/// Errors: not_found, invalid, try_later.
base::result<json::value> carry_out(node&, chat_router&, const chat_order&);

/// A message of the server or of an account of ours to somebody: kept in archives and given to clients like any other. Also for
/// rules that send messages. Blocks until it is dealt with (on the disk where it belongs there).
/// Errors: `not_found` when one of them is none of ours, `denied` when it was refused, `try_later`.
base::result<void> send_chat_message(node&, chat_router&, std::string_view from, std::string_view to, std::string_view text);

} // namespace rookery::actors
