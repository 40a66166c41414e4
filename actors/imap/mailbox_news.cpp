#include "actors/imap/mailbox_news.hpp"

#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace rookery::actors {
namespace {

using storage::mail::account_view;
using storage::mail::mailbox_status;

/// "a/b" for "a/b/c"; "" at the top.
std::string_view parent_of(std::string_view name) {
  const auto at = name.rfind(imap::hierarchy_separator);
  return at == std::string_view::npos ? std::string_view() : name.substr(0, at);
}

bool below(std::string_view name, std::string_view top) {
  return name.size() > top.size() && name.starts_with(top) && name[top.size()] == imap::hierarchy_separator;
}

/// A child that went with its parent.
bool goes_with(const mailbox_news::name& child, const mailbox_news::name& parent) {
  return !parent.old_name.empty() && below(child.old_name, parent.old_name) && below(child.mailbox, parent.mailbox) &&
         child.old_name.substr(parent.old_name.size()) == child.mailbox.substr(parent.mailbox.size());
}

} // namespace

bool has_children(const account_view& all, std::string_view name) {
  auto prefix = std::string(name);
  prefix += imap::hierarchy_separator;
  const auto at = std::lower_bound(all.mailboxes.begin(), all.mailboxes.end(), prefix,
                                   [](const auto& m, const std::string& p) { return m->name < p; });
  return at != all.mailboxes.end() && (*at)->name.starts_with(prefix);
}

namespace {

bool seen_per_reader(const mailbox_status& m) { return m.access && m.access->seen_per_reader; }

void note(mailbox_news& news, const std::string& mailbox, std::string_view name) {
  auto at = std::find_if(news.annotations.begin(), news.annotations.end(), [&](const auto& a) { return a.mailbox == mailbox; });
  if (at == news.annotations.end()) at = news.annotations.insert(at, {mailbox, {}});
  if (std::find(at->names.begin(), at->names.end(), name) == at->names.end()) at->names.emplace_back(name);
}

void compare_annotations(mailbox_news& news, const account_view& before, const account_view& now, base::account_id reader) {
  if (now.annotation_changes == before.annotation_changes || !now.annotated) return;
  const auto fresh = now.annotation_changes - before.annotation_changes;
  const auto known = std::min<std::uint64_t>(fresh, now.annotated->size());
  news.too_many_annotations = known < fresh;
  for (auto at = now.annotated->end() - static_cast<std::ptrdiff_t>(known); at != now.annotated->end(); ++at) {
    if (at->reader && at->reader != reader) continue;
    if (!at->name.starts_with('/')) continue; // the server's own (url_gate.hpp)
    if (!at->mailbox) {
      note(news, {}, at->name);
      continue;
    }
    const auto m = std::find_if(now.mailboxes.begin(), now.mailboxes.end(), [&](const auto& s) { return s->id == at->mailbox; });
    if (m != now.mailboxes.end()) note(news, (*m)->name, at->name);
  }
}

} // namespace

mailbox_news compare(const account_view& before, const account_view& now, base::account_id reader) {
  mailbox_news news;
  compare_annotations(news, before, now, reader);
  std::map<std::uint32_t, const mailbox_status*> gone; // by id
  std::vector<const mailbox_status*> come;
  auto b = before.mailboxes.begin();
  auto n = now.mailboxes.begin();
  while (b != before.mailboxes.end() || n != now.mailboxes.end()) {
    if (n == now.mailboxes.end() || (b != before.mailboxes.end() && (*b)->name < (*n)->name)) {
      gone.emplace((*b)->id.value, b->get());
      ++b;
    } else if (b == before.mailboxes.end() || (*n)->name < (*b)->name) {
      come.push_back(n->get());
      ++n;
    } else {
      if ((*b)->id != (*n)->id) {
        gone.emplace((*b)->id.value, b->get());
        come.push_back(n->get());
      } else if (*b != *n && seen_per_reader(**b) != seen_per_reader(**n)) {
        note(news, (*n)->name, own_seen_entry);
        news.messages.push_back({b->get(), n->get()});
      } else if (*b != *n && ((*b)->highest_modseq != (*n)->highest_modseq || (*b)->uid_next != (*n)->uid_next)) {
        news.messages.push_back({b->get(), n->get()});
      }
      ++b;
      ++n;
    }
  }
  std::vector<std::string_view> parents;
  std::vector<mailbox_news::name> renamed;
  for (const auto* m : come) {
    const auto old = gone.find(m->id.value);
    if (old == gone.end()) {
      news.names.push_back({m->name, {}});
      parents.push_back(parent_of(m->name));
      continue;
    }
    renamed.push_back({m->name, old->second->name});
    if (old->second->highest_modseq != m->highest_modseq) news.messages.push_back({old->second, m});
    gone.erase(old);
  }
  for (const auto& [id, m] : gone) {
    news.names.push_back({m->name, {}});
    parents.push_back(parent_of(m->name));
  }
  for (const auto& r : renamed)
    if (std::none_of(renamed.begin(), renamed.end(), [&](const auto& p) { return goes_with(r, p); })) news.names.push_back(r);
  for (const auto parent : parents) {
    const bool told = parent.empty() ||
                      std::any_of(news.names.begin(), news.names.end(), [parent](const auto& x) { return x.mailbox == parent; });
    if (!told) news.names.push_back({std::string(parent), {}});
  }
  std::set_symmetric_difference(before.subscriptions.begin(), before.subscriptions.end(), now.subscriptions.begin(),
                                now.subscriptions.end(), std::back_inserter(news.subscriptions));
  return news;
}

} // namespace rookery::actors
