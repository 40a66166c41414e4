/// Questions to an archive of messages, and pages of answers.
///
/// Source: XEP-0313; XEP-0059 (result sets); XEP-0068 (forms).
#pragma once

#include "base/clock.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::xmpp {

/// A page holds so many messages if nothing is said, and so many at most.
inline constexpr std::size_t archive_page_usual = 50, archive_page_most = 250;

struct archive_query {
  std::string query_id;
  std::optional<base::wall_time> start, end;
  std::optional<jid> with;
  std::uint64_t after_id = 0;                  ///< only greater ids: of the form or of the result set
  std::uint64_t before_id = ~std::uint64_t{0}; ///< only smaller ids
  std::vector<std::uint64_t> ids;              ///< exactly these, if there are any
  bool narrowed = false;                       ///< by a field of the form: not all messages belong to the result set
  bool backwards = false;                      ///< the last page
  bool flipped = false;                        ///< the page's messages in reverse order
  std::size_t max = archive_page_usual;
};
/// Nothing for a form that cannot be understood: `why` is bad_request, item_not_found for an id that is none of ours,
/// or feature_not_implemented for a field that archives here do not know.
std::optional<archive_query> read_archive_query(const element& query, condition& why);

/// The message that carries one archived stanza.
element archive_result(const archive_query&, std::uint64_t id, base::wall_time, const element& stanza);
/// The end of a page: ids of its first and last, whether it is the last page, and how many messages all pages have if that is known.
element archive_fin(std::uint64_t first, std::uint64_t last, bool any, bool complete, std::optional<std::uint64_t> count = {});
/// The form of fields that can be asked for.
element archive_form();

} // namespace rookery::xmpp
