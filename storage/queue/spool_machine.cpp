#include "storage/queue/spool_machine.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/queue/spool_store.hpp"
#include "storage/tree/tree.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

namespace rookery::storage::queue {
namespace {

constexpr std::uint8_t state_version = 2; // 1 had no notes

command_result said(outcome what, std::uint64_t number = 0) {
  command_result r;
  r.what = what;
  r.number = number;
  return r;
}

/// RFC 3461 §4: the encoding of an ORCPT.
std::string xtext(std::string_view address) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : address) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > 32 && octet < 127 && c != '+' && c != '=') out.push_back(c);
    else out.append({'+', digits[octet >> 4], digits[octet & 15]});
  }
  return out;
}

class real_spool_machine final : public spool_machine {
public:
  real_spool_machine(std::unique_ptr<tree> records, spool_settings settings)
    : settings_(settings), store_(std::make_shared<spool_store>(std::move(records))),
      notes_(*store_, settings.notes_max, settings.note_octets_max) {}

  base::result<void> load() {
    store_->load_counts();
    const auto state = store_->get("s");
    if (!state) {
      bool any = false;
      store_->scan("m", "m", [&](std::string_view, std::string_view) { return !(any = true); });
      if (!any) store_->newest(base::message_id(0));
      return {};
    }
    base::decoder d(*state);
    const auto version = d.u8();
    flushed_ = applied_ = log_position::unpacked(d.u64());
    last_id_ = base::message_id(d.u64());
    store_->newest(last_id_);
    if (version == 2) {
      const auto notes = d.varint();
      notes_.load(notes, d.varint());
    }
    if (version == 0 || version > state_version)
      return base::fail(base::error_kind::unsupported, "The server's store is newer than this program.",
                        "spool: format version " + std::to_string(version) + " is unknown");
    if (!d.done()) return base::fail(base::error_kind::damaged, "The server's store is damaged.", "spool: the state record is damaged");
    return {};
  }

  base::shard_id shard() const override { return spool_shard; }
  log_position flushed() const override { return flushed_; }
  log_position applied() const override { return applied_; }
  std::size_t unflushed_octets() const override { return store_->unflushed_octets(); }
  std::vector<notice> publish() override { return {}; }
  std::shared_ptr<const spool_view> view() const override { return store_; }
  base::message_id last_id() const override { return last_id_; }

  std::vector<spool_change> take_changes() override {
    following_ = true;
    std::vector<spool_change> out;
    out.reserve(changes_.size());
    for (auto& [id, change] : changes_)
      if (!change.queue_before.empty() || !change.queue_after.empty()) out.push_back(std::move(change));
    changes_.clear();
    return out;
  }

  command_result apply(const committed_command& committed) override {
    if (committed.group_end) applied_ = committed.next;
    const auto read = decode_command(committed.payload);
    if (!read) return said(outcome::malformed);
    return std::visit([&](const auto& what) { return change(what, *read, committed); }, read->what);
  }

  const tree& records() const override { return store_->records(); }
  octets_by_segment take_lost_bodies() override { return store_->take_lost_bodies(); }
  base::result<void> flush(bool durable) override {
    std::string state;
    base::encoder e(state);
    e.u8(state_version);
    e.u64(applied_.packed());
    e.u64(last_id_.value);
    e.varint(notes_.notes());
    e.varint(notes_.octets());
    store_->put("s", std::move(state));
    if (auto done = store_->flush(durable, last_id_); !done) return done;
    flushed_ = applied_;
    return {};
  }

  void for_each_body(std::uint32_t segment, const std::function<void(const body_ref&)>& each) const override {
    const auto first = body_key(segment, 0, base::message_id(0));
    const std::string prefix = first.substr(0, 5);
    std::vector<base::message_id> ids;
    store_->scan(prefix, first, [&](std::string_view key, std::string_view) {
      const auto place = read_body_key(key);
      base::check(place.has_value(), "a body key of the spool is whole");
      ids.push_back(place->id);
      return true;
    });
    for (const auto id : ids)
      if (const auto m = store_->message(id); m && m->head.content.segment == segment) each(m->head.content);
  }

  std::vector<std::string> check() const override;

private:
  using stored = message_record;

