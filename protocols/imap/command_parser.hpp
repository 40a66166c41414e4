/// From a command's text to its struct.
///
/// The text is one command without its last CRLF, its literals in place. One function per
/// command; those with a grammar of their own stand beside their noun (fetch.cpp, search.cpp,
/// store.cpp, list.cpp, append.cpp).
///
/// Source: RFC 9051 §6, §9; RFC 3501 §6, §9.
#pragma once

#include "protocols/imap/atom.hpp"
#include "protocols/imap/client_mode.hpp"
#include "protocols/imap/command.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rookery::imap {

// What a session answers itself.
struct capability_request {};
struct logout_request {};
struct starttls_request {};
struct namespace_request {};
struct idle_request {};
struct comparator_request { std::vector<std::string> names; }; ///< RFC 5255 §4.7
struct language_request { std::vector<std::string> ranges; };  ///< RFC 5255 §3.2
struct login_request { std::string user, password; };
struct authenticate_request {
  std::string mechanism;
  std::optional<std::string> initial; ///< base64 as sent; "=" means empty (RFC 4959)
};
struct enable_request { std::vector<std::string> names; };
struct id_request { std::vector<std::pair<std::string, std::string>> pairs; };
struct compress_request { std::string mechanism; };

using request = std::variant<capability_request, logout_request, starttls_request, namespace_request, idle_request,
                             comparator_request, language_request, login_request, authenticate_request, enable_request, id_request, compress_request,
                             any_command>;

/// In which states a command may be given.
namespace in_state {
inline constexpr std::uint8_t not_authenticated = 1, authenticated = 2, selected = 4;
inline constexpr std::uint8_t any = 7, logged_in = 6;
} // namespace in_state

struct command_rule {
  std::string_view name;       ///< "FETCH"
  bool uid = false;            ///< this is the form behind UID
  std::uint8_t states = 0;     ///< in_state::...
  bool (*read)(word_reader&, const client_mode&, request&) = nullptr; ///< null for APPEND and REPLACE
  bool literal8 = false;       ///< its literals may be binary
};

/// Tag and name, as far as they can be read.
struct command_head {
  std::string_view tag;               ///< empty when there is none
  const command_rule* rule = nullptr; ///< null for an unknown command
  std::size_t octets = 0;             ///< text up to the arguments, without the space before them
};
command_head read_head(std::string_view text) noexcept;
/// The command speaks of messages by number; its twin behind UID does not.
bool by_number(const command_rule&) noexcept;

/// The arguments of `head`'s command. On a fault nothing is returned and `reader` knows why.
std::optional<request> read_arguments(const command_head& head, word_reader& reader, const client_mode&);

// The grammars that stand with their nouns. False: the reader holds the fault.
bool read_fetch(word_reader&, fetch&, const client_mode&);
bool read_store(word_reader&, store&);
bool read_search(word_reader&, search&, const client_mode&);
bool read_sort(word_reader&, sort&, const client_mode&);
bool read_thread(word_reader&, thread&, const client_mode&);
bool read_list(word_reader&, list&);
bool read_lsub(word_reader&, list&);
bool read_status(word_reader&, status&);
bool read_notify(word_reader&, notify&);
/// filter-mailboxes of NOTIFY and ESEARCH.
bool read_mailbox_filter(word_reader&, notify_group&);
bool read_multi_search(word_reader&, multi_search&, const client_mode&);
/// "(" fetch-att *(SP fetch-att) ")".
bool read_fetch_items(word_reader&, fetch_items&);
/// "(" status-att ... ")".
bool read_status_items(word_reader&, std::uint32_t& items);
/// One flag of STORE or APPEND; \Recent is read and left out.
bool read_flag(word_reader&, flag_list&);
/// "(" [flag ...] ")".
bool read_flag_list(word_reader&, flag_list&);
bool read_set(word_reader&, sequence_set&);

/// What stands before a literal in an APPEND or REPLACE command.
struct append_head {
  std::optional<replaced_message> replaced; ///< REPLACE
  std::string mailbox;
  append_message message; ///< without `octets`
};
/// `reader` stands behind the command's name (APPEND, REPLACE), at its space; the text ends where the literal's announcement
/// begins. Nothing without a fault: the literal is the mailbox's name, to be collected first.
std::optional<append_head> read_append_head(const command_rule&, word_reader& reader);
/// The same for the second and later messages: " (\Seen) "date" " up to the literal. `reader` stands behind "(" of
/// CATENATE when there is one.
bool read_append_message(word_reader& reader, append_message&);

/// One thing in CATENATE's list; the text ends where a literal's announcement begins, or with the line.
enum class catenate_part : std::uint8_t {
  url,
  url_literal, ///< the literal that follows is a URL, to be collected first
  text,        ///< the literal that follows is text
  utf8_text,   ///< the same in UTF8 (…), whose parenthesis follows it (RFC 6855 §4)
  end          ///< the list is closed
};
/// The reader's fault decides first.
catenate_part read_catenate_part(word_reader& reader, std::string& url);

} // namespace rookery::imap
