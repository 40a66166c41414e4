#include "protocols/imap/command_parser.hpp"

#include "protocols/imap/mailbox_name.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::imap {

namespace {

bool space(word_reader& in) { return in.space() || in.syntax("Missing argument"); }

template <class T>
bool read_plain(word_reader&, const client_mode&, request& out) {
  out = T{};
  return true;
}
template <class T>
bool read_plain_command(word_reader&, const client_mode&, request& out) {
  out = any_command(T{});
  return true;
}

/// RFC 9051 §6.2.3.
bool read_login(word_reader& in, const client_mode&, request& out) {
  login_request login;
  if (!space(in) || !in.astring(login.user) || !space(in) || !in.astring(login.password)) return false;
  out = std::move(login);
  return true;
}

/// RFC 9051 §6.2.2; the initial response of RFC 4959.
bool read_authenticate(word_reader& in, const client_mode&, request& out) {
  authenticate_request authenticate;
  if (!space(in)) return false;
  // Some clients quote the name.
  if (in.peek() == '"') {
    if (!in.string(authenticate.mechanism)) return false;
  } else {
    authenticate.mechanism = in.atom();
  }
  if (authenticate.mechanism.empty()) return in.syntax("Missing mechanism");
  if (in.space() && !in.at_end()) {
    authenticate.initial = std::string(in.rest());
    in.skip(in.rest().size());
  }
  out = std::move(authenticate);
  return true;
}

/// RFC 5161 §3.1.
bool read_enable(word_reader& in, const client_mode&, request& out) {
  enable_request enable;
  while (in.space()) {
    const auto name = in.atom();
    if (name.empty()) return in.syntax("Missing capability");
    if (enable.names.size() >= in.limits().enable_names) return in.fail(parse_fault::limit, "Too many capabilities");
    enable.names.emplace_back(name);
  }
  if (enable.names.empty()) return in.syntax("Missing capability");
  out = std::move(enable);
  return true;
}

/// RFC 5255 §4.10: "COMPARATOR" *(SP comp-order-quoted).
bool read_comparator(word_reader& in, const client_mode&, request& out) {
  comparator_request comparator;
  while (in.space() && !in.at_end()) {
    if (comparator.names.size() >= in.limits().comparators) return in.fail(parse_fault::limit, "Too many comparators");
    if (!in.astring(comparator.names.emplace_back())) return false;
  }
  out = std::move(comparator);
  return true;
}

/// RFC 5255 §3.2: "LANGUAGE" *(SP lang-range-quoted).
bool read_language(word_reader& in, const client_mode&, request& out) {
  language_request language;
  while (in.space() && !in.at_end()) {
    if (language.ranges.size() >= in.limits().languages) return in.fail(parse_fault::limit, "Too many languages");
    auto& range = language.ranges.emplace_back();
    if (in.take('*')) range = "*"; // no astring, but what the RFC's text shows
    else if (!in.astring(range)) return false;
  }
  out = std::move(language);
  return true;
}

/// RFC 2971 §3.1.
bool read_id(word_reader& in, const client_mode&, request& out) {
  id_request id;
  if (!space(in)) return false;
  if (!in.keyword("NIL")) {
    if (!in.take('(')) return in.syntax("List or NIL expected");
    while (!in.take(')')) {
      std::string name;
      std::optional<std::string> value;
      in.space();
      if (in.take(')')) break;
      if (!in.string(name) || !space(in) || !in.nstring(value)) return false;
      if (id.pairs.size() >= in.limits().id_pairs) return in.syntax("Too many ID fields");
      id.pairs.emplace_back(std::move(name), value.value_or(""));
      in.space();
    }
  }
  out = std::move(id);
  return true;
}

/// RFC 4978 §3.
bool read_compress(word_reader& in, const client_mode&, request& out) {
  if (!space(in)) return false;
  compress_request compress{std::string(in.atom())};
  if (compress.mechanism.empty()) return in.syntax("Missing mechanism");
  out = std::move(compress);
  return true;
}

/// "(" uidvalidity SP modseq [SP known-uids] [SP "(" numbers SP uids ")"] ")", RFC 7162 §3.2.5.
bool read_qresync(word_reader& in, qresync_parameters& out) {
  if (!space(in) || !in.take('(') || !in.number(out.uid_validity) || !space(in) || !in.number(out.modseq))
    return in.syntax("Invalid QRESYNC parameters");
  if (out.uid_validity == 0 || out.modseq == 0) return in.syntax("Invalid QRESYNC parameters");
  const auto set = [&in](number_ranges& ranges) {
    sequence_set written;
    if (!read_set(in, written)) return false;
    if (written.has_star() || written.saved) return in.syntax("Known sets must not contain * or $");
    ranges = written.resolve(0);
    return true;
  };
  bool more = in.space();
  if (more && in.peek() != '(' && in.peek() != ')') {
    if (!set(out.known_uids.emplace())) return false;
    more = in.space();
  }
  if (more && in.take('(')) {
    if (in.uid_only()) return in.fail(parse_fault::uid_required, "Message numbers are not used under UIDONLY");
    if (!set(out.match_numbers) || !space(in) || !set(out.match_uids) || !in.take(')'))
      return in.syntax("Invalid QRESYNC match data");
    if (count(out.match_numbers) != count(out.match_uids)) return in.syntax("QRESYNC match sets differ in length");
  }
  in.space();
  return in.take(')') || in.syntax("Invalid QRESYNC parameters");
}

/// RFC 9051 §6.3.2; parameters of RFC 7162.
bool read_select_arguments(word_reader& in, const client_mode& mode, select& out) {
  std::string name;
  if (!space(in) || !in.astring(name)) return false;
  // RFC 9051 §6.3.2: the mailbox that was selected is left whatever the name; what is no name ("") names none.
  out.mailbox = read_mailbox_name(name, in.utf8(), in.limits()).value_or("");
  if (in.space() && in.take('(')) {
    do {
      in.space();
      if (in.keyword("CONDSTORE")) out.condstore = true;
      else if (in.keyword("QRESYNC")) {
        // RFC 7162 §3.2.5: BAD unless it was enabled before.
        if (!mode.qresync) return in.syntax("QRESYNC is not enabled");
        if (!read_qresync(in, out.qresync.emplace())) return false;
        out.condstore = true;
      } else return in.syntax("Unknown SELECT parameter");
    } while (in.space());
    if (!in.take(')')) return in.syntax("Invalid SELECT parameters");
  }
  return true;
}
template <bool ReadOnly>
bool read_select(word_reader& in, const client_mode& mode, request& out) {
  select command;
  command.read_only = ReadOnly;
  if (!read_select_arguments(in, mode, command)) return false;
  out = any_command(std::move(command));
  return true;
}

/// RFC 9051 §6.3.4; USE of RFC 6154 §3.
bool read_create(word_reader& in, const client_mode&, request& out) {
  create_mailbox create;
  if (!space(in) || !in.mailbox(create.mailbox, true)) return false;
  if (!may_be_created(create.mailbox)) return in.fail(parse_fault::mailbox, "Such a name cannot be created");
  if (in.space() && in.take('(')) {
    in.space();
    if (!in.keyword("USE") || !space(in) || !in.take('(')) return in.syntax("Unknown CREATE parameter");
    while (!in.take(')')) {
      in.space();
      if (in.take(')')) break;
      if (!in.take('\\')) return in.syntax("Attribute expected");
      const auto use = find_special_use("\\" + std::string(in.atom()));
      if (use == 0) return in.fail(parse_fault::use_attribute, "Unknown special use");
      create.special_use |= use;
    }
    in.space();
    if (!in.take(')')) return in.syntax("Invalid CREATE parameters");
  }
  out = any_command(std::move(create));
  return true;
}

template <class T>
bool read_mailbox_command(word_reader& in, const client_mode&, request& out) {
  T command{};
  if (!space(in) || !in.mailbox(command.mailbox)) return false;
  out = any_command(std::move(command));
  return true;
}

bool read_unsubscribe(word_reader& in, const client_mode&, request& out) {
  subscribe command;
  command.on = false;
  if (!space(in) || !in.mailbox(command.mailbox)) return false;
  out = any_command(std::move(command));
  return true;
}

/// RFC 9051 §6.3.6.
bool read_rename(word_reader& in, const client_mode&, request& out) {
  rename_mailbox rename;
  if (!space(in) || !in.mailbox(rename.from) || !space(in) || !in.mailbox(rename.to, true)) return false;
  if (!may_be_created(rename.to)) return in.fail(parse_fault::mailbox, "Such a name cannot be created");
  out = any_command(std::move(rename));
  return true;
}

/// RFC 4315 §2.1.
bool read_uid_expunge(word_reader& in, const client_mode&, request& out) {
  expunge command;
  if (!space(in) || !read_set(in, command.uids.emplace())) return false;
  out = any_command(std::move(command));
  return true;
}

template <class T, bool Uid>
bool read_transfer(word_reader& in, const client_mode&, request& out) {
  T command{};
  command.uid = Uid;
  if (!space(in) || !read_set(in, command.set) || !space(in) || !in.mailbox(command.mailbox)) return false;
  out = any_command(std::move(command));
  return true;
}

template <bool Uid>
bool read_fetch_command(word_reader& in, const client_mode& mode, request& out) {
  fetch command;
  command.uid = Uid;
  if (!read_fetch(in, command, mode)) return false;
  out = any_command(std::move(command));
  return true;
}

template <bool Uid>
bool read_store_command(word_reader& in, const client_mode&, request& out) {
  store command;
  command.uid = Uid;
  if (!read_store(in, command)) return false;
  out = any_command(std::move(command));
  return true;
}

template <class T, bool Uid, bool (*Read)(word_reader&, T&, const client_mode&)>
bool read_search_command(word_reader& in, const client_mode& mode, request& out) {
  T command{};
  command.uid = Uid;
  if (!Read(in, command, mode)) return false;
  out = any_command(std::move(command));
  return true;
}

template <class T, bool (*Read)(word_reader&, T&)>
bool read_noun(word_reader& in, const client_mode&, request& out) {
  T command{};
  if (!Read(in, command)) return false;
  out = any_command(std::move(command));
  return true;
}

/// RFC 5267 §5: "CANCELUPDATE" 1*(SP quoted).
bool read_cancel_update(word_reader& in, const client_mode&, request& out) {
  cancel_update command;
  while (in.space() && !in.at_end()) {
    if (command.tags.size() >= in.limits().search_contexts) return in.fail(parse_fault::limit, "Too many tags");
    if (!in.string(command.tags.emplace_back())) return false;
  }
  if (command.tags.empty()) return in.syntax("Missing tag");
  out = any_command(std::move(command));
  return true;
}

/// "UIDBATCHES" SP nz-number [SP nz-number ":" nz-number].
bool read_uid_batches(word_reader& in, const client_mode&, request& out) {
  uid_batches command;
  if (!space(in) || !in.number(command.messages)) return in.syntax("Size of a batch expected");
  const auto& limits = in.limits();
  if (in.space() && !in.at_end()) {
    auto& [first, last] = command.batches.emplace();
    if (!in.number(first) || !in.take(':') || !in.number(last) || first == 0) return in.syntax("Invalid range of batches");
    if (last < first) return in.fail(parse_fault::client_bug, "The range of batches is reversed");
    if (last - first >= limits.uid_batches) return in.fail(parse_fault::too_many, "Too many batches at once");
  }
  if (!in.at_end()) return in.syntax("Unexpected text after the arguments");
  if (command.messages < limits.uid_batch_messages) return in.fail(parse_fault::too_few, "Ask for larger batches");
  out = any_command(command);
  return true;
}

/// RFC 9208 §4.1.2.
bool read_get_quota(word_reader& in, const client_mode&, request& out) {
  get_quota command;
  if (!space(in) || !in.astring(command.root)) return false;
  out = any_command(std::move(command));
  return true;
}

/// RFC 9208 §4.1.4.
bool read_set_quota(word_reader& in, const client_mode&, request& out) {
  set_quota command;
  if (!space(in) || !in.astring(command.root) || !space(in)) return false;
  if (!in.take('(')) return in.syntax("List of limits expected");
  while (!in.take(')')) {
    quota_resource resource;
    in.space();
    if (in.take(')')) break;
    resource.name = base::to_upper(in.atom());
    if (resource.name.empty() || !space(in) || !in.number(resource.limit)) return in.syntax("Invalid limit");
    if (command.limits.size() >= 16) return in.syntax("Too many limits");
    command.limits.push_back(std::move(resource));
  }
  out = any_command(std::move(command));
  return true;
}

using namespace in_state;

constexpr std::array rules{
    // Asked often first.
    command_rule{"NOOP", false, any, read_plain_command<noop>},
    command_rule{"FETCH", true, selected, read_fetch_command<true>},
    command_rule{"STORE", true, selected, read_store_command<true>},
    command_rule{"SEARCH", true, selected, read_search_command<search, true, read_search>},
    command_rule{"COPY", true, selected, read_transfer<copy, true>},
    command_rule{"MOVE", true, selected, read_transfer<move, true>},
    command_rule{"EXPUNGE", true, selected, read_uid_expunge},
    command_rule{"UIDBATCHES", false, selected, read_uid_batches},
    command_rule{"ESEARCH", false, logged_in, read_search_command<multi_search, true, read_multi_search>},
    command_rule{"CANCELUPDATE", false, selected, read_cancel_update},
    command_rule{"SORT", true, selected, read_search_command<sort, true, read_sort>},
    command_rule{"THREAD", true, selected, read_search_command<thread, true, read_thread>},
    command_rule{"FETCH", false, selected, read_fetch_command<false>},
    command_rule{"STORE", false, selected, read_store_command<false>},
    command_rule{"SEARCH", false, selected, read_search_command<search, false, read_search>},
    command_rule{"SORT", false, selected, read_search_command<sort, false, read_sort>},
    command_rule{"THREAD", false, selected, read_search_command<thread, false, read_thread>},
    command_rule{"COPY", false, selected, read_transfer<copy, false>},
    command_rule{"MOVE", false, selected, read_transfer<move, false>},
    command_rule{"EXPUNGE", false, selected, read_plain_command<expunge>},
    command_rule{"CHECK", false, selected, read_plain_command<check>},
    command_rule{"CLOSE", false, selected, read_plain_command<close_mailbox>},
    command_rule{"UNSELECT", false, selected, read_plain_command<unselect>},
    command_rule{"IDLE", false, logged_in, read_plain<idle_request>},
    command_rule{"APPEND", false, logged_in, nullptr},
    command_rule{"REPLACE", true, selected, nullptr},
    command_rule{"REPLACE", false, selected, nullptr},
    command_rule{"SELECT", false, logged_in, read_select<false>},
    command_rule{"EXAMINE", false, logged_in, read_select<true>},
    command_rule{"STATUS", false, logged_in, read_noun<status, read_status>},
    command_rule{"LIST", false, logged_in, read_noun<list, read_list>},
    command_rule{"LSUB", false, logged_in, read_noun<list, read_lsub>},
    command_rule{"CREATE", false, logged_in, read_create},
    command_rule{"DELETE", false, logged_in, read_mailbox_command<delete_mailbox>},
    command_rule{"RENAME", false, logged_in, read_rename},
    command_rule{"SUBSCRIBE", false, logged_in, read_mailbox_command<subscribe>},
    command_rule{"UNSUBSCRIBE", false, logged_in, read_unsubscribe},
    command_rule{"NOTIFY", false, logged_in, read_noun<notify, read_notify>},
    command_rule{"NAMESPACE", false, logged_in, read_plain<namespace_request>},
    command_rule{"COMPARATOR", false, logged_in, read_comparator},
    command_rule{"ENABLE", false, logged_in, read_enable},
    command_rule{"COMPRESS", false, logged_in, read_compress},
    command_rule{"GETQUOTA", false, logged_in, read_get_quota},
    command_rule{"GETQUOTAROOT", false, logged_in, read_mailbox_command<get_quota_root>},
    command_rule{"SETQUOTA", false, logged_in, read_set_quota},
    command_rule{"UNAUTHENTICATE", false, logged_in, read_plain_command<unauthenticate>},
    command_rule{"SETACL", false, logged_in, read_noun<set_acl, read_set_acl>},
    command_rule{"DELETEACL", false, logged_in, read_noun<delete_acl, read_delete_acl>},
    command_rule{"GETACL", false, logged_in, read_noun<get_acl, read_get_acl>},
    command_rule{"LISTRIGHTS", false, logged_in, read_noun<list_rights, read_list_rights>},
    command_rule{"MYRIGHTS", false, logged_in, read_noun<my_rights, read_my_rights>},
    command_rule{"GETMETADATA", false, logged_in, read_noun<get_metadata, read_get_metadata>},
    command_rule{"SETMETADATA", false, logged_in, read_noun<set_metadata, read_set_metadata>, true},
    command_rule{"RESETKEY", false, logged_in, read_noun<reset_key, read_reset_key>},
    command_rule{"GENURLAUTH", false, logged_in, read_noun<gen_url_auth, read_gen_url_auth>},
    command_rule{"URLFETCH", false, logged_in, read_noun<url_fetch, read_url_fetch>},
    command_rule{"LANGUAGE", false, any, read_language},
    command_rule{"CAPABILITY", false, any, read_plain<capability_request>},
    command_rule{"ID", false, any, read_id},
    command_rule{"LOGOUT", false, any, read_plain<logout_request>},
    command_rule{"LOGIN", false, not_authenticated, read_login},
    command_rule{"AUTHENTICATE", false, not_authenticated, read_authenticate},
    command_rule{"STARTTLS", false, not_authenticated, read_plain<starttls_request>},
};

} // namespace