  command_result change(const accepted& c, const command& all, const committed_command& committed) {
    if (committed.bodies.size() != 1 || !c.message.id || c.message.recipients.empty()) return said(outcome::malformed);
    if (store_->message(c.message.id)) return said(outcome::already_done);
    if (store_->messages() >= settings_.messages_max) return said(outcome::over_limit);
    stored m;
    m.head = c.message;
    if (m.head.received == base::wall_time{}) m.head.received = all.time;
    m.head.content = committed.bodies[0];
    m.recipients = static_cast<std::uint32_t>(c.message.recipients.size());
    m.waiting = static_cast<std::uint32_t>(c.message.outstanding());
    if (m.waiting == 0) return said(outcome::malformed);
    const auto& recipients = c.message.recipients;
    if (recipients.size() > recipients_a_page) m.head.recipients.resize(recipients_a_page);
    for (std::size_t at = recipients_a_page; at < recipients.size(); at += recipients_a_page) {
      const auto end = std::min(at + recipients_a_page, recipients.size());
      store_->put_new_page(c.message.id, static_cast<std::uint32_t>(at / recipients_a_page),
                           {recipients.begin() + static_cast<std::ptrdiff_t>(at), recipients.begin() + static_cast<std::ptrdiff_t>(end)});
    }
    store_->add_body(m.head.id, m.head.content);
    store_->put_new(m);
    store_->count(nullptr, &m);
    note_change(nullptr, &m);
    last_id_ = std::max(last_id_, m.head.id);
    return said(outcome::done, m.waiting);
  }

  command_result change(const hold& c, const command&, const committed_command&) { return set_held(c.id, true, c.because); }
  command_result change(const release& c, const command&, const committed_command&) { return set_held(c.id, false, {}); }

  command_result set_held(base::message_id id, bool held, const std::string& because) {
    auto m = store_->message(id);
    if (!m) return said(outcome::no_such_record);
    if (m->head.held == held && m->head.held_because == because && (held || m->head.hold_until == base::wall_time{}))
      return said(outcome::already_done, m->waiting);
    const auto before = *m;
    m->head.held = held;
    m->head.held_because = because;
    if (!held) m->head.hold_until = {}; // the operator's release ends FUTURERELEASE too
    return replace(before, *m);
  }

  command_result change(const removed& c, const command&, const committed_command&) {
    const auto m = store_->message(c.id);
    if (!m) return said(outcome::no_such_record);
    store_->remove(*m);
    store_->count(&*m, nullptr);
    note_change(&*m, nullptr);
    return said(outcome::done);
  }

  command_result change(const moved_to_queue& c, const command&, const committed_command&) {
    auto m = store_->message(c.id);
    if (!m) return said(outcome::no_such_record);
    if (m->head.queue == c.queue) return said(outcome::already_done, m->waiting);
    const auto before = *m;
    m->head.queue = c.queue;
    return replace(before, *m);
  }

  command_result change(const attempt_begun& c, const command&, const committed_command&) {
    auto m = store_->message(c.id);
    if (!m) return said(outcome::no_such_record);
    ++m->head.attempts;
    const auto what = change_recipients(*m, c.recipients, [](recipient& r, std::uint32_t) { ++r.attempts; return r.state; });
    if (what == outcome::done) store_->put(*m); // no change to tell of: who begins attempts knows
    return said(what, m->waiting);
  }

  command_result change(const recipient_done& c, const command&, const committed_command&) {
    return settle(c.id, {c.recipient}, [&](recipient& r, std::uint32_t) {
      r.last_answer = c.answer.substr(0, last_answer_octets_max);
      r.next_attempt = {};
      return c.delivered ? recipient_state::delivered : recipient_state::failed;
    });
  }

  command_result change(const recipient_deferred& c, const command&, const committed_command&) {
    return settle(c.id, {c.recipient}, [&](recipient& r, std::uint32_t) {
      r.last_answer = c.answer.substr(0, last_answer_octets_max);
      r.next_attempt = c.next_attempt;
      return recipient_state::waiting;
    });
  }

  command_result change(const expired& c, const command&, const committed_command&) {
    auto numbers = c.recipients;
    if (numbers.empty()) {
      const auto m = store_->find(c.id);
      if (!m) return said(outcome::no_such_record);
      for (std::uint32_t i = 0; i < m->recipients.size(); ++i)
        if (m->recipients[i].state == recipient_state::waiting) numbers.push_back(i);
    }
    return settle(c.id, numbers, [](recipient&, std::uint32_t) { return recipient_state::expired; });
  }

  command_result change(const relocate_body& c, const command&, const committed_command& committed) {
    if (committed.bodies.size() != 1) return said(outcome::malformed);
    const auto& place = committed.bodies[0];
    const auto first = body_key(c.old_segment, c.old_offset, base::message_id(0));
    std::vector<base::message_id> ids;
    store_->scan(std::string_view(first).substr(0, 9), first, [&](std::string_view key, std::string_view) {
      if (const auto at = read_body_key(key)) ids.push_back(at->id);
      return true;
    });
    std::uint64_t changed = 0;
    for (const auto id : ids) {
      auto m = store_->message(id);
      if (!m || m->head.content.id != place.id) continue;
      store_->remove_body(id, m->head.content);
      m->head.content = place;
      store_->add_body(id, place);
      store_->put(*m);
      ++changed;
    }
    return said(changed > 0 ? outcome::done : outcome::no_such_record, changed);
  }

