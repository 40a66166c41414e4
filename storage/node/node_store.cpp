#include "storage/node/node_store.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/file/file_system.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/tree/tree.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace rookery::storage {
namespace {

constexpr std::uint32_t newest_format = config_log_format;

std::string print(const store_identity& s) {
  return "{\"format\":" + std::to_string(s.format) + ",\"node\":" + std::to_string(s.node) +
         ",\"mail_shards\":" + std::to_string(s.mail_shards) + ",\"chat_shards\":" + std::to_string(s.chat_shards) + ",\"uuid\":\"" + s.uuid + "\"}\n";
}

/// Reads what `print` writes; the file is ours alone, so no general reader is needed here.
std::string_view field(std::string_view text, std::string_view name) {
  const auto at = text.find("\"" + std::string(name) + "\":");
  if (at == std::string_view::npos) return {};
  auto rest = text.substr(at + name.size() + 3);
  rest = rest.substr(0, rest.find_first_of(",}"));
  if (rest.size() >= 2 && rest.front() == '"') rest = rest.substr(1, rest.size() - 2);
  return rest;
}

/// `begun`: the log no longer has what a new tree would need.
base::result<std::unique_ptr<tree>> open_writable_tree(const std::string& directory, bool begun) {
  if (begun && ::access((directory + "/CURRENT").c_str(), F_OK) != 0)
    return base::fail(base::error_kind::damaged, "The server's store is incomplete.",
                      directory + " is missing or no tree any more, and the log no longer has all that was in it: restore a backup");
  if (const auto made = posix_file_system().make_directory(directory); !made) return base::fail(made.error());
  return tree::open_leveldb(directory, {});
}

/// Kept aside while there is space, and given up by a start on a full disk: LevelDB must write to open.
constexpr std::uint64_t room_octets = 48u << 20;
constexpr std::uint64_t full_octets = 16u << 20; ///< with less free space the disk counts as full

std::string room_path(const std::string& directory) { return directory + "/room"; }

void give_room(const std::string& directory) {
  auto& files = posix_file_system();
  const auto free = files.free_octets(directory);
  if (!free || *free >= full_octets || !files.remove(room_path(directory))) return;
  base::log_event(base::severity::warning, "store.room_given").text("directory", directory).number("free_octets", static_cast<std::int64_t>(*free));
}

void keep_room(const std::string& directory) {
  auto& files = posix_file_system();
  const auto free = files.free_octets(directory);
  if (!free || *free < 4 * room_octets || ::access(room_path(directory).c_str(), F_OK) == 0) return;
  auto room = files.open(room_path(directory), open_mode::create);
  if (room && !(*room)->preallocate(room_octets)) (void)files.remove(room_path(directory));
}

} // namespace

base::result<store_identity> read_store_identity(const std::string& directory) {
  const auto path = directory + "/store.json";
  const auto text = posix_file_system().read_all(path, 4096);
  if (!text && text.error().kind == base::error_kind::not_found)
    return base::fail(base::error_kind::not_found, "There is no store", "no store in " + directory + ": make one with `rookery init`");
  if (!text) return base::fail(text.error());
  store_identity s;
  const auto format = base::parse_u32(field(*text, "format"));
  const auto node = base::parse_u32(field(*text, "node"));
  const auto shards = base::parse_u32(field(*text, "mail_shards"));
  const auto chat = base::parse_u32(field(*text, "chat_shards"));
  const bool has_chat = format && *format > 1;
  if (!format || !node || !shards || *shards == 0 || (has_chat && (!chat || *chat == 0)))
    return base::fail(base::error_kind::damaged, "The store cannot be read", path + " is damaged");
  if (*format > newest_format)
    return base::fail(base::error_kind::unsupported, "The store is of a newer version",
                      path + " has format " + std::to_string(*format) + ", this program knows " +
                          std::to_string(newest_format) + ": use the newer program");
  s.format = *format;
  s.node = *node;
  s.mail_shards = *shards;
  s.chat_shards = has_chat ? *chat : 0;
  s.uuid = field(*text, "uuid");
  return s;
}

