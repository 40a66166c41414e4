/// What is asked of a directory of people, and what it answers.
///
/// Source: XEP-0055 (both forms: elements, and a form of XEP-0004).
#pragma once

#include "protocols/xml/element.hpp"
#include "protocols/xmpp/jid.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {

inline constexpr std::string_view search_space = "jabber:iq:search";
/// Octets of what is looked for in one field, and wildcards in it.
inline constexpr std::size_t search_text_max = 256, search_wildcards_max = 8;

/// Does the text fit the pattern? `%` stands for any characters, also none; nothing is folded. Time: their product.
bool fits(std::string_view pattern, std::string_view text);

struct search_person {
  std::string name;                 ///< as it is shown; may be empty
  std::string address;              ///< of mail
  jid where;
};

/// Folded. All that is said must fit. A name fits as a whole or by one of its words, an address as a whole or by its local part.
struct search_wish {
  std::string first, last, name, address; ///< empty: whichever
  bool as_form = false;
  bool empty() const noexcept { return first.empty() && last.empty() && name.empty() && address.empty(); }
  bool fits(const search_person&) const;
};
/// Of the query of an IQ set. Nothing: it is none, or asks beyond the bounds.
std::optional<search_wish> read_search(const xml::element& query);
/// The query that says what can be asked for.
xml::element search_form();
/// The query with who was found.
xml::element search_answer(const search_wish&, const std::vector<search_person>&);

} // namespace rookery::xmpp
