#include "actors/transfer/file_import.hpp"
#include "base/text.hpp"
#include "protocols/cyrus/header_file.hpp"
#include "protocols/cyrus/index_file.hpp"
#include "storage/file/file_entry.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::size_t header_octets_max = 1u << 20;
constexpr std::size_t index_octets_max = 1u << 30;
/// Whose mailboxes are there is told, of so many.
constexpr std::size_t others_max = 20;

storage::mail::flag_set flags_of(const cyrus::index_record& r, const std::vector<std::string>& keywords) {
  storage::mail::flag_set out{r.system, {}};
  for (std::size_t k = 0; k < keywords.size(); ++k)
    if ((r.keywords[k / 64] >> (k % 64) & 1) != 0 && mbox::is_keyword(keywords[k])) out.keywords.push_back(keywords[k]);
  return out;
}

/// "u/user/anna/Sent" is anna's "Sent"; of a path without "user" all of it is the mailbox.
cyrus::owned_mailbox in_older_tree(std::string_view below) {
  const auto levels = base::split(below, '/');
  const auto user = std::find(levels.begin(), levels.end(), "user");
  if (user == levels.end() || user + 1 == levels.end()) return {"", std::string(below)};
  cyrus::owned_mailbox out{std::string(*(user + 1)), ""};
  std::replace(out.owner.begin(), out.owner.end(), '^', '.');
  for (auto level = user + 2; level != levels.end(); ++level) out.mailbox += (out.mailbox.empty() ? "" : "/") + std::string(*level);
  return out;
}

} // namespace

base::result<void> file_import::find_cyrus_mailboxes(const std::string& root, const std::string& below, unsigned depth,
                                                     std::vector<place>& into, std::set<std::string>& others) {
  if (to_.ended()) return base::fail(base::error_kind::try_later, "stopped");
  const auto& order = run_->order();
  const auto directory = below.empty() ? root : root + '/' + below;
  const auto names = files_.list(directory);
  if (!names) return base::fail(names.error());
  if (std::find(names->begin(), names->end(), "cyrus.header") != names->end()) {
    const auto file = files_.read_all(directory + "/cyrus.header", header_octets_max);
    const auto header = file ? cyrus::read_header(*file) : base::result<cyrus::mailbox_header>(base::fail(file.error()));
    if (!header) {
      leave_out(below, header.error().log.value);
    } else {
      auto named = header->name.empty() ? std::nullopt : cyrus::owned(header->name);
      if (header->name.empty()) {
        named = in_older_tree(below);
        auto mailbox = cyrus::mailbox_of(named->mailbox);
        if (mailbox) named->mailbox = std::move(*mailbox);
        else named.reset(), leave_out(below, "names no mailbox");
      }
      if (named && (named->owner.empty() || named->owner == order.owner || (order.owner.empty() && order.address.starts_with(named->owner) &&
                    (named->owner == order.address || order.address[named->owner.size()] == '@')))) {
        if (into.size() >= transfer::folders_max) return base::fail(base::error_kind::over_limit, "there are too many folders");
        if (auto mailbox = transfer::mailbox_for(order.rules, named->mailbox)) into.push_back({below, std::move(*mailbox), named->mailbox});
      } else if (named && others.size() < others_max) {
        others.insert(named->owner);
      }
    }
  }
  if (depth == transfer::directory_depth_max) return {};
  for (const auto& n : *names) {
    if (n.ends_with('.') || n.starts_with("cyrus.")) continue; // a message, or one of Cyrus' files
    const auto inside = below.empty() ? n : below + '/' + n;
    const auto entry = storage::entry_at(root + '/' + inside);
    if (!entry || entry->what != storage::file_entry::kind::directory) continue;
    if (const auto done = find_cyrus_mailboxes(root, inside, depth + 1, into, others); !done) return done;
  }
  return {};
}

base::result<void> file_import::cyrus(const std::string& root) {
  std::vector<place> folders;
  std::set<std::string> others;
  if (const auto found = find_cyrus_mailboxes(root, {}, 0, folders, others); !found) return found;
  if (folders.empty()) {
    std::string why = root + " has no mailbox of Cyrus";
    if (!others.empty()) {
      why += " for this account (--owner says whose); there are those of";
      for (const auto& o : others) why += ' ' + o;
    }
    return base::fail(base::error_kind::not_found, why);
  }
  std::sort(folders.begin(), folders.end(), [](const place& a, const place& b) { return a.name < b.name; });
  for (const auto& f : folders)
    if (const auto done = cyrus_mailbox(root, f); !done) return done;
  return {};
}

base::result<void> file_import::cyrus_mailbox(const std::string& root, const place& where) {
  const auto directory = where.directory.empty() ? root : root + '/' + where.directory;
  run_->change([&](transfer_state& s) { s.folder = where.name; });
  const auto header_octets = files_.read_all(directory + "/cyrus.header", header_octets_max);
  if (!header_octets) return base::fail(header_octets.error());
  const auto header = cyrus::read_header(*header_octets);
  if (!header) return base::fail(header.error());
  const auto index_octets = files_.read_all(directory + "/cyrus.index", index_octets_max);
  const auto index = index_octets ? cyrus::read_index(*index_octets) : base::result<std::vector<cyrus::index_record>>(base::fail(index_octets.error()));
  if (!index) {
    leave_out(where.name, index.error().log.value);
    return {};
  }
  copy_target::folder what;
  what.source = "cyrus:" + run_->order().path;
  what.name = where.name;
  what.mailbox = where.mailbox;
  what.subscribe = true;
  if (const auto begun = to_.begin(std::move(what)); !begun) return begun;
  run_->change([&](transfer_state& s) { s.expected = index->size(); });
  for (const auto& r : *index) {
    if (to_.ended()) return base::fail(base::error_kind::try_later, "stopped");
    const auto path = directory + '/' + std::to_string(r.uid) + '.';
    copied_message m;
    m.key = transfer::key_of(base::view(base::sha256(std::to_string(r.uid) + ' ' + std::to_string(r.octets))));
    if (known(m.key)) continue;
    const auto entry = storage::entry_at(path);
    if (!entry || entry->octets != r.octets) {
      leave_out(path, entry ? "its size is not the one in cyrus.index" : "it is in cyrus.index, but not there");
      continue;
    }
    m.received = r.received;
    m.flags = flags_of(r, header->keywords);
    if (const auto done = message_file(path, std::move(m)); !done) return done;
  }
  return end_folder();
}

} // namespace rookery::actors
