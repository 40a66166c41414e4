#include "actors/imap/index_questions.hpp"

#include "base/text.hpp"
#include "protocols/charset/fold.hpp"

namespace rookery::actors {

namespace index = storage::search;

index::question index_question(const imap::text_leaf& leaf) {
  using scope = index::question::scope;
  index::question q;
  q.text = leaf.text;
  switch (leaf.in) {
    case imap::text_leaf::scope::body: q.in = scope::body; return q;
    case imap::text_leaf::scope::text: q.in = scope::text; return q;
    case imap::text_leaf::scope::header: break;
  }
  static constexpr std::pair<std::string_view, scope> keys[] = {
      {"Subject", scope::subject}, {"From", scope::from}, {"To", scope::to}, {"Cc", scope::cc}, {"Bcc", scope::bcc}};
  q.in = scope::header;
  // Does the field exist? Its name says so, not its words.
  if (!leaf.text.empty())
    for (const auto& [name, s] : keys)
      if (base::iequals(name, leaf.field)) q.in = s;
  q.field = charset::fold_for_search(leaf.field);
  return q;
}

fuzzy_questions fuzzy_questions_of(const std::vector<imap::text_leaf>& leaves, std::string_view languages) {
  fuzzy_questions all;
  for (const auto& leaf : leaves) {
    auto& one = all.emplace_back();
    if (!leaf.fuzzy) continue;
    auto made = std::make_shared<const index::fuzzy_question>(index_question(leaf), languages);
    if (made->has_words()) one = std::move(made);
  }
  return all;
}

} // namespace rookery::actors
