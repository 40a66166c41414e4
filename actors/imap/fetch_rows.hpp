/// The rows of FETCH, of STORE's answer and of QRESYNC's: flags from the view, texts from
/// their columns, octets from the body's segment straight into the output.
///
/// Source: RFC 9051 §6.4.5, §7.5.2; RFC 3516; RFC 7162 §3.1.4.
#pragma once

#include "actors/imap/mailbox_session.hpp"
#include "actors/account/message_octets.hpp"
#include "actors/imap/field_memory.hpp"
#include "actors/imap/page_columns.hpp"
#include "actors/imap/rows.hpp"
#include "protocols/imap/fetch.hpp"
#include "protocols/mime/part_reader.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct fetch_job {
  std::vector<imap::row_range> rows;          ///< of the mailbox's present view
  imap::fetch_items items;
  std::optional<std::uint64_t> changed_since; ///< rows with a modseq not above it are left out
  bool uid_only = false;                      ///< rows are UIDFETCH (RFC 9586)
  imap::number_ranges with_flags;             ///< UIDs whose FLAGS just changed (implicit \Seen)
};

class fetch_rows final : public rows {
public:
  /// `mailbox` must not look at news while this lives.
  fetch_rows(const node&, net::connection&, const mailbox_session& mailbox, fetch_job);

  progress produce(base::buffer& out) override;
  /// A BINARY part had an encoding that we do not know (RFC 3516 §4.3).
  bool unknown_encoding() const noexcept { return unknown_encoding_; }
  /// The tree or a body could not be read; some rows are missing.
  bool failed() const noexcept { return failed_; }

private:
  enum class step : std::uint8_t { done, full, waiting };

  bool next_row();
  step write_row(base::buffer&);
  void begin_row(base::buffer&);
  step write_section(base::buffer&);
  step begin_section(base::buffer&, const imap::fetch_section&);
  step stream(base::buffer&);
  /// Brings [offset, offset + octets) of the message into `gathered_`.
  step gather(const imap::fetch_section&, const mime::section&);
  void put_gathered(const imap::fetch_section&);
  void wait_for_columns();
  void wait_for_octets(std::uint64_t offset, std::size_t octets, std::optional<mime::section> decode);
  bool find(const imap::fetch_section&, mime::section& out);
  /// The memory of the present section; null when it has none.
  field_memory* fields_memory();
  void put_nothing(const imap::fetch_section&);
  void put_octets(const imap::fetch_section&, std::string_view octets);

  const node& node_;
  net::connection& link_;
  const mailbox_session& mailbox_;
  mailbox_view_ptr view_;
  fetch_job job_;
  page_columns columns_;
  imap::flag_printer flags_;
  std::vector<std::optional<field_memory>> memories_; ///< of the first sections; none for a few rows

  std::size_t range_ = 0;
  std::uint32_t row_ = 0;           ///< of the view
  std::uint32_t page_ = 0;
  bool at_row_ = false;             ///< row_ is chosen and not finished
  bool waiting_ = false;
  bool failed_ = false;
  bool unknown_encoding_ = false;

  std::optional<imap::fetch_row> open_;
  std::size_t section_ = 0;
  message_octets message_;
  std::optional<mime::part_tree> parts_;
  bool parts_known_ = false;
  std::uint64_t stream_offset_ = 0, stream_left_ = 0;
  bool streaming_ = false;
  std::optional<std::string> gathered_;
  bool undecodable_ = false;        ///< of what was gathered
};

/// The octets of a message that a section names; "1.2" and the like need its part tree.
column_need columns_for(const imap::fetch_items&);

} // namespace rookery::actors
