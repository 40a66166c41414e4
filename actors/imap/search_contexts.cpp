#include "actors/imap/search_contexts.hpp"

#include "actors/imap/arranged_hits.hpp"
#include "protocols/imap/result_update.hpp"

#include <algorithm>
#include <iterator>

namespace rookery::actors {
namespace {

constexpr std::chrono::microseconds slice_here{1000};
constexpr std::chrono::microseconds slice_in_reader{20000};
constexpr std::chrono::milliseconds try_again{5};

using uid_list = std::vector<std::uint32_t>;

imap::number_ranges ranges_of(const uid_list& ascending) {
  imap::number_ranges out;
  for (const auto uid : ascending) imap::append_number(out, uid);
  return out;
}

/// `program` over these UIDs alone.
imap::search_program restricted(imap::search_program program, const imap::number_ranges& uids) {
  imap::search_node only, both;
  only.key = imap::search_key::uids;
  only.set.written = uids;
  both.key = imap::search_key::each;
  both.children = {static_cast<std::uint32_t>(program.nodes.size()), program.root};
  program.nodes.push_back(std::move(only));
  program.root = static_cast<std::uint32_t>(program.nodes.size());
  program.nodes.push_back(std::move(both));
  return program;
}

std::vector<imap::result_step> in_mailbox_order(const uid_list& uids) {
  std::vector<imap::result_step> steps;
  for (const auto uid : uids) steps.push_back({0, uid});
  return steps;
}

} // namespace

bool search_contexts::has(std::string_view tag) const noexcept {
  return std::any_of(all_.begin(), all_.end(), [tag](const auto& c) { return c.tag == tag; });
}

bool search_contexts::asking() const noexcept {
  return std::any_of(all_.begin(), all_.end(), [](const auto& c) { return c.asking; });
}

std::size_t search_contexts::ordered_results() const noexcept {
  std::size_t n = 0;
  for (const auto& c : all_)
    if (c.order) n += c.found.size();
  return n;
}

void search_contexts::add(std::string tag, bool uid, imap::search_program program, std::optional<imap::sort> order,
                          imap::fetch_items items, std::vector<std::uint32_t> found) {
  auto& c = all_.emplace_back();
  c.serial = ++serials_;
  c.tag = std::move(tag);
  c.uid = uid;
  c.program = std::move(program);
  c.order = std::move(order);
  if (c.order) c.order->uid = true;
  c.items = std::move(items);
  c.found = std::move(found);
}

void search_contexts::cancel(std::string_view tag) {
  std::erase_if(all_, [tag](const auto& c) { return c.tag == tag; });
}

search_contexts::context* search_contexts::find(std::uint64_t serial) noexcept {
  const auto at = std::find_if(all_.begin(), all_.end(), [serial](const auto& c) { return c.serial == serial; });
  return at == all_.end() ? nullptr : &*at;
}

imap::search_program search_contexts::fixed_numbers(imap::search_program program, const imap::sequence_map& map,
                                                    std::span<const imap::number_range> saved_uids) {
  for (auto& node : program.nodes) {
    if (node.key == imap::search_key::numbers) {
      node.set.written = map.uids_of(map.select(node.set, false, saved_uids).rows);
      node.key = imap::search_key::uids;
    } else if (node.set.saved) {
      node.set.written.insert(node.set.written.end(), saved_uids.begin(), saved_uids.end());
    }
    node.set.saved = false;
  }
  return program;
}

void search_contexts::vanished(imap::response_writer& out, std::span<const std::uint32_t> uids) {
  for (auto& c : all_) {
    if (c.known) {
      const auto gone = [uids](std::uint32_t uid) { return std::binary_search(uids.begin(), uids.end(), uid); };
      std::erase_if(c.known->hits, gone);
      std::erase_if(c.known->order, gone);
    }
    auto steps = imap::remove_results(c.found, uids);
    if (!c.order)
      for (auto& s : steps) s.position = 0;
    if (steps.empty()) continue;
    // RFC 5267 §4.3.4: before EXPUNGE.
    out.update_begin(c.tag, c.uid);
    write_item(out, c, "REMOVEFROM", steps);
    out.update_end();
  }
}

void search_contexts::changed(std::span<const std::uint32_t> uids) {
  for (auto& c : all_) {
    for (const auto uid : uids) {
      c.unasked.emplace_back(uid, uid);
      if (uid > newest_) imap::append_number(c.fresh, uid);
    }
    imap::normalize(c.unasked);
  }
  newest_ = std::max(newest_, *std::max_element(uids.begin(), uids.end()));
}

void search_contexts::tell(imap::response_writer out) {
  telling_ = true;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (!all_[i].unasked.empty() && !all_[i].asking && !all_[i].known) ask(all_[i]);
    if (all_[i].known && to_show(all_[i]).empty()) write(out, all_[i]);
  }
  telling_ = false;
}

/// New ones that match now, when the client wants to see them.
imap::number_ranges search_contexts::to_show(const context& c) {
  imap::number_ranges uids;
  if (!c.known || (c.items.bits == 0 && c.items.sections.empty())) return uids;
  for (const auto uid : c.known->hits)
    if (imap::contains(c.fresh, uid)) imap::append_number(uids, uid);
  return uids;
}

std::optional<search_contexts::rows_first> search_contexts::due() const {
  for (const auto& c : all_)
    if (auto uids = to_show(c); !uids.empty()) return rows_first{c.serial, c.items, std::move(uids)};
  return std::nullopt;
}

void search_contexts::shown(std::uint64_t serial, imap::response_writer out) {
  if (auto* c = find(serial); c && c->known) write(out, *c);
}

std::shared_ptr<search_run> search_contexts::run_over(const imap::search_program& program,
                                                      const imap::number_ranges& uids) const {
  return std::make_shared<search_run>(node_, mailbox_, restricted(program, uids), std::span<const imap::number_range>());
}

