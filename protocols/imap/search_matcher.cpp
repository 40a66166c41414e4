#include "protocols/imap/search_matcher.hpp"

#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/imap/flag.hpp"

#include <algorithm>
#include <limits>

namespace rookery::imap {

namespace {

constexpr std::uint64_t bits_of(std::int64_t n) noexcept { return static_cast<std::uint64_t>(n); }
constexpr std::int64_t int_of(std::uint64_t n) noexcept { return static_cast<std::int64_t>(n); }
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t day_ms = 86400000;
constexpr std::uint32_t fuzzy_cost = 200000;

/// Fields whose words an index keeps apart.
bool person_field(std::string_view name) {
  constexpr std::string_view names[] = {"Subject", "From", "To", "Cc", "Bcc"};
  return std::any_of(std::begin(names), std::end(names), [name](std::string_view n) { return base::iequals(n, name); });
}

} // namespace

search_matcher::search_matcher(const search_program& program, const search_context& context) {
  root_ = program.nodes.empty() ? add({}) : compile(program, program.root, context);
}

std::uint32_t search_matcher::add(step s) {
  steps_.push_back(std::move(s));
  return static_cast<std::uint32_t>(steps_.size() - 1);
}

/// Joins flag tests, drops what is constant, orders by cost.
std::uint32_t search_matcher::join(op how, std::vector<std::uint32_t> children) {
  const bool all = how == op::all_of;
  const auto neutral = all ? op::yes : op::no;
  const auto absorbing = all ? op::no : op::yes;
  step joined;
  joined.what = how;
  step flags;
  flags.what = op::flags;
  flags.cost = 1;
  bool have_flags = false;
  // What stands inside the same kind of group stands as well in this one.
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto& child = steps_[children[i]];
    if (child.what == neutral) continue;
    if (child.what == absorbing) {
      step constant;
      constant.what = absorbing;
      return add(std::move(constant));
    }
    if (child.what == how) {
      const auto inner = child.children;
      children.insert(children.end(), inner.begin(), inner.end());
      continue;
    }
    if (all && child.what == op::flags) {
      // Both hold, or nothing does.
      if (((flags.b ^ child.b) & flags.a & child.a) != 0) {
        step nothing;
        nothing.what = op::no;
        return add(std::move(nothing));
      }
      flags.a |= child.a;
      flags.b |= child.b;
      have_flags = true;
      continue;
    }
    joined.children.push_back(children[i]);
  }
  if (have_flags) joined.children.push_back(add(std::move(flags)));
  if (joined.children.empty()) {
    step constant;
    constant.what = neutral;
    return add(std::move(constant));
  }
  if (joined.children.size() == 1) return joined.children.front();
  std::stable_sort(joined.children.begin(), joined.children.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return steps_[a].cost < steps_[b].cost; });
  for (const auto c : joined.children) joined.cost += steps_[c].cost;
  return add(std::move(joined));
}

