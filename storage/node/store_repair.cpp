#include "storage/node/store_repair.hpp"

#include "base/check.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/log/log_damage.hpp"
#include "storage/mail/command.hpp"
#include "storage/mail/keys.hpp"
#include "storage/tree/pending_rows.hpp"
#include "storage/mail/records.hpp"
#include "storage/node/node_store.hpp"
#include "storage/queue/command.hpp"
#include "storage/tree/tree_view.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <stdlib.h>
#include <unistd.h>

namespace rookery::storage {
namespace {

using hole_kind = log_hole::kind;

std::string place(std::uint32_t segment, std::uint64_t offset) {
  return segment_name(segment) + " at " + std::to_string(offset);
}

std::string name_of(const mail::any_command& what) {
  struct names {
    std::string operator()(const mail::create_mailbox& c) const { return "the new mailbox " + c.name; }
    std::string operator()(const mail::delete_mailbox& c) const { return "the removal of mailbox " + c.name; }
    std::string operator()(const mail::rename_mailbox& c) const { return "mailbox " + c.from + " renamed to " + c.to; }
    std::string operator()(const mail::subscribe& c) const { return "a subscription of " + c.name; }
    std::string operator()(const mail::set_special_use& c) const { return "the use of mailbox " + c.name; }
    std::string operator()(const mail::append& c) const { return std::to_string(c.messages.size()) + " message(s) appended"; }
    std::string operator()(const mail::deliver& c) const { return "a message delivered to " + c.folder; }
    std::string operator()(const mail::store_flags&) const { return "a change of flags"; }
    std::string operator()(const mail::expunge&) const { return "messages expunged (they are there again)"; }
    std::string operator()(const mail::copy_messages&) const { return "messages copied"; }
    std::string operator()(const mail::move_messages&) const { return "messages moved (they are where they were)"; }
    std::string operator()(const mail::replace_message&) const { return "a message replaced (the old one is there again)"; }
    std::string operator()(const mail::drop_account&) const { return "the removal of all its mail"; }
    std::string operator()(const mail::relocate_body&) const { return {}; }
    std::string operator()(const mail::set_rights& c) const { return "rights of " + c.who; }
    std::string operator()(const mail::begin_account&) const { return "its first mailboxes"; }
    std::string operator()(const mail::restore_messages& c) const { return "messages restored to " + c.mailbox; }
    std::string operator()(const mail::set_seen_mode&) const { return "whether each reader has a \\Seen of his own"; }
    std::string operator()(const mail::set_metadata&) const { return "annotations"; }
  };
  return std::visit(names{}, what);
}

class repair {
public:
  repair(std::string directory, bool apply) : apply_(apply) { store_.directory = std::move(directory); }
  ~repair() {
    close();
    std::error_code fault;
    if (!scratch_.empty()) std::filesystem::remove_all(scratch_, fault);
    if (lock_ >= 0) ::close(lock_);
  }
  repair(const repair&) = delete;
  repair& operator=(const repair&) = delete;

  base::result<repair_report> run() {
    auto identity = read_store_identity(store_.directory);
    if (!identity) return base::fail(identity.error());
    store_.identity = *identity;
    auto lock = lock_store(store_.directory, apply_);
    if (!lock) return base::fail(lock.error());
    lock_ = *lock;
    configuration_ = !store_.config_apart() || has_configuration(files_, store_.directory);
    of_node_.directory = store_.log_directory();
    of_config_.directory = store_.config_log_directory();
    for (auto* l : logs()) {
      const auto first = survey_log(files_, l->directory, [](const committed_command&) {}, [](const log_hole&) {});
      if (!first) return base::fail(first.error());
      l->found = *first;
    }
    if (auto opened = open(); !opened) return base::fail(opened.error());
    for (auto* l : logs()) {
      for (const auto& h : l->found.holes) tell(*l, h);
      for (std::size_t s = 0; s < machines_.size(); ++s) {
        const auto* m = machines_[s];
        if (m != nullptr && belongs(s, *l) && m->flushed() > l->found.end && m->flushed() > l->found.needed_from)
          damage(*l, "the log ends at " + place(l->found.end.segment, l->found.end.offset) + ", but shard " + std::to_string(s) + " has read up to " +
                         place(m->flushed().segment, m->flushed().offset) + ": the end of the log is missing");
      }
    }
    if (!out_.needed) return std::move(out_);
    stopped_.assign(machines_.size(), false);
    for (const auto* m : machines_) reached_.push_back(m != nullptr ? m->flushed() : log_position{});
    for (auto* l : logs()) {
      const auto read = survey_log(files_, l->directory, [&](const committed_command& c) { take(*l, c); }, [&](const log_hole& h) { stop_at(*l, h); });
      if (!read) return base::fail(read.error());
    }
    for (auto* m : machines_)
      if (m != nullptr) m->publish();
    tell_lost_bodies();
    if (apply_)
      if (auto done = mend(); !done) return base::fail(done.error());
    out_.saved = saved_.size();
    return std::move(out_);
  }

private:
  /// Of the store: one, or the node's and the configuration's.
  struct one_log {
    std::string directory;
    std::string prefix; ///< of lines about it
    log_survey found;
    bool damaged = false;
  };
  std::vector<one_log*> logs() {
    if (!store_.config_apart() || !configuration_) return {&of_node_};
    return {&of_node_, &of_config_};
  }
  /// Where the commands of a shard are; of the configuration's that the node's log may still have, none is needed.
  bool belongs(std::size_t shard, const one_log& l) const {
    return store_.config_apart() && shard == config_shard.value ? &l == &of_config_ : &l == &of_node_;
  }

