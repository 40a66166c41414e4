/// Writes untagged answers into a session's output.
///
/// A thin object on the buffer: make one where it is needed. Every function writes one whole
/// line, except `fetch`, whose row is built piece by piece. Nothing is checked that the house
/// guarantees (wire forms of envelopes, object ids); names and texts are quoted as needed.
///
/// Source: RFC 9051 §7; RFC 7162; RFC 4315; RFC 5819; RFC 9208; RFC 8474; RFC 8514; RFC 8970.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/imap/client_mode.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/list.hpp"
#include "protocols/imap/quota.hpp"
#include "protocols/imap/result_update.hpp"
#include "protocols/imap/search.hpp"
#include "protocols/imap/sequence_set.hpp"
#include "protocols/imap/status.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// One "* n FETCH (...)" that is being written. Call `end` last; nothing else may be written
/// to the buffer meanwhile. A row without items is written as "()" : do not begin one.
class fetch_row {
public:
  fetch_row(base::buffer& out, std::uint32_t number, std::string_view word = "FETCH");

  fetch_row& flags(const flag_printer&, std::uint64_t flags);
  fetch_row& uid(std::uint32_t);
  fetch_row& size(std::uint64_t octets);             ///< RFC822.SIZE
  fetch_row& internal_date(base::wall_time);
  fetch_row& modseq(std::uint64_t);
  fetch_row& envelope(std::string_view wire);
  fetch_row& body(std::string_view wire);
  fetch_row& bodystructure(std::string_view wire);
  fetch_row& save_date(std::optional<base::wall_time>);
  fetch_row& email_id(std::string_view);
  fetch_row& thread_id(std::string_view);            ///< "" writes NIL
  /// UTF-8 text; nothing writes NIL (RFC 8970 §3.1).
  fetch_row& preview(std::optional<std::string_view>);
  /// A section as literal; `label` is fetch_section::label. Empty octets are written as "".
  fetch_row& section(std::string_view label, std::string_view octets);
  /// The section does not exist: NIL.
  fetch_row& no_section(std::string_view label);
  /// A section whose octets the caller brings: exactly `octets` must be appended to the buffer
  /// (prepare and commit, in pieces if wanted) before the row goes on.
  fetch_row& section_head(std::string_view label, std::uint64_t octets);
  /// BINARY[...]: as literal8 when there is a NUL.
  fetch_row& binary(std::string_view label, std::string_view octets);
  fetch_row& binary_head(std::string_view label, std::uint64_t octets, bool has_nul);
  fetch_row& binary_size(std::string_view label, std::uint64_t octets);
  void end();

private:
  char* item(std::string_view name, std::size_t room);
  base::buffer& out_;
  bool first_ = true;
};

class response_writer {
public:
  response_writer(base::buffer& out, client_mode mode) : out_(out), mode_(mode) {}
  base::buffer& out() noexcept { return out_; }
  const client_mode& mode() const noexcept { return mode_; }

  /// "* OK [code] text"; no brackets for an empty code.
  void ok(std::string_view code, std::string_view text);
  void no(std::string_view code, std::string_view text);
  void bad(std::string_view code, std::string_view text);
  void bye(std::string_view code, std::string_view text);

  // What SELECT says.
  void exists(std::uint32_t messages);
  void recent(std::uint32_t messages);                 ///< nothing under IMAP4rev2
  void flags(const std::vector<std::string>& keywords);
  /// `may`: flag_right bits of what can be changed (RFC 4314 §5.2).
  void permanent_flags(const std::vector<std::string>& keywords, bool read_only, bool new_keywords,
                       std::uint8_t may = flag_right::all);
  void unseen(std::uint32_t number);                   ///< first unseen; nothing under IMAP4rev2 and UIDONLY
  void uid_validity(std::uint32_t);
  void uid_next(std::uint32_t);
  void highest_modseq(std::uint64_t);
  void mailbox_id(std::string_view);                   ///< RFC 8474 §4.2

  // What changes say.
  void expunge(std::uint32_t number);
  void vanished(std::span<const number_range> uids, bool earlier);
  fetch_row fetch(std::uint32_t number) { return {out_, number}; }
  /// The same, or UIDFETCH where the client knows no numbers (RFC 9586).
  fetch_row message(std::uint32_t number, std::uint32_t uid) {
    return mode_.uid_only ? fetch_row(out_, uid, "UIDFETCH") : fetch_row(out_, number);
  }