std::uint32_t search_matcher::compile(const search_program& program, std::uint32_t at, const search_context& context) {
  const auto& node = program.nodes[at];
  step s;
  const auto uses = [&](op what, std::uint32_t column, std::uint32_t cost) {
    s.what = what;
    s.cost = cost;
    columns_ |= column;
  };
  const auto flags_are = [&](std::uint64_t mask, bool set) {
    uses(op::flags, search_column::flags, 1);
    s.a = mask;
    s.b = set ? mask : 0;
  };
  /// first <= x < end
  const auto range = [&](op what, std::uint32_t column, std::int64_t first, std::int64_t end) {
    uses(what, column, 2);
    s.a = bits_of(first);
    s.b = bits_of(end);
  };
  const auto days = [&](op what, std::uint32_t column, std::int64_t unit) {
    const auto day = int_of(node.number);
    const auto key = node.key;
    const bool before = key == search_key::before || key == search_key::sent_before || key == search_key::saved_before;
    const bool since = key == search_key::since || key == search_key::sent_since || key == search_key::saved_since;
    range(what, column, before ? lowest : day * unit, before ? day * unit : since ? highest : (day + 1) * unit);
  };
  const auto needs = [&](op what, std::uint8_t need, std::uint32_t cost) {
    s.what = what;
    s.cost = cost;
    s.text = charset::fold_for_search(node.text);
    if (what == op::header) std::replace(s.text.begin(), s.text.end(), '\t', ' '); // as values are searched (mime/search.hpp)
    needs_ |= need;
    s.leaf = static_cast<std::uint32_t>(leaves_.size());
    using scope = text_leaf::scope;
    // RFC 6203 §5: without words to compare it is the exact key.
    const bool fuzzy = node.fuzzy && !node.text.empty() && (what != op::header || person_field(s.field));
    leaves_.push_back({what == op::header ? scope::header : what == op::body ? scope::body : scope::text, s.field, s.text, fuzzy});
    if (!fuzzy) return;
    s.what = op::fuzzy;
    s.cost = fuzzy_cost;
    needs_ |= search_need::whole;
  };
  const auto field = [&](std::string_view name) {
    s.field = name;
    needs(op::header, search_need::header, 1000);
  };

  switch (node.key) {
    case search_key::all: s.what = op::yes; break;
    case search_key::flag_set: flags_are(node.number, true); break;
    case search_key::flag_unset: flags_are(node.number, false); break;
    case search_key::keyword:
    case search_key::unkeyword: {
      const bool want = node.key == search_key::keyword;
      const auto k = context.keywords ? find_keyword(*context.keywords, node.text) : 0;
      if (context.keywords && k < context.keywords->size() && k < flag::keywords_max) flags_are(flag::keyword_bit(k), want);
      else s.what = want ? op::no : op::yes; // nobody carries it
      break;
    }
    case search_key::numbers: {
      auto plain = node.set;
      plain.saved = false;
      s.ranges = plain.resolve(context.largest_number);
      uses(op::numbers, plain.empty() ? 0 : search_column::number, 2);
      if (node.set.saved) { // "$" holds UIDs
        step saved;
        saved.what = op::uids;
        saved.cost = 2;
        saved.ranges.assign(context.saved_uids.begin(), context.saved_uids.end());
        columns_ |= search_column::uid;
        const auto right = add(std::move(saved));
        if (plain.empty()) return right;
        const auto left = add(std::move(s));
        return join(op::any_of, {left, right});
      }
      break;
    }
    case search_key::uids:
      s.ranges = node.set.resolve(context.largest_uid, context.saved_uids);
      uses(op::uids, search_column::uid, 2);
      break;
    case search_key::larger: range(op::size_range, search_column::size, int_of(node.number) + (node.number < bits_of(highest) ? 1 : 0), highest); break;
    case search_key::smaller: range(op::size_range, search_column::size, 0, int_of(node.number)); break;
    case search_key::before:
    case search_key::on:
    case search_key::since: days(op::date_range, search_column::internal_date, day_ms); break;
    case search_key::saved_before:
    case search_key::saved_on:
    case search_key::saved_since: days(op::saved_range, search_column::save_date, day_ms); break;
    case search_key::save_date_supported: s.what = op::yes; break;
    case search_key::filter: s.what = op::no; break; // nobody said what it stands for
    case search_key::older:
    case search_key::younger: {
      // RFC 5032 §3: at least, or at most, so many seconds ago. Beyond all time is all time.
      const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(node.number, 1000000000000));
      const auto border = base::to_milliseconds(context.now) - seconds * 1000;
      if (node.key == search_key::older) range(op::date_range, search_column::internal_date, lowest, border + 1);
      else range(op::date_range, search_column::internal_date, border, highest);
      break;
    }
    case search_key::modseq:
      uses(op::modseq, search_column::modseq, 1);
      s.a = node.number;
      break;
    case search_key::email_id:
      uses(op::email_id, search_column::email_id, 4);
      s.text = node.text;
      break;
    case search_key::thread_id:
      uses(op::thread_id, search_column::thread_id, 4);
      s.text = node.text;
      break;
    case search_key::sent_before:
    case search_key::sent_on:
    case search_key::sent_since:
      days(op::sent_range, 0, 1);
      s.cost = 100;
      needs_ |= search_need::sort_keys;
      break;
    case search_key::header: field(node.field); break;
    case search_key::subject: field("Subject"); break;
    case search_key::from: field("From"); break;
    case search_key::to: field("To"); break;
    case search_key::cc: field("Cc"); break;
    case search_key::bcc: field("Bcc"); break;
    case search_key::body:
      // Everything contains the empty text.
      if (node.text.empty()) s.what = op::yes;
      else needs(op::body, search_need::whole, 100000);
      break;
    case search_key::text:
      if (node.text.empty()) s.what = op::yes;
      else needs(op::text, search_need::whole, 100000);
      break;
    case search_key::negation: {
      const auto inner = compile(program, node.children.front(), context);
      const auto& child = steps_[inner];
      if (child.what == op::yes || child.what == op::no) {
        s.what = child.what == op::yes ? op::no : op::yes;
      } else if (child.what == op::flags && (child.a & (child.a - 1)) == 0) {
        s = child; // one bit: the other value
        s.b = child.b ^ child.a;
      } else if (child.what == op::none_of) {
        return child.children.front();
      } else {
        s.what = op::none_of;
        s.cost = child.cost;
        s.children = {inner};
      }
      break;
    }
    case search_key::either:
    case search_key::each: {
      std::vector<std::uint32_t> children;
      children.reserve(node.children.size());
      for (const auto c : node.children) children.push_back(compile(program, c, context));
      return join(node.key == search_key::each ? op::all_of : op::any_of, std::move(children));
    }
  }
  return add(std::move(s));
}

