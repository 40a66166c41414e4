/// The text keys of a search as the search index is asked for them.
#pragma once

#include "protocols/imap/search_matcher.hpp"
#include "storage/search/ranking.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace rookery::actors {

storage::search::question index_question(const imap::text_leaf&);

/// By leaf; null where the key is an exact one, or has no words to compare (RFC 6203 §5: then it is).
using fuzzy_questions = std::vector<std::shared_ptr<const storage::search::fuzzy_question>>;
/// `languages` as the setting `search.languages`.
fuzzy_questions fuzzy_questions_of(const std::vector<imap::text_leaf>&, std::string_view languages);

} // namespace rookery::actors
