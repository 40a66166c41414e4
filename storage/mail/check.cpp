#include "storage/mail/check.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "base/text.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/page_rows.hpp"
#include "storage/tree/pending_rows.hpp"
#include "storage/mail/records.hpp"

#include <map>
#include <set>
#include <utility>

namespace rookery::storage::mail {
namespace {

/// Lines beyond this many are counted, not kept.
constexpr std::size_t faults_kept_max = 1000;

class checker {
public:
  explicit checker(const tree& rows) : rows_(rows) {}

  std::vector<std::string> run() {
    scan(key::all(family::account), [&](std::string_view k, std::string_view value) {
      key_reader in(k);
      check_account(base::account_id{in.u64()}, read_account_record(value));
    });
    scan(key::all(family::body), [&](std::string_view k, std::string_view) {
      if (!bodies_.contains(std::string(k))) fault("body row that no message has: " + base::to_hex(k));
      else bodies_.erase(std::string(k));
    });
    for (const auto& [k, unused] : bodies_) fault("message without its body row: " + base::to_hex(k));
    scan(key::all(family::share), [&](std::string_view k, std::string_view) {
      if (shares_.erase(std::string(k)) == 0) fault("share row that no mailbox's rights have: " + base::to_hex(k));
    });
    for (const auto& k : shares_) fault("rights without their share row: " + base::to_hex(k));
    for (const auto f : {family::reader_seen, family::metadata})
      scan(key::all(f), [&](std::string_view k, std::string_view value) {
        key_reader in(k);
        const auto account = in.u64();
        const auto mailbox = in.u32();
        in.u64();
        if (!in.ok() || (mailbox != 0 && !mailboxes_.contains({account, mailbox})))
          fault("row of a mailbox that is not there: " + base::to_hex(k));
        if (f == family::reader_seen) read_ranges(value);
      });
    if (dropped_ > 0) fault(std::to_string(dropped_) + " more faults");
    return std::move(faults_);
  }

private:
  template <class F>
  void scan(const std::string& prefix, F&& each) {
    must(rows_.scan(prefix, key::behind(prefix), [&](std::string_view k, std::string_view value) {
      try {
        each(k, value);
      } catch (const base::broken& damage) {
        fault(std::string(damage.what()) + ": row " + base::to_hex(k));
      }
      return true;
    }));
  }

  void fault(std::string line) {
    if (faults_.size() < faults_kept_max) faults_.push_back(std::move(line));
    else ++dropped_;
  }
  void expect(bool holds, const std::string& where, const char* what) {
    if (!holds) fault(where + ": " + what);
  }

  void check_account(base::account_id a, const account_record& record) {
    const auto where = "account " + std::to_string(a.value);
    std::uint64_t octets = 0, messages = 0;
    std::uint32_t mailboxes = 0;
    std::map<std::string, std::uint32_t> names;
    const auto before = key::name(a, "").size();
    scan(key::name(a, ""), [&](std::string_view k, std::string_view value) {
      base::decoder in(value);
      names.emplace(k.substr(before), in.u32());
    });
    scan(key::mailboxes(a), [&](std::string_view k, std::string_view value) {
      key_reader in(k);
      in.u64();
      const base::mailbox_id id{in.u32()};
      const auto mailbox = read_mailbox_record(value);
      ++mailboxes;
      octets += mailbox.octets;
      messages += mailbox.messages;
      const auto place = where + " mailbox " + std::to_string(id.value);
      expect(id.value < record.mailbox_next, place, "id not below the account's next one");
      expect(mailbox.uid_validity <= record.last_uid_validity, place, "UIDVALIDITY above the account's last one");
      const auto named = names.find(mailbox.name);
      expect(named != names.end() && named->second == id.value, place, "name row missing or of another mailbox");
      if (named != names.end()) names.erase(named);
      if (mailbox.name == "INBOX") expect(record.inbox == id.value, place, "INBOX is not the account's");
      mailboxes_.emplace(a.value, id.value);
      if (mailbox.access) check_access(a, id, *mailbox.access, place);
      check_mailbox(a, id, mailbox, place);
    });
    expect(names.empty(), where, "name row without a mailbox");
    expect(mailboxes == record.mailboxes, where, "count of mailboxes differs");
    expect(octets == record.octets, where, "octets differ from the sum of the mailboxes");
    expect(messages == record.messages, where, "messages differ from the sum of the mailboxes");
  }

  void check_access(base::account_id a, base::mailbox_id id, const mailbox_access& access, const std::string& where) {
    const std::string* before = nullptr;
    for (const auto& e : access.entries) {
      expect(before == nullptr || *before < e.who, where, "lines of rights out of order");
      expect(e.rights != 0, where, "a line of rights without any");
      if (!e.who.starts_with('-')) shares_.insert(key::share(e.who, a, id));
      before = &e.who;
    }
  }

  struct found_page {
    page hot;
    std::uint32_t covered = 0;
    std::uint32_t cold = 0;
    std::unique_ptr<static_columns> statics = empty_statics();
  };

