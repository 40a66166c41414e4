/// SEARCH: the program a client wrote, as a tree. `search_matcher.hpp` runs it.
///
/// Source: RFC 9051 §6.4.4; RFC 5032 (WITHIN); RFC 7162 §3.1.5 (MODSEQ); RFC 8474 §5
/// (EMAILID, THREADID); RFC 8514 §4.3 (SAVED...); RFC 4731, RFC 5182, RFC 9394 (RETURN); RFC 6203 (FUZZY).
#pragma once

#include "protocols/imap/fetch.hpp"
#include "protocols/imap/partial.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::imap {

enum class search_key : std::uint8_t {
  all,          ///< every message
  numbers,      ///< `set` of message numbers
  uids,         ///< `set` of UIDs
  flag_set,     ///< the system flag of bit `number` is set (flag::recent too)
  flag_unset,
  keyword,      ///< `text` is set
  unkeyword,
  larger,       ///< size > number
  smaller,      ///< size < number
  before, on, since,                ///< internal date; `number` = day since 1970 as int64
  sent_before, sent_on, sent_since, ///< Date: header
  saved_before, saved_on, saved_since,
  save_date_supported,
  older, younger,                   ///< internal date against now; `number` = seconds
  modseq,       ///< modseq >= number
  email_id, thread_id,              ///< `text`
  header,       ///< field `field` contains `text` (empty: the field exists)
  subject, from, to, cc, bcc,       ///< the same for one field
  body,         ///< `text` in the body
  text,         ///< `text` in header or body
  filter,       ///< what the filter named `text` says; gone after `expand_filters` (filter.hpp)
  negation,     ///< one child
  either,       ///< OR, any number of children
  each          ///< AND, any number of children
};

struct search_node {
  search_key key = search_key::all;
  bool fuzzy = false; ///< within FUZZY
  std::uint64_t number = 0;
  std::string text;  ///< UTF-8 whatever CHARSET said
  std::string field; ///< as written
  sequence_set set;
  std::vector<std::uint32_t> children; ///< numbers of nodes in the program
};

/// The nodes of one program; `root` names the top one. Depth and count are bounded by
/// server_limits.
struct search_program {
  std::vector<search_node> nodes;
  std::uint32_t root = 0;
  bool uses_modseq = false; ///< the answer then carries MODSEQ
  bool uses_saved = false;  ///< "$" stands somewhere
  bool uses_filters = false; ///< FILTER stands somewhere
  bool uses_fuzzy = false;  ///< FUZZY stands somewhere: hits have a relevancy
};

namespace search_return {
inline constexpr std::uint16_t min = 1, max = 2, all = 4, count = 8, save = 16, partial = 32,
                              update = 64, context = 128, ///< RFC 5267 §4; `context` is a hint
                               relevancy = 256;            ///< RFC 6203 §4
} // namespace search_return

struct search {
  bool uid = false;           ///< UID SEARCH: answer in UIDs
  bool extended = false;      ///< answer with ESEARCH: RETURN was given, or IMAP4rev2 is on
  std::uint16_t returns = 0;   ///< search_return::...; RETURN () gives `all`; SAVE alone prints nothing
  partial_range page;         ///< of `partial`
  fetch_items update_items;   ///< of `update`: told of new messages that match (RFC 5465 §7)
  search_program program;
};

enum class sort_criterion : std::uint8_t { arrival, cc, date, from, size, subject, to, display_from, display_to, relevancy };
struct sort_key {
  sort_criterion by = sort_criterion::arrival;
  bool reverse = false;
};
/// RFC 5256 §3, RFC 5957; RETURN: RFC 5267 §3 (ESORT).
struct sort {
  bool uid = false;
  bool extended = false;
  std::uint16_t returns = 0;
  partial_range page;
  fetch_items update_items;
  std::vector<sort_key> keys;
  search_program program;
};

enum class thread_algorithm : std::uint8_t { ordered_subject, references };
struct thread {
  bool uid = false;
  thread_algorithm algorithm = thread_algorithm::references;
  search_program program;
};

} // namespace rookery::imap