  // Answers to questions. `hits` ascending for search, in sorted order for sort; `relevancies` are theirs
  // (RFC 6203 §4), when they are asked for.
  void search(std::string_view tag, const imap::search&, std::span<const std::uint32_t> hits,
              std::uint64_t highest_modseq = 0, std::span<const std::uint8_t> relevancies = {});
  void sort(std::string_view tag, const imap::sort&, std::span<const std::uint32_t> hits,
            std::uint64_t highest_modseq = 0, std::span<const std::uint8_t> relevancies = {});
  void thread(std::string_view tree);
  /// One line that says how results changed (RFC 5267 §4.3): its beginning, "ADDTO" or "REMOVEFROM"
  /// with their steps, its end.
  void update_begin(std::string_view tag, bool uid);
  void update_item(std::string_view item, std::span<const result_step>);
  void update_end();
  /// ESEARCH of one mailbox among many (RFC 7377 §2.1).
  void multi_search(std::string_view tag, std::string_view mailbox, std::uint32_t uid_validity, const imap::search&,
                    std::span<const std::uint32_t> uids, std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies = {});
  void comparator(std::string_view name);
  /// LANGUAGE (RFC 5255 §3.3): tags in parentheses.
  void languages(std::initializer_list<std::string_view> tags);
  /// Pairs of the highest and the lowest UID.
  void uid_batches(std::string_view tag, std::span<const number_range> batches);

  /// A LIST row (LSUB when asked by LSUB).
  void list(const imap::list&, const list_row&);
  /// RFC 9051 §6.3.9.7: the name that was asked for is spelled otherwise now, or was renamed.
  void list_renamed(std::string_view name, std::uint32_t attributes, std::string_view old_name);
  /// The answer to LIST "" "".
  void list_separator(bool lsub);
  void status(std::string_view mailbox, std::uint32_t items, const status_values&);

  void quota(std::string_view root, std::span<const quota_resource>);
  void quota_root(std::string_view mailbox, std::span<const std::string_view> roots);
  void capability(std::string_view names);
  void enabled(std::string_view names);
  /// The personal one, other users' and public folders; "" for none of that kind.
  void name_space(std::string_view other_users = {}, std::string_view public_folders = {});
  /// Pairs of name and value.
  void id(std::span<const std::pair<std::string, std::string>>);

  /// A mailbox name as the client reads it: encoded, and quoted where it must be.
  void mailbox(std::string_view name);
  /// astring: an atom where possible, else quoted, else a literal.
  void astring(std::string_view);

private:
  void line(std::string_view kind, std::string_view code, std::string_view text);
  /// "* SEARCH 1 2 (MODSEQ 3)": what SEARCH and SORT without RETURN say.
  void hit_numbers(std::string_view kind, std::span<const std::uint32_t> hits, std::uint64_t highest_modseq);
  /// `in_order`: the hits ascend, so they may be printed as ranges.
  template <class Search>
  void esearch(std::string_view tag, const Search&, std::span<const std::uint32_t> hits, bool in_order,
               std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies);
  template <class Search>
  void esearch_items(const Search&, std::span<const std::uint32_t> hits, bool in_order, std::uint64_t highest_modseq,
                     std::span<const std::uint8_t> relevancies);
  base::buffer& out_;
  client_mode mode_;
};

/// RFC 9585 §4; `goal` 0: not known how far it is.
std::string in_progress_code(std::string_view tag, std::uint32_t done, std::uint32_t goal);
// Response codes that carry data, without brackets, for respond_ok and respond_no.
std::string append_uid_code(std::uint32_t uid_validity, std::span<const number_range> uids);
std::string copy_uid_code(std::uint32_t uid_validity, std::span<const number_range> from, std::span<const number_range> to);
/// From lists of single UIDs, in the order copied.
std::string copy_uid_code(std::uint32_t uid_validity, std::span<const std::uint32_t> from, std::span<const std::uint32_t> to);
std::string highest_modseq_code(std::uint64_t);
/// RFC 9738 §3.1; `lowest_uid` of those that were done, 0: nothing was.
std::string message_limit_code(std::uint32_t most, std::uint32_t lowest_uid = 0);
std::string modified_code(std::span<const number_range>);
std::string mailbox_id_code(std::string_view);

/// Appends `text` as quoted string, or as literal where it cannot be quoted.
void print_string(base::buffer& out, std::string_view text, bool utf8 = false);
void print_number(base::buffer& out, std::uint64_t number);

} // namespace rookery::imap
