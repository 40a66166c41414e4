/// Every bound of the IMAP server session, with its unit and the reason for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rookery::imap {

struct server_limits {
  /// Text of one command without its literals, before login: a tag, LOGIN and a name.
  std::size_t line_octets_before_login = 8192;
  /// The same after login. RFC 7162 §4 wants 8,192 at least; real clients send sets of
  /// several thousand UIDs in one line.
  std::size_t line_octets = 65536;
  /// One literal that is not a message, before login (SASL-free LOGIN only).
  std::size_t literal_octets_before_login = 4096;
  /// One literal that is not a message: mailbox names, search strings.
  std::size_t literal_octets = 65536;
  /// Everything of one command together, messages aside.
  std::size_t command_octets = 262144;
  /// Input kept while a command is with the host; beyond it `wants_input` is false.
  std::size_t pipelined_octets = 65536;
  /// A message in APPEND; announced as APPENDLIMIT (RFC 7889).
  std::uint64_t append_octets = 52428800;
  /// All messages of one MULTIAPPEND.
  std::uint64_t append_total_octets = 209715200;
  std::size_t append_messages = 1000;
  std::size_t catenate_parts = 500;    ///< Texts and URLs of one message in CATENATE.
  std::size_t url_octets = 4096;       ///< One URL.
  std::size_t urls = 100;              ///< Of one GENURLAUTH or URLFETCH.
  std::size_t url_mechanisms = 16;     ///< Named in one RESETKEY.
  /// Messages of one FETCH, STORE, SEARCH, MOVE or UID EXPUNGE: the newest are done, the rest is told of;
  /// announced as MESSAGELIMIT (RFC 9738). 0: any number.
  std::uint32_t messages = 0;
  /// Of one COPY or APPEND, announced as SAVELIMIT, when there is no `messages`.
  std::uint32_t saved_messages = 0;
  std::uint32_t saved_at_once() const noexcept { return messages != 0 ? messages : saved_messages; }
  /// A refused literal that the client sends unasked ({n+}) is read and dropped up to this;
  /// beyond it the connection ends with BYE.
  std::uint64_t swallowed_octets = 268435456;
  /// RFC 7888 §5: what LITERAL- allows unasked; used when `server_settings::literal_minus`.
  std::size_t literal_minus_octets = 4096;

  std::size_t errors_before_login = 10; ///< BAD answers in a row, then BYE.
  std::size_t errors = 100;             ///< The same after login.
  std::size_t login_failures = 10;      ///< Refused logins on one connection, then BYE.

  std::size_t set_ranges = 20000;      ///< Ranges in one sequence set.
  std::size_t fetch_sections = 200;    ///< BODY[...] and BINARY[...] items in one FETCH.
  std::size_t header_fields = 500;     ///< Names in one HEADER.FIELDS list.
  std::size_t section_depth = 64;      ///< Numbers in one section part "1.2.3".
  std::size_t search_depth = 32;       ///< NOT, OR and parentheses inside each other.
  std::size_t search_terms = 2000;     ///< Keys of one search program.
  std::size_t filters = 32;            ///< Filters that one search stands for, those within others too (RFC 5466).
  std::size_t languages = 16;          ///< Ranges in one LANGUAGE.
  std::size_t comparators = 16;        ///< Names in one COMPARATOR.
  std::size_t searched_mailboxes = 5000; ///< Of one ESEARCH; beyond it NO [LIMIT] (RFC 7377 §2.4).
  std::size_t notify_groups = 32;      ///< Groups of events in one NOTIFY.
  std::size_t notify_mailboxes = 1000; ///< Names in one group.
  std::size_t notify_changes = 2000;   ///< Mailboxes told of at once; beyond it NOTIFICATIONOVERFLOW (RFC 5465 §5.8).
  std::size_t notify_octets = 1048576; ///< Output that waits; beyond it the same.
  std::size_t search_contexts = 16;    ///< Searches with UPDATE at once; beyond it NOUPDATE (RFC 5267 §4.3.1).
  std::size_t ordered_results = 200000; ///< Results of all of them that have an order.
  std::size_t sort_keys = 16;          ///< Criteria of one SORT.
  std::size_t list_patterns = 64;      ///< Patterns of one LIST.
  std::size_t flags = 64;              ///< Flags named in one STORE or APPEND.
  std::size_t flag_octets = 64;        ///< Length of one keyword.
  std::size_t mailbox_octets = 1000;   ///< A mailbox name as UTF-8.
  std::size_t mailbox_levels = 50;     ///< Levels of a mailbox name.
  std::uint32_t uid_batch_messages = 500; ///< Smallest batch of UIDBATCHES: what every server must take.
  std::uint32_t uid_batches = 2000;    ///< Batches of one answer: a million messages at least.
  std::size_t id_pairs = 30;           ///< RFC 2971 §3.3.
  std::size_t enable_names = 32;       ///< Capabilities named in one ENABLE.
  std::size_t identifier_octets = 330; ///< An identifier of an access control list: an address and two signs.
  std::size_t metadata_name_octets = 256; ///< Name of an annotation.
  std::size_t metadata_entries = 200;  ///< Entries of one GETMETADATA or SETMETADATA.
  std::size_t metadata_value_octets = 32768; ///< One value (RFC 5464 §4.3: MAXSIZE tells it).

  /// A search that reads from the disk says how far it is (INPROGRESS) after so long, and each time
  /// after it; 0: once, at its beginning. RFC 9585 §3 wants 10 to 15 seconds.
  std::chrono::seconds progress_time{10};
  std::chrono::seconds login_time{120};       ///< From the greeting, or the last command, to login.
  std::chrono::seconds inactive_time{1800};   ///< RFC 9051 §5.4: 30 minutes at least; also in IDLE.
  std::chrono::seconds append_stall_time{300};///< Between two pieces of a message that is sent to us.
};

/// What the command parser needs of the limits and of the session's state.
struct parse_limits {
  const server_limits* limits = nullptr;
  bool utf8 = false; ///< UTF8=ACCEPT or IMAP4rev2 is on: mailbox names are UTF-8 on the wire.
  bool uid_only = false; ///< UIDONLY is on: message numbers are refused.
};

} // namespace rookery::imap
