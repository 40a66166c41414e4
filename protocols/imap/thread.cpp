#include "protocols/imap/thread.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <unordered_map>

namespace rookery::imap {

namespace {

constexpr std::uint32_t none = UINT32_MAX;
/// Steps of one search for a loop. Longer chains of references are taken for a loop: nobody
/// writes them, and looking through them for every message would be quadratic.
constexpr std::size_t chain_max = 10000;

struct node {
  const thread_row* row = nullptr; ///< null: a message that is only referred to, or a made-up root
  std::uint32_t parent = none;
  std::uint32_t child_count = 0;   ///< while linking
  std::vector<std::uint32_t> children;
  std::int64_t sent = 0;           ///< of the message, or of the first child
  std::uint32_t order = 0;
};

class forest {
public:
  /// RFC 5256 §3, REFERENCES, steps 1 to 6.
  explicit forest(const std::vector<thread_row>& rows) {
    link(rows);
    collect();
    prune();
    sort_roots();
    gather_by_subject();
    sort_all();
  }

  std::string print() const {
    std::string out;
    for (const auto r : roots_) print(r, out);
    return out;
  }

private:
  std::uint32_t add(const thread_row* row) {
    nodes_.emplace_back().row = row;
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  bool is_ancestor(std::uint32_t who, std::uint32_t of) const {
    if (who == of) return true;
    if (nodes_[who].child_count == 0) return false;
    std::size_t steps = 0;
    for (auto at = nodes_[of].parent; at != none; at = nodes_[at].parent)
      if (at == who || ++steps > chain_max) return true;
    return false;
  }
  void set_parent(std::uint32_t child, std::uint32_t parent) {
    if (nodes_[child].parent != none) --nodes_[nodes_[child].parent].child_count;
    nodes_[child].parent = parent;
    if (parent != none) ++nodes_[parent].child_count;
  }

  /// Step 1.
  void link(const std::vector<thread_row>& rows) {
    nodes_.reserve(rows.size() * 2);
    std::unordered_map<std::string_view, std::uint32_t> by_id;
    by_id.reserve(rows.size() * 2);
    std::vector<std::uint32_t> own(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      own[i] = add(&rows[i]);
      // A second message with the same id stands for itself alone.
      if (!rows[i].message_id.empty()) by_id.try_emplace(rows[i].message_id, own[i]);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto last = none;
      for (const auto id : rows[i].references) {
        if (id.empty()) continue;
        const auto found = by_id.find(id);
        const auto next = found != by_id.end() ? found->second : by_id.emplace(id, add(nullptr)).first->second;
        if (last != none && nodes_[next].parent == none && !is_ancestor(next, last)) set_parent(next, last);
        last = next;
      }
      // The message's own references are better than what others said of it.
      if (nodes_[own[i]].parent == last) continue;
      if (last == none) {
        // No references: nothing is known better than what others said.
        set_parent(own[i], none);
      } else if (!is_ancestor(own[i], last)) {
        set_parent(own[i], last);
      }
    }
  }

  /// Step 2.
  void collect() {
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].parent == none) roots_.push_back(i);
      else nodes_[nodes_[i].parent].children.push_back(i);
    }
  }

  /// Every node below `roots_`, parents first.
  std::vector<std::uint32_t> walk() const {
    std::vector<std::uint32_t> out(roots_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto& children = nodes_[out[i]].children;
      out.insert(out.end(), children.begin(), children.end());
    }
    return out;
  }

  /// Step 3: dummies without children go; those with children give them to their parent, but
  /// not to the root, unless it is a single one.
  void prune() {
    auto order = walk();
    const auto pruned = [this](std::vector<std::uint32_t>& siblings, bool at_root) {
      std::vector<std::uint32_t> kept;
      kept.reserve(siblings.size());
      for (const auto s : siblings) {
        const auto& children = nodes_[s].children;
        if (nodes_[s].row || (at_root && children.size() > 1)) kept.push_back(s);
        else kept.insert(kept.end(), children.begin(), children.end());
      }
      siblings = std::move(kept);
    };
    // From the leaves up, so that a node's children are final when its parent looks at it.
    for (auto i = order.size(); i-- > 0;) pruned(nodes_[order[i]].children, false);
    pruned(roots_, true);
  }

  void date(std::uint32_t at) {
    auto& n = nodes_[at];
    if (n.row) {
      n.sent = n.row->sent;
      n.order = n.row->order;
    } else if (!n.children.empty()) {
      n.sent = nodes_[n.children.front()].sent;
      n.order = nodes_[n.children.front()].order;
    }
  }
  void sort_siblings(std::vector<std::uint32_t>& siblings) {
    std::sort(siblings.begin(), siblings.end(), [this](std::uint32_t a, std::uint32_t b) {
      return nodes_[a].sent != nodes_[b].sent ? nodes_[a].sent < nodes_[b].sent : nodes_[a].order < nodes_[b].order;
    });
  }
  /// Steps 4 and 6: children before parents, as a dummy has its first child's date.
  void sort_all() {
    const auto order = walk();
    for (auto i = order.size(); i-- > 0;) {
      sort_siblings(nodes_[order[i]].children);
      date(order[i]);
    }
    sort_siblings(roots_);
  }
  void sort_roots() { sort_all(); }