int search_matcher::run(std::uint32_t at, const search_row& row, const search_answers* answers,
                        std::uint8_t& open) const {
  const auto& s = steps_[at];
  const auto in_range = [&s](std::int64_t x) { return int_of(s.a) <= x && x < int_of(s.b) ? 1 : 0; };
  const auto unknown = [&open](std::uint8_t need) {
    open |= need;
    return -1;
  };
  const auto answer = [&](const std::optional<bool>& known, std::uint8_t need) {
    return known ? (*known ? 1 : 0) : unknown(need);
  };
  if ((s.what == op::header || s.what == op::body || s.what == op::text) && s.leaf < row.leaves.size() &&
      row.leaves[s.leaf] != leaf_verdict::open)
    return row.leaves[s.leaf] == leaf_verdict::yes ? 1 : 0;
  switch (s.what) {
    case op::yes: return 1;
    case op::no: return 0;
    case op::flags: return (row.flags & s.a) == s.b ? 1 : 0;
    case op::size_range: return in_range(int_of(row.size));
    case op::numbers: return contains(s.ranges, row.number) ? 1 : 0;
    case op::uids: return contains(s.ranges, row.uid) ? 1 : 0;
    case op::date_range: return in_range(row.internal_date);
    case op::saved_range: return in_range(row.save_date);
    case op::modseq: return row.modseq >= s.a ? 1 : 0;
    case op::email_id: return row.email_id == s.text ? 1 : 0;
    case op::thread_id: return row.thread_id == s.text ? 1 : 0;
    case op::sent_range: {
      const auto day = answers ? answers->sent_day() : std::nullopt;
      return day ? in_range(*day) : unknown(search_need::sort_keys);
    }
    case op::header:
      return answers ? answer(answers->header_contains(s.field, s.text), search_need::header) : unknown(search_need::header);
    case op::body:
      return answers ? answer(answers->body_contains(s.text), search_need::whole) : unknown(search_need::whole);
    case op::text:
      return answers ? answer(answers->text_contains(s.text), search_need::whole) : unknown(search_need::whole);
    case op::fuzzy: {
      const auto known = fuzzy_score(s, row, answers);
      return known ? (*known != 0 ? 1 : 0) : unknown(search_need::whole);
    }
    case op::all_of:
    case op::any_of: {
      const int decisive = s.what == op::any_of ? 1 : 0;
      bool all_known = true;
      std::uint8_t inner_open = 0;
      for (const auto c : s.children) {
        const int v = run(c, row, answers, inner_open);
        if (v == decisive) return decisive;
        if (v < 0) all_known = false;
      }
      if (all_known) return 1 - decisive;
      open |= inner_open;
      return -1;
    }
    case op::none_of: {
      const int v = run(s.children.front(), row, answers, open);
      return v < 0 ? v : 1 - v;
    }
  }
  return 0;
}

std::optional<std::uint8_t> search_matcher::fuzzy_score(const step& s, const search_row& row, const search_answers* answers) const {
  if (s.leaf < row.leaves.size() && row.leaves[s.leaf] != leaf_verdict::open) {
    if (row.leaves[s.leaf] == leaf_verdict::no) return 0;
    return s.leaf < row.relevancies.size() ? row.relevancies[s.leaf] : 100;
  }
  return answers ? answers->relevancy(s.leaf) : std::nullopt;
}

unsigned search_matcher::score(std::uint32_t at, const search_row& row, const search_answers* answers) const {
  const auto& s = steps_[at];
  if (s.what == op::fuzzy) return fuzzy_score(s, row, answers).value_or(0);
  if (s.what != op::all_of && s.what != op::any_of) return 0;
  unsigned best = 0, sum = 0, met = 0;
  for (const auto c : s.children) {
    const auto one = score(c, row, answers);
    if (one == 0) continue;
    best = std::max(best, one);
    sum += one;
    ++met;
  }
  return s.what == op::any_of || met == 0 ? best : sum / met;
}

std::uint8_t search_matcher::relevancy(const search_row& row, const search_answers* answers) const {
  const auto known = score(root_, row, answers);
  return known == 0 ? 100 : static_cast<std::uint8_t>(known);
}

search_verdict search_matcher::test(const search_row& row, const search_answers* answers) const {
  search_verdict verdict;
  const int v = run(root_, row, answers, verdict.needs);
  verdict.decided = v >= 0;
  verdict.match = v == 1;
  if (verdict.decided) verdict.needs = 0;
  return verdict;
}

std::optional<search_matcher::flag_test> search_matcher::flags_only() const noexcept {
  const auto& s = steps_[root_];
  if (s.what == op::yes) return flag_test{};
  if (s.what == op::flags) return flag_test{s.a, s.b};
  return {};
}

std::optional<number_ranges> search_matcher::uid_bounds() const {
  const auto& root = steps_[root_];
  if (root.what == op::no) return number_ranges{};
  if (root.what == op::uids) return root.ranges;
  std::optional<number_ranges> bounds;
  if (root.what == op::all_of)
    for (const auto c : root.children)
      if (steps_[c].what == op::uids) bounds = bounds ? intersect(*bounds, steps_[c].ranges) : steps_[c].ranges;
  return bounds;
}

std::optional<number_ranges> search_matcher::number_bounds() const {
  const auto& root = steps_[root_];
  if (root.what == op::no) return number_ranges{};
  if (root.what == op::numbers) return root.ranges;
  std::optional<number_ranges> bounds;
  if (root.what == op::all_of)
    for (const auto c : root.children)
      if (steps_[c].what == op::numbers) bounds = bounds ? intersect(*bounds, steps_[c].ranges) : steps_[c].ranges;
  return bounds;
}

} // namespace rookery::imap