  void check_mailbox(base::account_id a, base::mailbox_id id, const mailbox_record& record, const std::string& where) {
    std::map<std::uint32_t, found_page> pages;
    const auto number_of = [](std::string_view k) {
      key_reader in(k);
      in.u64();
      in.u32();
      return in.u32();
    };
    scan(key::of_mailbox(family::hot, a, id), [&](std::string_view k, std::string_view value) {
      auto& p = pages[number_of(k)];
      p.covered = read_hot(value, p.hot);
    });
    scan(key::of_mailbox(family::run, a, id), [&](std::string_view k, std::string_view value) {
      auto& p = pages[number_of(k)];
      const auto run = read_run(value);
      expect(run.first_slot == p.cold, where, "gap in the runs of a page");
      for (std::size_t i = 0; i < run.cold.size(); ++i) {
        const auto slot = run.first_slot + static_cast<std::uint32_t>(i);
        put_static(*p.statics, slot, cold_row(run.cold[i]));
        if (slot < p.covered) continue;
        p.hot.uid.push_back(run.hot[i].uid);
        p.hot.modseq.push_back(run.hot[i].modseq);
        p.hot.flags.push_back(run.hot[i].flags);
        p.hot.slot.push_back(static_cast<std::uint8_t>(slot));
      }
      p.cold += static_cast<std::uint32_t>(run.cold.size());
    });
    // What was emptied waits for the pictures that still show it.
    scan(key::of_mailbox(family::grave, a, id), [&](std::string_view k, std::string_view) {
      const auto number = number_of(k);
      const auto found = pages.find(number);
      if (found == pages.end()) return;
      expect(found->second.hot.rows() == 0, where + " page " + std::to_string(number), "emptied, but it has messages");
      pages.erase(found);
    });
    std::uint32_t messages = 0, unseen = 0, deleted = 0, last_uid = 0;
    std::uint64_t octets = 0;
    for (auto& [number, p] : pages) {
      const auto place = where + " page " + std::to_string(number);
      const auto slots = number == record.page ? record.slot : page_slots;
      expect(number <= record.page, place, "behind the page being filled");
      if (p.cold == 0) read_sealed(a, id, number, p, place);
      expect(p.cold == slots, place, "slots without static and text rows");
      for (std::size_t row = 0; row < p.hot.rows(); ++row) {
        const auto uid = p.hot.uid[row];
        const auto slot = p.hot.slot[row];
        expect(uid > last_uid, place, "UIDs do not ascend");
        last_uid = uid;
        expect(p.hot.modseq[row] <= record.highest_modseq, place, "MODSEQ above the highest");
        const auto keywords = p.hot.flags[row] >> flag::first_keyword_bit;
        expect(record.keywords.size() >= 56 || keywords >> record.keywords.size() == 0, place, "unnamed keyword");
        ++messages;
        if ((p.hot.flags[row] & flag::seen) == 0) ++unseen;
        if ((p.hot.flags[row] & flag::deleted) != 0) ++deleted;
        octets += p.statics->size[slot];
        const auto& body = p.statics->body[slot];
        bodies_.emplace(key::body(body.segment, body.offset, a, id, uid), true);
        expect(p.statics->size[slot] == p.statics->prefix[slot].size() + body.length, place, "size differs from the body's");
      }
    }
    expect(last_uid < record.uid_next, where, "a UID not below UIDNEXT");
    expect(messages == record.messages, where, "count of messages differs");
    expect(unseen == record.unseen, where, "count of unseen messages differs");
    expect(deleted == record.deleted, where, "count of deleted messages differs");
    expect(octets == record.octets, where, "octets differ");
    std::uint64_t vanished = 0;
    scan(key::of_mailbox(family::vanished, a, id), [&](std::string_view k, std::string_view value) {
      key_reader in(k);
      in.u64();
      in.u32();
      expect(in.u64() > record.expunged_known_since, where, "vanished UIDs that count as forgotten");
      for (const auto& [first, last] : read_ranges(value)) vanished += last - first + 1u;
    });
    expect(vanished == record.vanished, where, "count of vanished UIDs differs");
  }

  void read_sealed(base::account_id a, base::mailbox_id id, std::uint32_t number, found_page& p, const std::string& where) {
    const page_id page{a, id, number};
    const auto statics = must(rows_.get(key::page(family::statics, page)));
    if (!statics) return;
    read_statics(*statics, *p.statics);
    p.cold = page_slots;
    for (std::size_t i = 0; i < text_column_count; ++i) {
      const auto text = must(rows_.get(key::text(page, static_cast<text_column>(i))));
      expect(text.has_value(), where, "text row missing");
      text_rows rows;
      if (text) read_text(*text, rows);
    }
  }

  const tree& rows_;
  std::map<std::string, bool> bodies_;
  std::set<std::string> shares_;
  std::set<std::pair<std::uint64_t, std::uint32_t>> mailboxes_;
  std::vector<std::string> faults_;
  std::uint64_t dropped_ = 0;
};

} // namespace

std::vector<std::string> check_tree(const tree& rows) { return checker(rows).run(); }

} // namespace rookery::storage::mail
