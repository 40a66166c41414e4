#include "protocols/imap/search.hpp"

#include "base/text.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/date.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/sort.hpp"

#include <algorithm>
#include <utility>

namespace rookery::imap {

namespace {

enum class argument : std::uint8_t { none, text, keyword, date, size, seconds, object };

struct key_rule {
  std::string_view name;
  search_key key;
  argument with;
  std::uint64_t number = 0;
};
constexpr key_rule key_rules[] = {
    {"ALL", search_key::all, argument::none},
    {"SEEN", search_key::flag_set, argument::none, flag::seen},
    {"UNSEEN", search_key::flag_unset, argument::none, flag::seen},
    {"DELETED", search_key::flag_set, argument::none, flag::deleted},
    {"UNDELETED", search_key::flag_unset, argument::none, flag::deleted},
    {"FLAGGED", search_key::flag_set, argument::none, flag::flagged},
    {"UNFLAGGED", search_key::flag_unset, argument::none, flag::flagged},
    {"ANSWERED", search_key::flag_set, argument::none, flag::answered},
    {"UNANSWERED", search_key::flag_unset, argument::none, flag::answered},
    {"DRAFT", search_key::flag_set, argument::none, flag::draft},
    {"UNDRAFT", search_key::flag_unset, argument::none, flag::draft},
    {"RECENT", search_key::flag_set, argument::none, flag::recent},
    {"OLD", search_key::flag_unset, argument::none, flag::recent},
    {"KEYWORD", search_key::keyword, argument::keyword},
    {"UNKEYWORD", search_key::unkeyword, argument::keyword},
    {"LARGER", search_key::larger, argument::size},
    {"SMALLER", search_key::smaller, argument::size},
    {"BEFORE", search_key::before, argument::date},
    {"ON", search_key::on, argument::date},
    {"SINCE", search_key::since, argument::date},
    {"SENTBEFORE", search_key::sent_before, argument::date},
    {"SENTON", search_key::sent_on, argument::date},
    {"SENTSINCE", search_key::sent_since, argument::date},
    {"SAVEDBEFORE", search_key::saved_before, argument::date},
    {"SAVEDON", search_key::saved_on, argument::date},
    {"SAVEDSINCE", search_key::saved_since, argument::date},
    {"SAVEDATESUPPORTED", search_key::save_date_supported, argument::none},
    {"OLDER", search_key::older, argument::seconds},
    {"YOUNGER", search_key::younger, argument::seconds},
    {"EMAILID", search_key::email_id, argument::object},
    {"THREADID", search_key::thread_id, argument::object},
    {"SUBJECT", search_key::subject, argument::text},
    {"FROM", search_key::from, argument::text},
    {"TO", search_key::to, argument::text},
    {"CC", search_key::cc, argument::text},
    {"BCC", search_key::bcc, argument::text},
    {"BODY", search_key::body, argument::text},
    {"TEXT", search_key::text, argument::text},
};

class program_reader {
public:
  program_reader(word_reader& in, search_program& out, std::string charset)
      : in_(in), out_(out), charset_(std::move(charset)) {}

  /// search-key *(SP search-key), up to the end or a closing parenthesis.
  bool keys(std::uint32_t& at, std::size_t depth) {
    std::vector<std::uint32_t> children;
    do {
      std::uint32_t child = 0;
      if (!key(child, depth)) return false;
      children.push_back(child);
    } while (in_.space() && !in_.at_end() && in_.peek() != ')');
    return group(search_key::each, std::move(children), at);
  }

private:
  bool add(search_node node, std::uint32_t& at) {
    if (out_.nodes.size() >= in_.limits().search_terms) return in_.fail(parse_fault::limit, "Search too long");
    at = static_cast<std::uint32_t>(out_.nodes.size());
    node.fuzzy = fuzzy_;
    out_.nodes.push_back(std::move(node));
    return true;
  }
  bool group(search_key how, std::vector<std::uint32_t> children, std::uint32_t& at) {
    if (how != search_key::negation && children.size() == 1) {
      at = children.front();
      return true;
    }
    search_node node;
    node.key = how;
    node.children = std::move(children);
    return add(std::move(node), at);
  }
  bool space() { return in_.space() || in_.syntax("Missing search argument"); }