bool by_number(const command_rule& rule) noexcept {
  if (rule.uid || rule.name == "EXPUNGE") return false;
  return std::any_of(rules.begin(), rules.end(), [&](const auto& r) { return r.uid && r.name == rule.name; });
}

command_head read_head(std::string_view text) noexcept {
  command_head head;
  std::size_t at = 0;
  while (at < text.size() && is_tag_char(text[at])) ++at;
  if (at == 0 || at == text.size() || text[at] != ' ') return head;
  head.tag = text.substr(0, at);
  const auto word = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
    const auto begin = at;
    while (at < text.size() && base::is_alpha(text[at])) ++at;
    return text.substr(begin, at - begin);
  };
  auto name = word();
  const bool uid = base::iequals(name, "UID");
  if (uid) name = word();
  head.octets = at;
  if (at < text.size() && text[at] != ' ') return head;
  for (const auto& rule : rules)
    if (rule.uid == uid && base::iequals(rule.name, name)) {
      head.rule = &rule;
      break;
    }
  return head;
}

std::optional<request> read_arguments(const command_head& head, word_reader& reader, const client_mode& mode) {
  request out;
  if (!head.rule->read(reader, mode, out)) {
    reader.syntax("Invalid arguments");
    return {};
  }
  reader.space(); // spaces at the line's end are harmless
  if (!reader.at_end()) {
    reader.syntax("Unexpected text after the arguments");
    return {};
  }
  if (reader.fault() != parse_fault::none) return {};
  return out;
}

bool read_set(word_reader& in, sequence_set& out) {
  auto rest = in.rest();
  auto set = read_sequence_set(rest, in.limits().set_ranges);
  if (!set) return in.syntax("Invalid sequence set");
  in.skip(in.rest().size() - rest.size());
  out = std::move(*set);
  return true;
}

bool read_status_items(word_reader& in, std::uint32_t& items) {
  if (!in.take('(')) return in.syntax("List of status items expected");
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    const auto item = find_status_item(in.atom());
    if (item == 0) return in.syntax("Unknown status item");
    items |= item;
  }
  return items != 0 || in.syntax("Missing status items");
}

/// RFC 9051 §6.3.11.
bool read_status(word_reader& in, status& out) {
  return space(in) && in.mailbox(out.mailbox) && space(in) && read_status_items(in, out.items);
}

} // namespace rookery::imap
