#include "storage/mail/shard_state.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/sharing_commands.hpp"

#include <algorithm>
#include <utility>

namespace rookery::storage::mail {

shard_state::shard_state(std::shared_ptr<mail_store> store) : store_(std::move(store)) {
  deliveries_.open(*store_->rows);
  const auto shares = key::all(family::share);
  must(store_->rows->scan(shares, key::behind(shares), [&](std::string_view k, std::string_view) {
    key_reader in(k);
    const base::account_id account{in.u64()};
    in.u32();
    base::check(in.ok(), "mail tree: damaged key of a share");
    store_->shares->put(std::string(in.rest()), account);
    return true;
  }));
  // Nobody holds an old picture now: what was kept for them goes with the first flush.
  const auto prefix = key::all(family::grave);
  must(store_->rows->scan(prefix, key::behind(prefix), [&](std::string_view k, std::string_view) {
    key_reader in(k);
    page_id page;
    page.account = base::account_id{in.u64()};
    page.mailbox = base::mailbox_id{in.u32()};
    page.number = in.u32();
    graves_.push_back(std::make_shared<page_source>(store_, page, page_slots));
    return true;
  }));
}

account_state& shard_state::look_at(base::account_id id) {
  const auto found = accounts_.find(id);
  if (found != accounts_.end()) {
    auto& a = *found->second;
    accounts_by_use_.splice(accounts_by_use_.begin(), accounts_by_use_, a.by_use);
    return a;
  }
  auto made = std::make_unique<account_state>();
  made->id = id;
  if (const auto stored = must(store_->rows->get(key::account(id)))) made->record = read_account_record(*stored);
  accounts_by_use_.push_front(made.get());
  made->by_use = accounts_by_use_.begin();
  return *accounts_.emplace(id, std::move(made)).first->second;
}

account_state& shard_state::account(base::account_id id) {
  auto& a = look_at(id);
  if (a.record.inbox == 0) make_inbox(a, a.implied_uid_validity());
  return a;
}

mailbox_state& shard_state::enter(base::account_id account, base::mailbox_id id, mailbox_record record, bool stored) {
  auto made = std::make_unique<mailbox_state>(store_, account, id, std::move(record), stored);
  mailboxes_by_use_.push_front(made.get());
  made->by_use = mailboxes_by_use_.begin();
  auto& entered = mailboxes_[{account, id}];
  base::check(entered == nullptr, "a mailbox is in memory twice");
  entered = std::move(made);
  return *entered;
}

mailbox_state& shard_state::imagine_inbox(account_state& a) {
  const base::mailbox_id id{a.record.mailbox_next};
  const auto found = mailboxes_.find({a.id, id});
  if (found != mailboxes_.end()) return *found->second;
  mailbox_record record;
  record.name = "INBOX";
  record.uid_validity = a.implied_uid_validity();
  auto& m = enter(a.id, id, std::move(record), false);
  m.imagined = true;
  return m;
}

mailbox_state& shard_state::make_inbox(account_state& a, std::uint32_t uid_validity) {
  auto& m = imagine_inbox(a);
  m.imagined = false;
  m.record.uid_validity = uid_validity;
  a.record.inbox = m.id().value;
  ++a.record.mailbox_next;
  ++a.record.mailboxes;
  a.record.last_uid_validity = std::max(a.record.last_uid_validity, uid_validity);
  std::string id;
  base::encoder(id).u32(m.id().value);
  store_->pending.put(key::name(a.id, m.record.name), std::move(id));
  changed(a, m);
  return m;
}

mailbox_state* shard_state::mailbox(account_state& a, base::mailbox_id id) {
  const auto found = mailboxes_.find({a.id, id});
  if (found != mailboxes_.end()) {
    auto& m = *found->second;
    mailboxes_by_use_.splice(mailboxes_by_use_.begin(), mailboxes_by_use_, m.by_use);
    return m.gone ? nullptr : &m;
  }
  if (a.record.inbox == 0 && id.value == a.record.mailbox_next) return &imagine_inbox(a);
  if (id.value == 0 || id.value >= a.record.mailbox_next) return nullptr;
  const auto stored = must(store_->rows->get(key::mailbox(a.id, id)));
  return stored ? &enter(a.id, id, read_mailbox_record(*stored), true) : nullptr;
}

base::mailbox_id shard_state::id_of(const account_state& a, std::string_view name) const {
  if (name == "INBOX") return base::mailbox_id{a.record.inbox};
  const auto value = store_->pending.get(key::name(a.id, name));
  if (!value) return {};
  base::decoder in(*value);
  const base::mailbox_id id{in.u32()};
  base::check(in.done(), "mail tree: damaged name row");
  return id;
}

mailbox_state* shard_state::mailbox_named(account_state& a, std::string_view name) {
  const auto id = id_of(a, name);
  if (!id) return nullptr;
  auto* m = mailbox(a, id);
  base::check(m != nullptr, "mail tree: a name row without its mailbox");
  return m;
}

mailbox_state& shard_state::make_mailbox(account_state& a, std::string name, std::string special_use,
                                         std::uint32_t uid_validity) {
  mailbox_record record;
  record.name = std::move(name);
  record.special_use = std::move(special_use);
  record.uid_validity = uid_validity;
  auto& m = enter(a.id, base::mailbox_id{a.record.mailbox_next++}, std::move(record), false);
  ++a.record.mailboxes;
  std::string id;
  base::encoder(id).u32(m.id().value);
  store_->pending.put(key::name(a.id, m.record.name), std::move(id));
  inherit_access(*this, a, m);
  changed(a, m);
  list_changed(a);
  return m;
}

void shard_state::remove_mailbox(account_state& a, mailbox_state& m) {
  const auto removed = m.remove_everything();
  a.record.messages -= removed.messages;
  a.record.octets -= removed.octets;
  --a.record.mailboxes;
  if (m.id().value == a.record.inbox) a.record.inbox = 0;
  store_->pending.remove(key::name(a.id, m.record.name));
  forget_sharing(*this, a, m);
  if (m.record.vanished > 0) store_->pending.remove_all(key::of_mailbox(family::vanished, a.id, m.id()));
  if (!a.cell.expired()) a.removed_names.push_back(m.record.name);
  changed(a, m);
  list_changed(a);
  m.gone = true;
}

void shard_state::rename_mailboxes(account_state& a, std::vector<std::pair<mailbox_state*, std::string>> renamed) {
  for (const auto& [m, to] : renamed) {
    store_->pending.remove(key::name(a.id, m->record.name));
    if (!a.cell.expired()) a.removed_names.push_back(m->record.name);
  }
  for (auto& [m, to] : renamed) {
    std::string id;
    base::encoder(id).u32(m->id().value);
    store_->pending.put(key::name(a.id, to), std::move(id));
    m->record.name = std::move(to);
    m->subscribed.reset();
    changed(a, *m);
  }
  list_changed(a);
}

void shard_state::changed(account_state& a) {
  if (!a.dirty) dirty_accounts_.push_back(&a);
  a.dirty = true;
  if (!a.touched) touched_accounts_.push_back(&a);
  a.touched = true;
}

void shard_state::touch(account_state& a, mailbox_state& m) {
  if (!m.dirty) {
    dirty_mailboxes_.push_back(&m);
    a.dirty_mailboxes.push_back(&m);
  }
  m.dirty = true;
  if (m.touched) return;
  m.touched = true;
  touched_mailboxes_.push_back(&m);
  a.touched_mailboxes.push_back(m.id());
}

void shard_state::changed(account_state& a, mailbox_state& m) {
  changed(a);
  touch(a, m);
  const notice n{a.id, m.id()};
  if (notices_.empty() || notices_.back() != n) notices_.push_back(n);
}

void shard_state::changed_silently(account_state& a, mailbox_state& m) {
  changed(a);
  touch(a, m);
}

void shard_state::list_changed(account_state& a) {
  changed(a);
  if (!a.list_changed) notices_.push_back({a.id, {}});
  a.list_changed = true;
}

void shard_state::subscribed(account_state& a, const std::string& name, bool on) {
  auto k = key::subscription(a.id, name);
  if (on) store_->pending.put(std::move(k), {});
  else store_->pending.remove(std::move(k));
  if (!a.cell.expired()) a.subscriptions.emplace_back(name, on);
  list_changed(a);
  if (auto* m = mailbox_named(a, name)) {
    m->subscribed = on;
    changed_silently(a, *m);
  }
}

bool shard_state::is_subscribed(base::account_id a, std::string_view name) const {
  return store_->pending.get(key::subscription(a, name)).has_value();
}

std::shared_ptr<const account_view> shard_state::list(account_state& a) {
  auto v = std::make_shared<account_view>();
  v->account = a.id;
  v->octets = a.record.octets;
  v->messages = a.record.messages;
  v->begun = a.record.begun;
  const auto names = key_writer(family::subscription).u64(a.id.value).done();
  store_->pending.scan(names, [&](std::string_view k, std::string_view) {
    v->subscriptions.emplace_back(k.substr(names.size()));
    return true;
  });
  const auto add = [&](mailbox_status s) {
    s.subscribed = std::binary_search(v->subscriptions.begin(), v->subscriptions.end(), s.name);
    v->mailboxes.push_back(std::make_shared<const mailbox_status>(std::move(s)));
  };
  const auto in_tree = key::mailboxes(a.id);
  must(store_->rows->scan(in_tree, key::behind(in_tree), [&](std::string_view k, std::string_view value) {
    key_reader in(k);
    in.u64();
    const base::mailbox_id id{in.u32()};
    const auto found = mailboxes_.find({a.id, id});
    if (found == mailboxes_.end()) add(mailbox_state(store_, a.id, id, read_mailbox_record(value), true).status());
    else if (!found->second->dirty) add(found->second->status());
    return true; // changed ones follow
  }));
  for (const auto* m : a.dirty_mailboxes)
    if (!m->gone) add(m->status());
  if (a.record.inbox == 0) add(imagine_inbox(a).status());
  std::sort(v->mailboxes.begin(), v->mailboxes.end(), [](const auto& x, const auto& y) { return x->name < y->name; });
  return v;
}

std::shared_ptr<account_cell> shard_state::open_account(base::account_id id) {
  auto& a = look_at(id);
  if (auto open = a.cell.lock()) return open;
  auto cell = std::make_shared<account_cell>();
  cell->publish(list(a));
  a.cell = cell;
  return cell;
}

std::shared_ptr<mailbox_cell> shard_state::open_mailbox(base::account_id account, base::mailbox_id id,
                                                        base::account_id reader) {
  if (mailboxes_.size() > store_->settings.open_mailboxes_max * 9 / 8 || opened_ > store_->settings.open_messages_max / 4)
    let_go();
  auto* m = mailbox(look_at(account), id);
  if (m == nullptr) return nullptr;
  auto cell = m->cell;
  if (reader) { // always a cell of his own: whether he has his own \Seen may change while he looks
    const auto at = std::find_if(m->readers.begin(), m->readers.end(), [&](const auto& r) { return r.reader == reader; });
    cell = at != m->readers.end() ? at->cell : nullptr;
  }
  const bool held = m->held(); // by somebody else than us: then what is published is new
  const bool known = cell != nullptr;
  if (!known) {
    cell = std::make_shared<published_mailbox>(store_, account, id);
    cell->recent_from = m->recent_from;
    if (reader) m->readers.push_back({reader, cell, nullptr});
    else m->cell = cell;
  }
  if (known && held && cell->view()) return cell;
  opened_ += m->record.messages;
  m->open_pages();
  if (!m->subscribed) m->subscribed = is_subscribed(account, m->record.name);
  cell->known_since = m->record.expunged_known_since;
  m->publish();
  return cell;
}

std::vector<std::pair<base::mailbox_id, std::uint32_t>> shard_state::recent(base::account_id account) {
  // Only what came while a mailbox was in memory is recent.
  std::vector<base::mailbox_id> candidates;
  for (const auto& [at, m] : mailboxes_)
    if (at.account == account && !m->gone && (m->cell ? m->cell->recent_from.load() : m->recent_from) < m->record.uid_next)
      candidates.push_back(at.mailbox);
  std::vector<std::pair<base::mailbox_id, std::uint32_t>> found;
  for (const auto id : candidates) {
    const auto cell = open_mailbox(account, id);
    if (!cell) continue;
    const auto n = recent_count(*cell);
    if (n > 0) found.emplace_back(id, n);
  }
  return found;
}

void shard_state::publish_list(account_state& a, account_cell& cell) {
  std::vector<std::shared_ptr<const mailbox_status>> entered;
  for (const auto id : a.touched_mailboxes) {
    const auto found = mailboxes_.find({a.id, id});
    base::check(found != mailboxes_.end(), "a changed mailbox left memory before it was published");
    auto& m = *found->second;
    if (m.gone) continue;
    if (!m.subscribed) m.subscribed = is_subscribed(a.id, m.record.name);
    entered.push_back(std::make_shared<const mailbox_status>(m.status()));
  }
  // After an account was dropped an INBOX is in the picture again.
  if (a.record.inbox == 0) entered.push_back(std::make_shared<const mailbox_status>(imagine_inbox(a).status()));
  cell.amend([&](account_view& v) {
    v.octets = a.record.octets;
    v.messages = a.record.messages;
    v.begun = a.record.begun;
    amend_list(v, std::move(a.removed_names), std::move(entered));
    for (const auto& [name, on] : a.subscriptions) {
      const auto at = std::lower_bound(v.subscriptions.begin(), v.subscriptions.end(), name);
      const bool there = at != v.subscriptions.end() && *at == name;
      if (on && !there) v.subscriptions.insert(at, name);
      if (!on && there) v.subscriptions.erase(at);
    }
    if (a.annotated.empty()) return;
    v.annotation_changes += a.annotated.size();
    auto all = v.annotated ? *v.annotated : std::vector<annotation_change>();
    all.insert(all.end(), a.annotated.begin(), a.annotated.end());
    if (all.size() > annotation_changes_kept) all.erase(all.begin(), all.end() - annotation_changes_kept);
    v.annotated = std::make_shared<const std::vector<annotation_change>>(std::move(all));
  });
}

std::vector<notice> shard_state::publish() {
  for (auto* a : touched_accounts_) {
    if (const auto cell = a->cell.lock()) publish_list(*a, *cell);
    a->removed_names.clear();
    a->touched_mailboxes.clear();
    a->subscriptions.clear();
    a->annotated.clear();
    a->touched = a->list_changed = false;
  }
  touched_accounts_.clear();
  for (auto* m : touched_mailboxes_) {
    m->touched = false;
    if (!m->cell && m->readers.empty()) continue;
    if (!m->held()) {
      if (m->cell) m->cell->publish(nullptr); // nobody looks: no copies for nobody
      m->readers.clear();
      continue;
    }
    m->open_pages();
    if (!m->subscribed) m->subscribed = is_subscribed(m->account(), m->record.name);
    m->publish();
  }
  touched_mailboxes_.clear();
  std::sort(notices_.begin(), notices_.end());
  notices_.erase(std::unique(notices_.begin(), notices_.end()), notices_.end());
  return std::exchange(notices_, {});
}

void shard_state::collect(tree::batch& batch) {
  graves_left_.clear();
  for (const auto& grave : graves_) {
    if (grave.use_count() > 1) {
      graves_left_.push_back(grave);
      continue;
    }
    const auto& page = grave->id();
    batch.remove(key::page(family::grave, page));
    batch.remove(key::page(family::hot, page));
    batch.remove(key::page(family::statics, page));
    for (std::size_t i = 0; i < text_column_count; ++i) batch.remove(key::text(page, static_cast<text_column>(i)));
    const auto runs = key::page(family::run, page);
    must(store_->rows->scan(runs, key::behind(runs), [&](std::string_view k, std::string_view) {
      batch.remove(std::string(k));
      return true;
    }));
  }
  for (auto* m : dirty_mailboxes_) m->collect(batch, graves_left_);
  for (const auto* a : dirty_accounts_) batch.put(key::account(a->id), encode(a->record));
  deliveries_.collect(batch);
  store_->pending.collect(batch);
}

void shard_state::flushed() {
  graves_ = std::move(graves_left_);
  graves_left_.clear();
  deliveries_.flushed();
  store_->pending.written();
  for (auto* a : dirty_accounts_) {
    a->dirty = false;
    a->dirty_mailboxes.clear();
  }
  dirty_accounts_.clear();
  for (auto* m : dirty_mailboxes_) m->flushed();
  dirty_mailboxes_.clear();
  let_go();
}

void shard_state::let_go() {
  const auto most = store_->settings.open_mailboxes_max;
  // Those that cannot go are looked at once and moved to the front.
  for (auto steps = mailboxes_.size(); mailboxes_.size() > most && steps > 0; --steps) {
    auto* m = mailboxes_by_use_.back();
    if (m->dirty || m->touched || m->held()) {
      mailboxes_by_use_.splice(mailboxes_by_use_.begin(), mailboxes_by_use_, m->by_use);
      continue;
    }
    mailboxes_by_use_.pop_back();
    mailboxes_.erase({m->account(), m->id()});
  }
  opened_ = 0;
  std::size_t messages = 0;
  for (auto* m : mailboxes_by_use_) {
    if (m->held()) continue;
    messages += m->messages_open();
    if (messages <= store_->settings.open_messages_max || m->messages_open() == 0 || m->dirty || m->touched) continue;
    if (m->cell) m->cell->publish(nullptr);
    m->readers.clear();
    m->close_pages();
  }
  for (auto steps = accounts_.size(); accounts_.size() > most && steps > 0; --steps) {
    auto* a = accounts_by_use_.back();
    if (a->dirty || a->touched || !a->cell.expired()) {
      accounts_by_use_.splice(accounts_by_use_.begin(), accounts_by_use_, a->by_use);
      continue;
    }
    accounts_by_use_.pop_back();
    accounts_.erase(a->id);
  }
}

} // namespace rookery::storage::mail