  bool text(std::string& to) {
    if (!in_.astring(to)) return false;
    auto utf8 = charset::to_utf8_strict(charset_, to);
    if (!utf8) return in_.syntax("Search text does not match its charset");
    to = std::move(*utf8);
    return true;
  }
  bool date(std::uint64_t& to) {
    std::string quoted;
    std::string_view word;
    if (in_.peek() == '"') {
      if (!in_.string(quoted)) return false;
      word = quoted;
    } else {
      word = in_.atom();
    }
    const auto day = parse_date(word);
    if (!day) return in_.syntax("Invalid date");
    to = static_cast<std::uint64_t>(static_cast<std::int64_t>(*day));
    return true;
  }
  /// MODSEQ ["/flags/..." SP entry-type SP] mod-sequence, RFC 7162 §3.1.5. We keep one modseq for
  /// a message, so the entry makes no difference.
  bool modseq(search_node& node) {
    node.key = search_key::modseq;
    out_.uses_modseq = true;
    if (in_.peek() == '"') {
      std::string entry;
      if (!in_.string(entry) || !space()) return false;
      const auto kind = in_.atom();
      if (!base::iequals(kind, "priv") && !base::iequals(kind, "shared") && !base::iequals(kind, "all"))
        return in_.syntax("Invalid MODSEQ entry");
      if (!space()) return false;
    }
    return in_.number(node.number);
  }

  bool key(std::uint32_t& at, std::size_t depth) {
    if (depth > in_.limits().search_depth) return in_.fail(parse_fault::limit, "Search nested too deeply");
    search_node node;
    if (in_.take('(')) {
      in_.space();
      if (!keys(at, depth + 1)) return false;
      return in_.take(')') || in_.syntax("Missing parenthesis");
    }
    const char next = in_.peek();
    if (base::is_digit(next) || next == '*' || next == '$') {
      node.key = search_key::numbers;
      if (!read_set(in_, node.set)) return false;
      if (in_.uid_only() && !node.set.written.empty())
        return in_.fail(parse_fault::uid_required, "Message numbers are not used under UIDONLY");
      out_.uses_saved |= node.set.saved;
      return add(std::move(node), at);
    }
    const auto name = in_.atom();
    for (const auto& rule : key_rules)
      if (base::iequals(name, rule.name)) {
        node.key = rule.key;
        node.number = rule.number;
        if (rule.with != argument::none && !space()) return false;
        if (!read_argument(rule.with, node)) return false;
        return add(std::move(node), at);
      }
    if (base::iequals(name, "NOT")) {
      std::uint32_t child = 0;
      if (!space() || !key(child, depth + 1)) return false;
      return group(search_key::negation, {child}, at);
    }
    if (base::iequals(name, "OR")) {
      std::uint32_t left = 0, right = 0;
      if (!space() || !key(left, depth + 1) || !space() || !key(right, depth + 1)) return false;
      return group(search_key::either, {left, right}, at);
    }
    if (base::iequals(name, "FUZZY")) {
      // RFC 6203 §3: all that stands within it.
      out_.uses_fuzzy = true;
      const bool outer = std::exchange(fuzzy_, true);
      const bool good = space() && key(at, depth + 1);
      fuzzy_ = outer;
      return good;
    }
    if (base::iequals(name, "NEW")) {
      std::uint32_t recent = 0, unseen = 0;
      node.key = search_key::flag_set;
      node.number = flag::recent;
      search_node other;
      other.key = search_key::flag_unset;
      other.number = flag::seen;
      return add(std::move(node), recent) && add(std::move(other), unseen) &&
             group(search_key::each, {recent, unseen}, at);
    }
    if (base::iequals(name, "UID")) {
      node.key = search_key::uids;
      if (!space() || !read_set(in_, node.set)) return false;
      out_.uses_saved |= node.set.saved;
      return add(std::move(node), at);
    }
    if (base::iequals(name, "FILTER")) { // RFC 5466 §3.1
      node.key = search_key::filter;
      if (!space()) return false;
      node.text = base::to_lower(in_.atom());
      if (node.text.empty() || node.text.find('/') != std::string::npos) return in_.syntax("Name of a filter expected");
      out_.uses_filters = true;
      return add(std::move(node), at);
    }
    if (base::iequals(name, "UIDAFTER") || base::iequals(name, "UIDBEFORE")) { // RFC 9738 §3.2
      const bool after = base::iequals(name, "UIDAFTER");
      std::uint32_t uid = 0;
      node.key = search_key::uids;
      if (!space() || !in_.number(uid) || uid == 0) return in_.syntax("UID expected");
      if (after && uid != UINT32_MAX) node.set.written.emplace_back(uid + 1, UINT32_MAX);
      if (!after && uid != 1) node.set.written.emplace_back(1, uid - 1);
      return add(std::move(node), at);
    }
    if (base::iequals(name, "HEADER")) {
      node.key = search_key::header;
      if (!space() || !in_.astring(node.field) || !space() || !text(node.text)) return false;
      return add(std::move(node), at);
    }
    if (base::iequals(name, "MODSEQ")) return space() && modseq(node) && add(std::move(node), at);
    return in_.syntax("Unknown search key");
  }