base::result<int> lock_store(const std::string& directory, bool make) {
  const auto path = directory + "/lock";
  const int lock = make ? ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0 && !make && errno == ENOENT) return -1;
  if (lock < 0)
    return base::fail(base::error_kind::not_found, "There is no store",
                      "no store in " + directory + " (" + std::strerror(errno) + "): make one with `rookery init`");
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  ::close(lock);
  return base::fail(base::error_kind::conflict, "The store is in use",
                    "another process has " + directory + " open: stop it, or talk to it with `rookery status`");
}

std::string machine_directory(const std::string& data_directory, const store_identity& of, std::uint32_t shard) {
  if (shard == config_shard.value) return data_directory + "/config";
  if (shard == spool_shard.value) return data_directory + "/spool";
  char name[32];
  std::snprintf(name, sizeof name, shard < of.first_chat_shard() ? "/mail-%04u" : "/chat-%04u", shard);
  return data_directory + name;
}

node_store::~node_store() {
  chat.clear();
  mail.clear();
  spool.reset();
  config.reset();
  log.reset();
  config_log.reset();
  if (lock >= 0) ::close(lock);
}

std::vector<machine*> node_machines::machines() const {
  std::vector<machine*> all{config.get()};
  if (spool) all.push_back(spool.get());
  for (const auto& m : mail) all.push_back(m.get());
  for (const auto& m : chat) all.push_back(m.get());
  return all;
}

base::result<void> node_machines::open_machines(
    const std::function<base::result<std::unique_ptr<tree>>(const std::string&)>& open_tree, const mail::mail_settings& settings,
    bool configuration, bool volume) {
  if (configuration) {
    auto config_tree = open_tree(machine_directory(directory, identity, config_shard.value));
    if (!config_tree) return base::fail(config_tree.error());
    auto opened_config = storage::directory::config_machine::open(std::move(*config_tree));
    if (!opened_config) return base::fail(opened_config.error());
    config = std::move(*opened_config);
  }
  if (!volume) return {};

  auto spool_tree = open_tree(machine_directory(directory, identity, spool_shard.value));
  if (!spool_tree) return base::fail(spool_tree.error());
  auto opened_spool = queue::spool_machine::open(std::move(*spool_tree));
  if (!opened_spool) return base::fail(opened_spool.error());
  spool = std::move(*opened_spool);

  for (std::uint32_t i = 0; i < identity.mail_shards; ++i) {
    const auto number = first_mail_shard + i;
    auto mail_tree = open_tree(machine_directory(directory, identity, number));
    if (!mail_tree) return base::fail(mail_tree.error());
    auto machine = storage::mail::mail_machine::open(base::shard_id{number}, std::move(*mail_tree), settings);
    if (!machine) return base::fail(machine.error());
    mail.push_back(std::move(*machine));
  }
  for (std::uint32_t i = 0; i < identity.chat_shards; ++i) {
    const auto number = identity.first_chat_shard() + i;
    auto chat_tree = open_tree(machine_directory(directory, identity, number));
    if (!chat_tree) return base::fail(chat_tree.error());
    auto machine = storage::chat::chat_machine::open(base::shard_id{number}, std::move(*chat_tree));
    if (!machine) return base::fail(machine.error());
    chat.push_back(std::move(*machine));
  }
  return {};
}

base::result<void> node_machines::replay_log(log_position end, std::optional<log_position> until) {
  auto all = machines();
  if (config_apart()) all.front() = nullptr; // what the log has of it is from before
  return replay_into(log_directory(), all, end, until);
}

base::result<void> node_machines::replay_config_log(log_position end, std::optional<log_position> until) {
  return replay_into(config_log_directory(), {config.get()}, end, until);
}