  command_result change(const attempt_ended& c, const command& all, const committed_command&) {
    auto m = store_->message(c.id);
    if (!m) return said(outcome::no_such_record);
    const auto before = *m;
    std::map<std::uint32_t, const attempt_ended::outcome_of*> by_number;
    std::vector<std::uint32_t> numbers;
    for (const auto& o : c.outcomes) {
      by_number.emplace(o.recipient, &o);
      numbers.push_back(o.recipient);
    }
    const auto what = change_recipients(*m, numbers, [&](recipient& r, std::uint32_t number) {
      const auto& o = *by_number.at(number);
      r.last_answer = o.answer.substr(0, last_answer_octets_max);
      r.remote_host = o.remote_host.substr(0, remote_host_octets_max);
      r.last_attempt = all.time;
      r.delay_told = r.delay_told || o.delay_told;
      r.next_attempt = o.state == recipient_state::waiting ? o.next_attempt : base::wall_time{};
      return o.state;
    });
    if (what == outcome::no_such_record) return said(what, m->waiting);
    const bool moves = !c.queue_after.empty() && c.queue_after != m->head.queue;
    if (moves) m->head.queue = c.queue_after;
    return what == outcome::done || moves ? replace(before, *m) : said(what, m->waiting);
  }

  command_result change(const rerouted& c, const command&, const committed_command&) {
    auto m = store_->message(c.id);
    if (!m) return said(outcome::no_such_record);
    const auto route = c.route.host.empty() ? message_route{} : c.route;
    if (m->head.route == route) return said(outcome::already_done, m->waiting);
    const auto before = *m;
    m->head.route = route;
    make_due(*m);
    return replace(before, *m);
  }

  command_result change(const redirected& c, const command&, const committed_command&) {
    return settle(c.id, {c.recipient}, [&](recipient& r, std::uint32_t) {
      if (r.orcpt.empty()) r.orcpt = "rfc822;" + xtext(r.address);
      r.address = c.address;
      r.next_attempt = {};
      r.last_answer.clear();
      r.remote_host.clear();
      return recipient_state::waiting;
    });
  }

  command_result change(const retry_now& c, const command&, const committed_command&) {
    std::uint64_t changed = 0;
    for (const auto id : c.ids) {
      auto m = store_->message(id);
      if (!m) continue;
      const auto before = *m;
      make_due(*m);
      replace(before, *m);
      ++changed;
    }
    return said(changed > 0 ? outcome::done : outcome::no_such_record, changed);
  }

  command_result change(const put_note& c, const command&, const committed_command&) { return notes_.put(c); }
  command_result change(const count_note& c, const command&, const committed_command&) { return notes_.count(c); }
  command_result change(const drop_note& c, const command&, const committed_command&) { return notes_.drop(c); }
  command_result change(const drop_notes_before& c, const command&, const committed_command&) { return notes_.drop_before(c.now); }

  /// All that wait are to be tried at once.
  void make_due(stored& m) {
    std::vector<std::uint32_t> all(m.recipients);
    std::iota(all.begin(), all.end(), 0u);
    change_recipients(m, all, [](recipient& r, std::uint32_t) {
      r.next_attempt = {};
      return recipient_state::waiting;
    });
  }

  /// A message came (no `before`), went (no `after`) or changed.
  void note_change(const stored* before, const stored* after) {
    if (!following_) return;
    const auto id = (before != nullptr ? before : after)->head.id;
    auto [place, fresh] = changes_.try_emplace(id.value);
    auto& change = place->second;
    change.id = id;
    if (fresh && before != nullptr) change.queue_before = before->head.queue;
    change.queue_after = after != nullptr ? after->head.queue : std::string();
  }

  /// Changes waiting recipients; the message goes when none waits any more.
  template <class Change>
  command_result settle(base::message_id id, const std::vector<std::uint32_t>& numbers, const Change& to_state) {
    auto m = store_->message(id);
    if (!m) return said(outcome::no_such_record);
    const auto before = *m;
    const auto what = change_recipients(*m, numbers, to_state);
    return what == outcome::done ? replace(before, *m) : said(what, m->waiting);
  }

  command_result replace(const stored& before, const stored& after) {
    if (after.waiting == 0) {
      store_->remove(before);
      store_->count(&before, nullptr);
      note_change(&before, nullptr);
    } else {
      store_->put(after);
      store_->count(&before, &after);
      note_change(&before, &after);
    }
    return said(outcome::done, after.waiting);
  }