bool search_contexts::there(std::uint32_t uid) const {
  const auto& view = mailbox_.view();
  const auto row = view.lower_bound(uid);
  if (row >= view.size()) return false;
  const auto place = view.at(row);
  return place.in->uid[place.row] == uid;
}

void search_contexts::ask(context& c) {
  auto a = std::make_shared<answer>();
  a->asked = std::exchange(c.unasked, {});
  auto run = run_over(c.program, a->asked);
  c.asking = true;
  if (run->in_memory() && run->run(slice_here, false) == search_run::outcome::done)
    return searched(c.serial, *run, std::move(a));
  search(c.serial, std::move(run), std::move(a));
}

void search_contexts::in_reader(std::function<void()> task, std::function<void()> then) {
  auto guarded = [self = weak_from_this(), then] {
    if (const auto alive = self.lock()) then();
  };
  if (node_.readers->run(link_, task, guarded)) return;
  link_.after(try_again, [self = weak_from_this(), task = std::move(task), then = std::move(then)] {
    if (const auto alive = self.lock()) alive->in_reader(task, then);
  });
}

void search_contexts::search(std::uint64_t serial, std::shared_ptr<search_run> run, std::shared_ptr<answer> a) {
  auto outcome = std::make_shared<search_run::outcome>(search_run::outcome::needs_disk); // what a fault leaves
  in_reader([run, outcome] { *outcome = run->run(slice_in_reader, true); },
            [this, serial, run, a, outcome] {
              if (*outcome == search_run::outcome::more) return search(serial, run, a);
              if (*outcome == search_run::outcome::done) return searched(serial, *run, a);
              give_up(serial, *a);
            });
}

void search_contexts::searched(std::uint64_t serial, const search_run& run, std::shared_ptr<answer> a) {
  auto* c = find(serial);
  if (c == nullptr) return;
  for (const auto row : run.hits())
    if (const auto uid = run.uid_of(row); there(uid)) a->hits.push_back(uid);
  if (!c->order) return keep(serial, std::move(*a));
  // Results stay, come or go; the order of those that stay is the same.
  uid_list all;
  for (const auto uid : c->found)
    if (!imap::contains(a->asked, uid)) all.push_back(uid);
  all.insert(all.end(), a->hits.begin(), a->hits.end());
  std::sort(all.begin(), all.end());
  imap::search_program every;
  every.nodes.emplace_back();
  arrange(serial, run_over(every, ranges_of(all)), std::move(a));
}

void search_contexts::arrange(std::uint64_t serial, std::shared_ptr<search_run> run, std::shared_ptr<answer> a) {
  const auto* c = find(serial);
  if (c == nullptr) return;
  auto done = std::make_shared<bool>(false);
  in_reader(
      [run, a, order = *c->order, done] {
        while (run->run(slice_in_reader, true) == search_run::outcome::more) {}
        a->order = sorted_hits(*run, order).numbers;
        *done = true;
      },
      [this, serial, a, done] {
        std::erase_if(a->order, [this](std::uint32_t uid) { return !there(uid); });
        if (*done) return keep(serial, std::move(*a));
        give_up(serial, *a);
      });
}

void search_contexts::keep(std::uint64_t serial, answer&& a) {
  auto* c = find(serial);
  if (c == nullptr) return;
  c->asking = false;
  c->known = std::move(a);
  if (!telling_) wake_();
}

/// It cannot be read now: asked again after the next change.
void search_contexts::give_up(std::uint64_t serial, const answer& a) {
  auto* c = find(serial);
  if (c == nullptr) return;
  c->asking = false;
  c->unasked.insert(c->unasked.end(), a.asked.begin(), a.asked.end());
  imap::normalize(c->unasked);
}

void search_contexts::write(imap::response_writer& out, context& c) {
  const auto known = std::move(*c.known);
  c.known.reset();
  c.fresh = imap::subtract(c.fresh, known.asked);
  std::vector<imap::result_step> gone, come;
  if (c.order) {
    uid_list sorted = known.order, left;
    std::sort(sorted.begin(), sorted.end());
    for (const auto uid : c.found)
      if (!std::binary_search(sorted.begin(), sorted.end(), uid)) left.push_back(uid);
    gone = imap::remove_results(c.found, left);
    come = imap::add_results(c.found, known.order);
    c.found = known.order;
  } else {
    uid_list left, added, next;
    for (const auto uid : c.found)
      if (imap::contains(known.asked, uid) && !std::binary_search(known.hits.begin(), known.hits.end(), uid)) left.push_back(uid);
    std::set_difference(known.hits.begin(), known.hits.end(), c.found.begin(), c.found.end(), std::back_inserter(added));
    imap::remove_results(c.found, left);
    std::set_union(c.found.begin(), c.found.end(), added.begin(), added.end(), std::back_inserter(next));
    c.found = std::move(next);
    gone = in_mailbox_order(left);
    come = in_mailbox_order(added);
  }
  if (gone.empty() && come.empty()) return;
  out.update_begin(c.tag, c.uid);
  write_item(out, c, "REMOVEFROM", gone);
  write_item(out, c, "ADDTO", come);
  out.update_end();
}

void search_contexts::write_item(imap::response_writer& out, const context& c, std::string_view item,
                                 std::span<const imap::result_step> steps) const {
  if (steps.empty()) return;
  if (c.uid) return out.update_item(item, steps);
  std::vector<imap::result_step> numbered;
  for (auto s : steps)
    if (const auto number = mailbox_.map().number_of(s.number)) numbered.push_back({s.position, *number});
  if (!numbered.empty()) out.update_item(item, numbered);
}

} // namespace rookery::actors