base::result<void> node_machines::replay_into(const std::string& log, const std::vector<machine*>& by_shard, log_position end,
                                              std::optional<log_position> until) {
  auto from = end;
  for (const auto* m : by_shard) {
    if (m == nullptr) continue;
    if (m->flushed() > end)
      return base::fail(base::error_kind::damaged, "The server's store is damaged.",
                        log + ": the log ends in segment " + std::to_string(end.segment) + " at " + std::to_string(end.offset) +
                          ", but shard " + std::to_string(m->shard().value) + " has read on to segment " +
                          std::to_string(m->flushed().segment) + " at " + std::to_string(m->flushed().offset) +
                          ": the end of the log was lost. `rookery repair` says what that took; a backup may be better.");
    from = std::min(from, m->flushed());
  }
  bool unknown_shard = false;
  const auto read = replay(posix_file_system(), log, from, [&](const committed_command& c) {
    if (c.shard.value >= by_shard.size()) {
      unknown_shard = true;
      return;
    }
    auto* m = by_shard[c.shard.value];
    if (m == nullptr || c.at < m->flushed()) return; // its tree has it
    m->apply(c);
    ++replayed;
  }, until);
  if (!read) return base::fail(read.error());
  if (unknown_shard)
    return base::fail(base::error_kind::damaged, "The store cannot be read", "the log names a shard that does not exist");
  for (auto* m : by_shard)
    if (m != nullptr) m->publish();
  return {};
}

