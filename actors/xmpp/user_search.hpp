/// The search for people at `search.<domain>`: by name and address.
///
/// Source: XEP-0055, with XEP-0004.
#pragma once

#include "actors/node.hpp"

namespace rookery::actors {

class chat_router;

/// People in one answer, whoever else there is.
inline constexpr std::size_t search_results_max = 200;

/// At start, before connections are accepted. `router` outlives the node. Whom it finds is said by `chat_search` of a
/// domain; nobody else than users of this server is answered.
void open_user_search(node&, chat_router& router);

} // namespace rookery::actors