  base::result<void> open() {
    if (!apply_) {
      auto scratch = (std::filesystem::temp_directory_path() / "rookery-repair-XXXXXX").string();
      if (::mkdtemp(scratch.data()) == nullptr) return base::fail(base::error_kind::io, "The store cannot be read", "no folder can be made for " + scratch);
      scratch_ = scratch;
    }
    const auto opened = store_.open_machines(
        [this](const std::string& where) -> base::result<std::unique_ptr<tree>> {
          std::error_code fault;
          if (!std::filesystem::exists(where + "/CURRENT", fault))
            return base::fail(base::error_kind::damaged, "The server's store is incomplete.", "there is no tree in " + where + ": restore a backup");
          if (apply_) return tree::open_leveldb(where, {});
          return open_tree_view(where, scratch_ + "/" + std::filesystem::path(where).filename().string());
        },
        {}, configuration_);
    if (!opened) return opened;
    machines_ = store_.machines();
    if (store_.config == nullptr) return {};
    store_.config->cell()->table()->for_each(directory::document_kind::account, "", [this](const directory::document_ptr& d) {
      addresses_[d->id] = d->key;
      return true;
    });
    return {};
  }
  void close() {
    store_.chat.clear();
    store_.mail.clear();
    store_.spool.reset();
    store_.config.reset();
    machines_.clear();
  }

  void damage(one_log& of, const std::string& line) {
    out_.needed = of.damaged = true;
    if (++out_.damage_count <= repair_lines_max) out_.damage.push_back(of.prefix + line);
  }
  void lost(std::string line) {
    if (++out_.lost_count <= repair_lines_max) out_.lost.push_back(std::move(line));
  }
  std::string account(base::account_id id) const {
    const auto found = addresses_.find(id.value);
    return found != addresses_.end() ? found->second : "account " + std::to_string(id.value);
  }

  void tell(one_log& of, const log_hole& h) {
    if (h.what == hole_kind::segment) return damage(of, segment_name(h.segment) + ": the file is missing, or its header is damaged");
    const auto where = place(h.segment, h.from) + ": " + std::to_string(h.to - h.from) + " octets";
    if (h.what == hole_kind::body) return damage(of, where + " of a message");
    damage(of, where + ", " + (h.lost_records == 0 ? "an unknown number of" : std::to_string(h.lost_records)) + " record(s)" +
           (h.shard ? ", a change of shard " + std::to_string(h.shard->value) : ""));
  }

  void stop_at(const one_log& of, const log_hole& h) {
    if (h.what == hole_kind::body) return;
    const auto behind = h.what == hole_kind::segment ? log_position{h.segment + 1, 0}
                                                     : log_position{h.segment, static_cast<std::uint32_t>(h.to)};
    for (std::size_t s = 0; s < machines_.size(); ++s)
      if (machines_[s] != nullptr && belongs(s, of) && (!h.shard || h.shard->value == s) && behind > std::max(reached_[s], of.found.needed_from)) stopped_[s] = true;
  }

  void take(const one_log& of, const committed_command& c) {
    const auto s = c.shard.value;
    if (s >= machines_.size() || machines_[s] == nullptr || !belongs(s, of) || c.at < std::max(reached_[s], of.found.needed_from)) return;
    if (!stopped_[s]) {
      (void)machines_[s]->apply(c);
      return;
    }
    lose(c);
  }

  void lose(const committed_command& c) {
    const auto at = place(c.at.segment, c.at.offset);
    if (c.shard == config_shard) {
      lost(at + ": a change of the configuration");
    } else if (c.shard == spool_shard) {
      const auto read = queue::decode_command(c.payload);
      const auto* accepted = read ? std::get_if<queue::accepted>(&read->what) : nullptr;
      if (accepted != nullptr)
        lost(at + ": a message from <" + accepted->message.sender + "> to " + std::to_string(accepted->message.recipients.size()) + " recipient(s) in the queue");
      else if (!read || !std::holds_alternative<queue::relocate_body>(read->what))
        lost(at + ": a change of the queue");
    } else if (c.shard.value >= store_.identity.first_chat_shard()) {
      const auto read = chat::decode_command(c.payload);
      lost(at + ": a change of the chat of " + (read ? read->owner.substr(1) : std::string("somebody")));
    } else {
      const auto read = mail::decode_command(c.payload);
      const auto what = read ? name_of(read->what) : std::string("a change that cannot be read");
      if (!what.empty()) lost(at + ": " + (read ? account(read->account) + ": " : std::string()) + what);
    }
    for (const auto& b : c.bodies) unsaved_.insert({{b.segment, b.offset}, b});
  }