base::result<std::unique_ptr<node_store>> node_store::open(const std::string& directory, bool create,
                                                           const node_store_settings& settings) {
  auto& files = posix_file_system();
  auto store = std::make_unique<node_store>();
  store->directory = directory;
  const auto identity_path = directory + "/store.json";
  if (create)
    if (const auto made = files.make_directory(directory); !made) return base::fail(made.error());
  if (!settings.locked) {
    auto lock = lock_store(directory, true);
    if (!lock) return base::fail(lock.error());
    store->lock = *lock;
  }
  auto identity = read_store_identity(directory);
  if (!identity && identity.error().kind == base::error_kind::not_found && create) {
    store_identity fresh;
    fresh.mail_shards = settings.mail_shards;
    fresh.chat_shards = settings.chat_shards;
    fresh.node = settings.log.node.value;
    fresh.uuid = base::to_hex(base::random_octets(16));
    if (const auto written = files.replace(identity_path, print(fresh)); !written) return base::fail(written.error());
    identity = fresh;
  }
  if (!identity) return base::fail(identity.error());
  store->identity = *identity;
  if ((!settings.configuration || !settings.volume) && !store->config_apart())
    return base::fail(base::error_kind::unsupported, "The store is of an older version", identity_path + " has format " +
                      std::to_string(store->identity.format) + ": it has to be opened as a whole first");
  if (settings.configuration) {
    auto secrets = open_secret_box(files, directory);
    if (!secrets) return base::fail(secrets.error());
    store->secrets = std::move(*secrets);
  }

  give_room(directory);
  auto log_options = settings.log;
  log_options.node = base::node_id{store->identity.node};
  const auto open_config_log = [&]() -> base::result<void> {
    auto opened = log_writer::open(files, store->config_log_directory(), config_log_settings(log_options));
    if (!opened) return base::fail(opened.error());
    store->config_log = std::move(*opened);
    return {};
  };
  const bool apart = store->config_apart();
  if (apart && settings.configuration)
    if (const auto opened = open_config_log(); !opened) return base::fail(opened.error());
  const auto moved_on = [](const log_writer& of) { return of.needed_from() > log_position{1, segment_header_octets}; };
  const auto full_or = [&](const base::error& why) {
    const auto free = files.free_octets(directory);
    if (!free || *free >= full_octets) return base::fail(why);
    return base::fail(base::error_kind::no_space, "The disk is full", "the disk of " + directory + " is full (" + std::to_string(*free) +
                      " octets are free), and opening the store needs some space: make room and start again. " + why.log.value);
  };
  if (!settings.volume) {
    const auto opened = store->open_machines([&](const std::string& where) { return open_writable_tree(where, moved_on(*store->config_log)); }, settings.mail, true, false);
    if (!opened) return full_or(opened.error());
    if (const auto replayed = store->replay_config_log(store->config_log->end()); !replayed) return base::fail(replayed.error());
    keep_room(directory);
    return store;
  }
  for (const auto* folder : {"/log", "/spill"})
    if (const auto made = files.make_directory(directory + folder); !made) return base::fail(made.error());
  if (const auto left = files.list(store->spill_directory()))
    for (const auto& name : *left) (void)files.remove(store->spill_directory() + "/" + name);

  auto log = log_writer::open(files, store->log_directory(), log_options);
  if (!log) return base::fail(log.error());
  store->log = std::move(*log);
  const bool begun = moved_on(*store->log);
  const bool config_begun = store->config_log ? moved_on(*store->config_log) : begun;
  // A store of format 1 gets its chat shards now: the log has nothing for them yet. Only when their trees are
  // there the identity says so; a crash before leaves empty trees, which are used.
  const bool without_chat = store->identity.chat_shards == 0;
  const auto chat_from = store->identity.first_chat_shard();
  if (without_chat) store->identity.chat_shards = settings.chat_shards;
  const auto open_tree = [&](const std::string& where) {
    bool its_begun = where == machine_directory(directory, store->identity, config_shard.value) ? config_begun : begun;
    for (std::uint32_t i = 0; without_chat && i < store->identity.chat_shards; ++i)
      if (where == machine_directory(directory, store->identity, chat_from + i)) its_begun = false;
    return open_writable_tree(where, its_begun);
  };
  if (const auto opened = store->open_machines(open_tree, settings.mail, settings.configuration); !opened) {
    return full_or(opened.error());
  }
  if (const auto replayed = store->replay_log(store->log->end()); !replayed) return base::fail(replayed.error());
  if (apart && store->config_log)
    if (const auto replayed = store->replay_config_log(store->config_log->end()); !replayed) return base::fail(replayed.error());
  if (!apart) {
    store->identity.format = newest_format;
    const auto parted = part_configuration(files, directory, log_options.node, store->log->end(), store->log->next_lsn(), *store->config,
                                           print(store->identity));
    if (!parted) return base::fail(parted.error());
    if (const auto opened = open_config_log(); !opened) return base::fail(opened.error());
    base::log_event(base::severity::notice, "store.upgraded").number("format", newest_format)
        .number("from", identity->format).number("chat_shards", store->identity.chat_shards);
  }
  keep_room(directory);
  return store;
}

base::result<std::vector<command_result>> node_store::commit(const commit_group& group) {
  const bool configures = changes_configuration(group);
  for (const auto& c : group.commands) base::check((c.shard == config_shard) == configures, "a group changes the configuration or a volume");
  auto& to = configures ? *config_log : *log;
  auto committed = to.append(group);
  if (!committed) return base::fail(committed.error());
  if (const auto done = to.commit(); !done) return base::fail(done.error());
  const auto all = machines();
  std::vector<command_result> results;
  for (const auto& c : *committed) {
    base::check(c.shard.value < all.size(), "a command names a shard that exists");
    results.push_back(all[c.shard.value]->apply(c));
  }
  for (auto* m : all)
    if (m != nullptr) m->publish();
  return results;
}

base::result<void> node_store::checkpoint() {
  for (auto* m : machines())
    if (m != nullptr)
      if (const auto done = m->flush(true); !done) return base::fail(done.error());
  for (auto* l : {log.get(), config_log.get()}) {
    if (l == nullptr) continue;
    l->set_needed_from(l->end());
    if (const auto done = l->commit(); !done) return base::fail(done.error());
  }
  return {};
}

} // namespace rookery::storage