  bool read_argument(argument with, search_node& node) {
    switch (with) {
      case argument::none: return true;
      case argument::text: return text(node.text);
      case argument::date: return date(node.number);
      case argument::size: return in_.number(node.number);
      case argument::seconds:
        if (!in_.number(node.number)) return false;
        return node.number > 0 || in_.syntax("Interval must not be 0");
      case argument::object: {
        if (!in_.astring(node.text)) return false;
        const auto fine = [](char c) { return base::is_alnum(c) || c == '_' || c == '-'; };
        return (!node.text.empty() && node.text.size() <= 255 && std::all_of(node.text.begin(), node.text.end(), fine)) ||
               in_.syntax("Invalid object id");
      }
      case argument::keyword:
        // Some clients write KEYWORD \Seen.
        if (in_.take('\\')) {
          const auto bit = find_system_flag("\\" + std::string(in_.atom()));
          if (bit == 0) return in_.syntax("Unknown system flag");
          node.number = bit;
          node.key = node.key == search_key::keyword ? search_key::flag_set : search_key::flag_unset;
          return true;
        }
        return in_.astring(node.text);
    }
    return false;
  }

  word_reader& in_;
  search_program& out_;
  std::string charset_;
  bool fuzzy_ = false; ///< within FUZZY
};

/// RETURN "(" [option ...] ")", RFC 9051 §6.4.4; at the space behind RETURN.
template <class Search>
bool read_returns(word_reader& in, Search& out) {
  auto& returns = out.returns;
  using namespace search_return;
  in.space();
  if (!in.take('(')) return in.syntax("List of search results expected");
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (in.keyword("MIN")) returns |= min;
    else if (in.keyword("MAX")) returns |= max;
    else if (in.keyword("ALL")) returns |= all;
    else if (in.keyword("COUNT")) returns |= search_return::count;
    else if (in.keyword("SAVE")) returns |= save;
    else if (in.keyword("UPDATE")) {
      returns |= update;
      if (in.rest().starts_with(" (")) { // RFC 5465 §7
        in.space();
        if (!read_fetch_items(in, out.update_items)) return false;
      }
    }
    else if (in.keyword("CONTEXT")) returns |= context;
    else if (in.keyword("RELEVANCY")) returns |= relevancy;
    else if (in.keyword("PARTIAL")) {
      // RFC 9394 §3.1: one PARTIAL or one ALL.
      if (returns & partial) return in.syntax("PARTIAL can be asked for once");
      returns |= partial;
      if (!in.space() || !read_partial_range(in, out.page)) return in.syntax("Invalid PARTIAL range");
    }
    else return in.syntax("Unknown search result option");
  }
  if ((returns & all) && (returns & partial)) return in.syntax("Either ALL or PARTIAL");
  if (returns == 0) returns = all;
  return true;
}

bool read_charset(word_reader& in, std::string& out, parse_fault unknown = parse_fault::charset) {
  if (!in.astring(out)) return false;
  return charset::known(out) || in.fail(unknown, "Unknown charset");
}

bool read_program(word_reader& in, search_program& out, const std::string& charset) {
  if (!in.space() || in.at_end()) return in.syntax("Missing search keys");
  program_reader program(in, out, charset);
  return program.keys(out.root, 0);
}

/// RFC 6203 §4, §6.
bool relevancy_is_there(word_reader& in, search_program& program, bool asked) {
  if (!asked || program.uses_fuzzy) return true;
  program.uses_fuzzy = program.uses_filters; // one may be in there
  return program.uses_fuzzy || in.syntax("RELEVANCY needs a FUZZY key");
}

} // namespace