  std::string_view subject_of(std::uint32_t at) const {
    const auto& n = nodes_[at];
    if (n.row) return n.row->base_subject;
    return n.children.empty() ? std::string_view{} : nodes_[n.children.front()].row->base_subject;
  }
  bool is_reply(std::uint32_t at) const { return nodes_[at].row && nodes_[at].row->reply; }

  /// Step 5.
  void gather_by_subject() {
    std::unordered_map<std::string_view, std::uint32_t> table;
    for (const auto r : roots_) {
      const auto subject = subject_of(r);
      if (subject.empty()) continue;
      const auto [at, fresh] = table.try_emplace(subject, r);
      if (fresh || !nodes_[at->second].row) continue;
      if (!nodes_[r].row || (is_reply(at->second) && !is_reply(r))) at->second = r;
    }
    std::vector<std::uint32_t> kept;
    std::vector<bool> moved(nodes_.size(), false);
    const auto roots = roots_;
    for (const auto r : roots) {
      const auto subject = subject_of(r);
      if (subject.empty()) continue;
      auto& other = table[subject];
      if (other == r) continue;
      if (!nodes_[other].row && !nodes_[r].row) {
        auto children = std::move(nodes_[r].children);
        nodes_[r].children.clear();
        auto& all = nodes_[other].children;
        all.insert(all.end(), children.begin(), children.end());
      } else if (!nodes_[other].row || (is_reply(r) && !is_reply(other))) {
        nodes_[other].children.push_back(r);
      } else {
        const auto both = add(nullptr);
        moved.push_back(false);
        nodes_[both].children = {other, r};
        moved[other] = true;
        // Takes the place of the one that was there.
        std::replace(roots_.begin(), roots_.end(), other, both);
        other = both;
      }
      moved[r] = true;
    }
    for (const auto r : roots_)
      if (!moved[r]) kept.push_back(r);
    roots_ = std::move(kept);
  }

  /// thread-list of RFC 5256 §5, without recursion: conversations may be very deep.
  void print(std::uint32_t root, std::string& out) const {
    struct mark {
      std::uint32_t at;
      bool close;
      bool open;
    };
    std::vector<mark> todo{{root, false, true}};
    while (!todo.empty()) {
      const auto next = todo.back();
      todo.pop_back();
      if (next.close) {
        out.push_back(')');
        continue;
      }
      if (next.open) {
        out.push_back('(');
        todo.push_back({none, true, false});
      }
      const auto& n = nodes_[next.at];
      if (n.row) base::append_number(out, n.row->number);
      if (n.children.empty()) continue;
      if (n.row) out.push_back(' ');
      if (n.children.size() == 1) {
        todo.push_back({n.children.front(), false, false});
        continue;
      }
      for (auto c = n.children.rbegin(); c != n.children.rend(); ++c) todo.push_back({*c, false, true});
    }
  }

  std::vector<node> nodes_;
  std::vector<std::uint32_t> roots_;
};

/// RFC 5256 §3, ORDEREDSUBJECT.
std::string ordered_subject(const std::vector<thread_row>& rows) {
  std::vector<const thread_row*> sorted;
  sorted.reserve(rows.size());
  for (const auto& r : rows) sorted.push_back(&r);
  const auto earlier = [](const thread_row* a, const thread_row* b) {
    return a->sent != b->sent ? a->sent < b->sent : a->order < b->order;
  };
  std::sort(sorted.begin(), sorted.end(), [&](const thread_row* a, const thread_row* b) {
    return a->base_subject != b->base_subject ? a->base_subject < b->base_subject : earlier(a, b);
  });
  struct conversation {
    std::size_t begin, end;
  };
  std::vector<conversation> threads;
  for (std::size_t i = 0; i < sorted.size();) {
    auto end = i + 1;
    while (end < sorted.size() && sorted[end]->base_subject == sorted[i]->base_subject) ++end;
    threads.push_back({i, end});
    i = end;
  }
  std::sort(threads.begin(), threads.end(),
            [&](const conversation& a, const conversation& b) { return earlier(sorted[a.begin], sorted[b.begin]); });
  std::string out;
  for (const auto& t : threads) {
    out.push_back('(');
    base::append_number(out, sorted[t.begin]->number);
    const bool single = t.end - t.begin == 2;
    if (t.end - t.begin > 1) out.push_back(' ');
    for (auto i = t.begin + 1; i < t.end; ++i) {
      if (!single) out.push_back('(');
      base::append_number(out, sorted[i]->number);
      if (!single) out.push_back(')');
    }
    out.push_back(')');
  }
  return out;
}

} // namespace

std::string thread_rows(const std::vector<thread_row>& rows, thread_algorithm algorithm) {
  return algorithm == thread_algorithm::references ? forest(rows).print() : ordered_subject(rows);
}

} // namespace rookery::imap