  /// `done` when at least one changed, or none was named; recipients of further pages are put at once.
  template <class Change>
  outcome change_recipients(stored& m, std::vector<std::uint32_t> numbers, const Change& to_state) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (!numbers.empty() && numbers.back() >= m.recipients) return outcome::no_such_record;
    bool changed = numbers.empty();
    for (auto i = numbers.begin(); i != numbers.end();) {
      const auto number = static_cast<std::uint32_t>(*i / recipients_a_page);
      std::vector<recipient> page;
      auto& of = number == 0 ? m.head.recipients : (page = store_->page(m.head.id, number));
      bool page_changed = false;
      for (; i != numbers.end() && *i / recipients_a_page == number; ++i) {
        base::check(*i % recipients_a_page < of.size(), "a page of the spool has its recipients");
        auto& r = of[*i % recipients_a_page];
        if (r.state != recipient_state::waiting) continue;
        r.state = to_state(r, *i);
        page_changed = true;
        if (r.state != recipient_state::waiting) --m.waiting;
      }
      if (page_changed && number > 0) store_->put_page(m.head.id, number, page);
      changed = changed || page_changed;
    }
    return changed ? outcome::done : outcome::already_done;
  }

  spool_settings settings_;
  std::shared_ptr<spool_store> store_;
  log_position flushed_, applied_;
  base::message_id last_id_;
  note_book notes_;
  bool following_ = false;
  std::unordered_map<std::uint64_t, spool_change> changes_; ///< by message
};

std::vector<std::string> real_spool_machine::check() const {
  std::vector<std::string> faults;
  std::map<std::string, queue_counts> counted;
  std::set<std::string> bodies;
  std::uint64_t pages = 0;
  const auto name = [](base::message_id id) { return "spool message " + std::to_string(id.value) + ": "; };
  store_->scan("m", "m", [&](std::string_view key, std::string_view value) {
    message_record m;
    try {
      m = read_message_record(value);
    } catch (const base::broken& why) {
      faults.push_back("spool record: " + std::string(why.what()));
      return true;
    }
    if (message_key(m.head.id) != key) faults.push_back(name(m.head.id) + "stored under another number");
    if (m.head.id > last_id_) faults.push_back(name(m.head.id) + "its number is above the greatest given");
    const auto whole = store_->whole(m);
    if (whole.recipients.size() != m.recipients) faults.push_back(name(m.head.id) + "recipients are missing");
    if (whole.outstanding() != m.waiting || m.waiting == 0) faults.push_back(name(m.head.id) + "the count of waiting recipients is wrong");
    bodies.insert(body_key(m.head.content.segment, m.head.content.offset, m.head.id));
    pages += (m.recipients - 1) / recipients_a_page;
    auto& c = counted[m.head.queue];
    ++c.messages;
    c.held += m.head.held ? 1 : 0;
    c.recipients += m.waiting;
    c.octets += m.head.octets();
    return true;
  });
  std::uint64_t indexed = 0;
  store_->scan("b", "b", [&](std::string_view key, std::string_view) {
    ++indexed;
    if (bodies.count(std::string(key)) == 0) faults.push_back("spool: the index of bodies names one that no message has");
    return true;
  });
  if (indexed < bodies.size()) faults.push_back("spool: the index of bodies is incomplete");
  std::uint64_t stored_pages = 0;
  store_->scan("r", "r", [&](std::string_view, std::string_view) {
    ++stored_pages;
    return true;
  });
  for (auto& line : notes_.check()) faults.push_back(std::move(line));
  if (stored_pages != pages) faults.push_back("spool: there are recipients of no message");
  for (const auto& c : store_->counts()) {
    const auto& is = counted[c.queue];
    if (is.messages != c.messages || is.held != c.held || is.recipients != c.recipients || is.octets != c.octets)
      faults.push_back("spool: the counts of queue \"" + c.queue + "\" are wrong");
    counted.erase(c.queue);
  }
  for (const auto& [queue, c] : counted)
    if (c.messages > 0) faults.push_back("spool: queue \"" + queue + "\" is not counted");
  return faults;
}

} // namespace

base::result<std::unique_ptr<spool_machine>> spool_machine::open(std::unique_ptr<tree> records, spool_settings settings) {
  auto fresh = std::make_unique<real_spool_machine>(std::move(records), settings);
  if (auto done = fresh->load(); !done) return base::fail(done.error());
  return std::unique_ptr<spool_machine>(std::move(fresh));
}

} // namespace rookery::storage::queue