  /// Messages that are there, but whose octets are not.
  void tell_lost_bodies() {
    for (const auto& h : of_node_.found.holes) {
      const auto in_hole = [&](const body_ref& b) {
        return h.what == hole_kind::segment || (b.offset >= h.from && b.offset < h.to);
      };
      const auto tell_body = [&](const std::string& whose, const body_ref& b) {
        if (in_hole(b)) lost(place(b.segment, b.offset) + ": " + whose + ": the octets of a message (" + std::to_string(b.length) + "); it is still listed");
      };
      store_.spool->for_each_body(h.segment, [&](const body_ref& b) { tell_body("the queue", b); });
      for (const auto& m : store_.mail)
        m->for_each_body(h.segment, [&](const body_ref& b, base::account_id a) { tell_body(account(a), b); });
    }
  }

  base::result<void> mend() {
    log_position behind[] = {of_node_.found.end, of_config_.found.end};
    for (std::size_t s = 0; s < machines_.size(); ++s) {
      if (machines_[s] == nullptr) continue;
      if (auto done = machines_[s]->flush(true); !done) return done;
      auto& its = behind[belongs(s, of_config_)];
      its = std::max(its, machines_[s]->flushed());
    }
    if (auto done = save(); !done) return done;
    close();
    for (std::size_t s = first_mail_shard; s < store_.identity.first_chat_shard(); ++s)
      if (stopped_[s] || reached_[s] > of_node_.found.end)
        if (auto done = raise_numbers(static_cast<std::uint32_t>(s)); !done) return done;
    for (auto* l : logs()) {
      if (!l->damaged) continue;
      if (const auto begun = begin_behind(files_, l->directory, l->found, behind[l == &of_config_]); !begun) return base::fail(begun.error());
      if (auto padded = pad_holes(files_, l->directory, l->found.holes); !padded) return padded;
    }
    return {};
  }

  base::result<void> save() {
    body_reader bodies(files_, store_.log_directory());
    out_.saved_in = store_.directory + "/lost";
    for (const auto& [where, ref] : unsaved_) {
      const auto whole = bodies.read_whole(ref);
      if (!whole) continue; // it is in a hole
      if (saved_.empty())
        if (auto made = files_.make_directory(out_.saved_in); !made) return made;
      const auto path = out_.saved_in + "/" + std::to_string(where.first) + "-" + std::to_string(where.second) + ".eml";
      if (auto written = files_.replace(path, *whole); !written) return written;
      saved_.insert(where);
    }
    return {};
  }

  base::result<void> raise_numbers(std::uint32_t shard) {
    auto rows = tree::open_leveldb(machine_directory(store_.directory, store_.identity, shard), {});
    if (!rows) return base::fail(rows.error());
    tree::batch batch;
    const auto prefix = mail::key::all(mail::family::mailbox);
    const auto read = (*rows)->scan(prefix, mail::key::behind(prefix), [&](std::string_view key, std::string_view value) {
      auto record = mail::read_mailbox_record(value);
      record.uid_next += std::min(repair_uid_step, 0xfffffff0u - std::min(0xfffffff0u, record.uid_next));
      record.highest_modseq += repair_modseq_step;
      batch.put(std::string(key), encode(record));
      return true;
    });
    if (!read) return read;
    return (*rows)->write(batch, true);
  }

  file_system& files_ = posix_file_system();
  const bool apply_;
  node_machines store_;
  std::vector<machine*> machines_;
  std::vector<log_position> reached_; ///< by the trees, before
  std::vector<bool> stopped_;         ///< a command of the shard is missing
  std::map<std::uint64_t, std::string> addresses_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, body_ref> unsaved_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> saved_;
  std::string scratch_;
  one_log of_node_, of_config_{{}, "configuration: ", {}, false};
  bool configuration_ = true; ///< the store has one
  repair_report out_;
  int lock_ = -1;
};

} // namespace

base::result<repair_report> repair_store(const std::string& data_directory, bool apply) {
  try {
    return repair(data_directory, apply).run();
  } catch (const base::broken& fault) {
    return base::fail(base::error_kind::damaged, "The server's store is damaged.", std::string(fault.what()) + ": only a backup helps");
  }
}

} // namespace rookery::storage