bool read_search(word_reader& in, search& out, const client_mode& mode) {
  out.extended = mode.rev2; // RFC 9051 §6.4.4: SEARCH is always answered with ESEARCH
  if (!in.space()) return in.syntax("Missing search keys");
  if (in.keyword("RETURN")) {
    out.extended = true;
    if (!read_returns(in, out) || !in.space()) return in.syntax("Missing search keys");
  } else if (out.extended) {
    out.returns = search_return::all;
  }
  std::string charset = "utf-8";
  if (in.keyword("CHARSET")) {
    // RFC 6855 §3: no charset once UTF8=ACCEPT is on.
    if (mode.utf8) return in.syntax("CHARSET is not allowed with UTF8=ACCEPT");
    const auto unknown = out.returns & search_return::save ? parse_fault::charset_saving : parse_fault::charset;
    if (!in.space() || !read_charset(in, charset, unknown) || !in.space()) return in.syntax("Missing search keys");
  }
  if (in.at_end()) return in.syntax("Missing search keys");
  program_reader program(in, out.program, charset);
  return program.keys(out.program.root, 0) && relevancy_is_there(in, out.program, (out.returns & search_return::relevancy) != 0);
}

bool read_sort(word_reader& in, sort& out, const client_mode&) {
  static constexpr struct {
    std::string_view name;
    sort_criterion by;
  } names[] = {{"ARRIVAL", sort_criterion::arrival},     {"CC", sort_criterion::cc},
               {"DATE", sort_criterion::date},           {"FROM", sort_criterion::from},
               {"SIZE", sort_criterion::size},           {"SUBJECT", sort_criterion::subject},
               {"TO", sort_criterion::to},               {"DISPLAYFROM", sort_criterion::display_from},
               {"DISPLAYTO", sort_criterion::display_to}, {"RELEVANCY", sort_criterion::relevancy}};
  if (!in.space()) return in.syntax("Missing sort criteria");
  if (in.keyword("RETURN")) {
    out.extended = true;
    if (!read_returns(in, out) || !in.space()) return in.syntax("Missing sort criteria");
  }
  if (!in.take('(')) return in.syntax("List of sort criteria expected");
  bool reverse = false;
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    const auto word = in.atom();
    if (base::iequals(word, "REVERSE")) {
      reverse = true;
      continue;
    }
    const auto found = std::find_if(std::begin(names), std::end(names), [&](const auto& n) { return base::iequals(n.name, word); });
    if (found == std::end(names)) return in.syntax("Unknown sort criterion");
    if (out.keys.size() >= in.limits().sort_keys) return in.syntax("Too many sort criteria");
    out.keys.push_back({found->by, reverse});
    reverse = false;
  }
  if (out.keys.empty() || reverse) return in.syntax("Missing sort criteria");
  std::string charset;
  return in.space() && read_charset(in, charset) && read_program(in, out.program, charset) &&
         relevancy_is_there(in, out.program, (out.returns & search_return::relevancy) != 0 || sorts_by_relevancy(out));
}

bool read_thread(word_reader& in, thread& out, const client_mode&) {
  if (!in.space()) return in.syntax("Missing algorithm");
  if (in.keyword("REFERENCES")) out.algorithm = thread_algorithm::references;
  else if (in.keyword("ORDEREDSUBJECT")) out.algorithm = thread_algorithm::ordered_subject;
  else return in.syntax("Unknown threading algorithm");
  std::string charset;
  return in.space() && read_charset(in, charset) && read_program(in, out.program, charset);
}

} // namespace rookery::imap
