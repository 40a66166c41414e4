#include "actors/imap/fetch_rows.hpp"

#include "actors/imap/object_id.hpp"
#include "base/log.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::actors {
namespace {

using imap::fetch_section;
namespace item = imap::fetch_item;
using storage::mail::text_column;

/// Rows looked at in one call.
constexpr unsigned rows_a_slice = 512;
/// What is copied in one piece, and what is decoded in the connection's thread at most.
constexpr std::size_t piece_octets = 64 * 1024;
constexpr std::size_t gathered_here_max = 128 * 1024;
/// What a reader brings of a streamed message at once.
constexpr std::size_t reader_piece_octets = 256 * 1024;
/// Sections of one command whose fields are remembered: clients ask for one or two.
constexpr std::size_t memories_max = 4;
/// When the readers are busy.
constexpr std::chrono::milliseconds try_again{5};

mime::section_kind kind_of(const fetch_section& s) {
  if (s.what != fetch_section::kind::body) return mime::section_kind::all;
  switch (s.which) {
    case fetch_section::text::all: return mime::section_kind::all;
    case fetch_section::text::header: return mime::section_kind::header;
    case fetch_section::text::header_fields: return mime::section_kind::header_fields;
    case fetch_section::text::header_fields_not: return mime::section_kind::header_fields_not;
    case fetch_section::text::text: return mime::section_kind::text;
    case fetch_section::text::mime: return mime::section_kind::mime;
  }
  return mime::section_kind::all;
}

/// RFC 9051 §4.3: NUL may stand in literal8 alone (BINARY[…]), but BINARYMIME brings it (RFC 3030).
/// It is shown as 0x80, which no charset means anything by; the octets after it keep their places.
void hide_nul(char* octets, std::size_t count) {
  if (std::memchr(octets, '\0', count) != nullptr) std::replace(octets, octets + count, '\0', '\x80');
}

bool selects_fields(const fetch_section& s) {
  return s.which == fetch_section::text::header_fields || s.which == fetch_section::text::header_fields_not;
}

} // namespace

column_need columns_for(const imap::fetch_items& items) {
  column_need need;
  need.statics = !items.sections.empty() ||
                 (items.bits & (item::size | item::internal_date | item::save_date | item::email_id | item::thread_id)) != 0;
  if (items.bits & item::envelope) need.add(text_column::envelope);
  if (items.bits & item::body) need.add(text_column::body);
  if (items.bits & item::bodystructure) need.add(text_column::bodystructure);
  if (items.bits & item::preview) need.add(text_column::preview);
  if (std::any_of(items.sections.begin(), items.sections.end(), [](const auto& s) { return !s.part.empty(); }))
    need.add(text_column::parts);
  return need;
}

fetch_rows::fetch_rows(const node& n, net::connection& link, const mailbox_session& mailbox, fetch_job job)
    : node_(n), link_(link), mailbox_(mailbox), view_(mailbox.shared_view()), job_(std::move(job)),
      columns_(n, link, view_, columns_for(job_.items)), flags_(view_->keywords) {
  if (!job_.rows.empty()) row_ = job_.rows.front().first;
  std::uint64_t wanted = 0;
  for (const auto& r : job_.rows) wanted += r.end - r.first;
  memories_.resize(wanted < field_memory::new_rows_min ? 0 : std::min(job_.items.sections.size(), memories_max));
  for (std::size_t i = 0; i < memories_.size(); ++i)
    if (field_memory::suits(job_.items.sections[i])) memories_[i].emplace(job_.items.sections[i]);
}

field_memory* fetch_rows::fields_memory() {
  if (section_ >= memories_.size() || !memories_[section_]) return nullptr;
  auto& memory = *memories_[section_];
  memory.enter(view_->pages[page_]);
  return &memory;
}

/// Makes `row_` the next row to be written; false at the end.
bool fetch_rows::next_row() {
  while (range_ < job_.rows.size()) {
    const auto& range = job_.rows[range_];
    row_ = std::max(row_, range.first);
    if (row_ >= range.end) {
      ++range_;
      continue;
    }
    if (row_ < view_->first_row[page_] || row_ >= view_->first_row[page_ + 1]) page_ = view_->at(row_).page_number;
    if (job_.changed_since) {
      const auto& page = *view_->pages[page_];
      if (page.modseq[row_ - view_->first_row[page_]] <= *job_.changed_since) {
        ++row_;
        continue;
      }
    }
    at_row_ = true;
    return true;
  }
  return false;
}

rows::progress fetch_rows::produce(base::buffer& out) {
  if (waiting_) return progress::waiting;
  for (unsigned n = 0; n < rows_a_slice && out.size() < net::output_octets_low; ++n) {
    if (failed_) return progress::done;
    if (!at_row_ && !next_row()) {
      for (auto& memory : memories_)
        if (memory) memory->keep();
      return progress::done;
    }
    switch (write_row(out)) {
      case step::waiting: return progress::waiting;
      case step::full: return progress::more;
      case step::done:
        at_row_ = false;
        ++row_;
    }
  }
  return progress::more;
}

fetch_rows::step fetch_rows::write_row(base::buffer& out) {
  if (!open_) {
    if (!columns_.need().none() && !columns_.enter(page_)) {
      wait_for_columns();
      return step::waiting;
    }
    begin_row(out);
  }
  for (; section_ < job_.items.sections.size(); ++section_)
    if (const auto s = write_section(out); s != step::done) return s;
  open_->end();
  open_.reset();
  return step::done;
}

void fetch_rows::begin_row(base::buffer& out) {
  const auto& page = *view_->pages[page_];
  const auto r = row_ - view_->first_row[page_];
  const auto slot = page.slot[r];
  const auto uid = page.uid[r];
  const auto bits = job_.items.bits;
  const auto& columns = columns_.current();
  if (job_.uid_only) open_.emplace(out, uid, "UIDFETCH");
  else open_.emplace(out, mailbox_.map().number_of_row(row_));
  auto& row = *open_;
  if (bits & item::uid) row.uid(uid);
  if ((bits & item::flags) || (!job_.with_flags.empty() && imap::contains(job_.with_flags, uid)))
    row.flags(flags_, page.flags[r] | (imap::contains(mailbox_.recent(), uid) ? imap::flag::recent : 0));
  if (bits & item::modseq) row.modseq(page.modseq[r]);
  if (bits & item::internal_date) row.internal_date(base::from_milliseconds(columns.statics->internal_date[slot]));
  if (bits & item::size) row.size(columns.statics->size[slot]);
  if (bits & item::envelope) row.envelope(columns.text(text_column::envelope, slot));
  if (bits & item::body) row.body(columns.text(text_column::body, slot));
  if (bits & item::bodystructure) row.bodystructure(columns.text(text_column::bodystructure, slot));
  if (bits & item::save_date) row.save_date(base::from_milliseconds(columns.statics->save_date[slot]));
  if (bits & item::email_id) row.email_id(email_id(columns.statics->body[slot].id));
  if (bits & item::thread_id) row.thread_id(thread_id(columns.statics->thread[slot], mailbox_.foreign_owner()));
  if (bits & item::preview) row.preview(columns.text(text_column::preview, slot));
  section_ = 0;
  streaming_ = false;
  parts_known_ = false;
  gathered_.reset();
  if (!job_.items.sections.empty()) message_ = octets_of(page, *columns.statics, r);
}

/// Where the section stands; false when the message has none such.
bool fetch_rows::find(const fetch_section& s, mime::section& out) {
  const auto& page = *view_->pages[page_];
  const auto slot = page.slot[row_ - view_->first_row[page_]];
  const auto& statics = *columns_.current().statics;
  const std::uint64_t size = message_.size();
  const auto header = std::min<std::uint64_t>(statics.header_octets[slot], size);
  const auto kind = kind_of(s);
  if (s.part.empty()) {
    switch (kind) {
      case mime::section_kind::all: out = {0, size, {}, nullptr}; return true;
      case mime::section_kind::text: out = {header, size - header, {}, nullptr}; return true;
      case mime::section_kind::mime: return false;
      default: out = {0, header, {}, nullptr}; return true;
    }
  }
  if (!parts_known_) {
    parts_ = mime::read_parts(columns_.current().text(text_column::parts, slot));
    parts_known_ = true;
  }
  if (!parts_) return false;
  const auto found = mime::find_section(*parts_, s.part, kind, size);
  if (!found || found->offset > size || found->octets > size - found->offset) return false;
  out = *found;
  return true;
}

fetch_rows::step fetch_rows::write_section(base::buffer& out) {
  if (streaming_) return stream(out);
  const auto& s = job_.items.sections[section_];
  if (auto* memory = fields_memory()) {
    const auto& page = *view_->pages[page_];
    if (const auto fields = memory->find(page.slot[row_ - view_->first_row[page_]])) {
      put_octets(s, *fields);
      return step::done;
    }
  }
  mime::section where;
  if (!find(s, where)) {
    put_nothing(s);
    return step::done;
  }
  if (s.what != fetch_section::kind::body || selects_fields(s)) {
    if (!gathered_)
      if (const auto g = gather(s, where); g != step::done) return g;
    put_gathered(s);
    gathered_.reset();
    return step::done;
  }
  stream_offset_ = where.offset;
  stream_left_ = where.octets;
  if (s.partial) {
    const auto skip = std::min(s.offset, stream_left_);
    stream_offset_ += skip;
    stream_left_ = std::min(stream_left_ - skip, s.octets);
  }
  if (stream_left_ == 0) {
    open_->section(s.label, {});
    return step::done;
  }
  open_->section_head(s.label, stream_left_);
  streaming_ = true;
  return stream(out);
}

fetch_rows::step fetch_rows::stream(base::buffer& out) {
  using state = storage::quick_read::state;
  while (stream_left_ > 0) {
    if (out.size() >= net::output_octets_high) return step::full;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(stream_left_, piece_octets));
    char* const room = gathered_ ? nullptr : out.prepare(want);
    const auto got = gathered_ ? storage::quick_read{} : try_read(*node_.bodies, message_, stream_offset_, room, want);
    if (gathered_) {
      hide_nul(gathered_->data(), gathered_->size());
      // A reader brought what follows.
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(stream_left_, gathered_->size()));
      out.append(std::string_view(*gathered_).substr(0, n));
      gathered_.reset();
      stream_offset_ += n;
      stream_left_ -= n;
    } else if (got.what == state::octets && got.count > 0) {
      hide_nul(room, got.count);
      out.commit(got.count);
      stream_offset_ += got.count;
      stream_left_ -= got.count;
    } else {
      wait_for_octets(stream_offset_, static_cast<std::size_t>(std::min<std::uint64_t>(stream_left_, reader_piece_octets)), {});
      return step::waiting;
    }
  }
  streaming_ = false;
  return step::done;
}

fetch_rows::step fetch_rows::gather(const fetch_section& s, const mime::section& where) {
  using state = storage::quick_read::state;
  const bool decode = s.what != fetch_section::kind::body && !s.part.empty();
  undecodable_ = false;
  if (where.octets <= gathered_here_max) {
    std::string octets(where.octets, '\0');
    std::size_t have = 0;
    while (have < octets.size()) {
      const auto got = try_read(*node_.bodies, message_, where.offset + have, octets.data() + have, octets.size() - have);
      if (got.what != state::octets || got.count == 0) break;
      have += got.count;
    }
    if (have == octets.size()) {
      if (decode) {
        auto plain = mime::decode_section(where, octets);
        undecodable_ = !plain;
        octets = plain ? std::move(*plain) : std::string();
      }
      gathered_ = std::move(octets);
      return step::done;
    }
  }
  wait_for_octets(where.offset, where.octets, decode ? std::optional(where) : std::nullopt);
  return step::waiting;
}

void fetch_rows::put_gathered(const fetch_section& s) {
  if (s.what != fetch_section::kind::body) {
    if (undecodable_) {
      unknown_encoding_ = true;
      put_nothing(s);
    } else if (s.what == fetch_section::kind::binary_size) {
      open_->binary_size(s.label, gathered_->size());
    } else {
      put_octets(s, *gathered_);
    }
    return;
  }
  const std::vector<std::string_view> names(s.fields.begin(), s.fields.end());
  auto fields = mime::header_fields(*gathered_, names, s.which == fetch_section::text::header_fields_not);
  hide_nul(fields.data(), fields.size());
  if (auto* memory = fields_memory()) {
    const auto& page = *view_->pages[page_];
    memory->add(page.slot[row_ - view_->first_row[page_]], fields);
  }
  put_octets(s, fields);
}

/// A size is a number always (RFC 9051 §9 msg-att-static).
void fetch_rows::put_nothing(const fetch_section& s) {
  if (s.what == fetch_section::kind::binary_size) open_->binary_size(s.label, 0);
  else open_->no_section(s.label);
}

void fetch_rows::put_octets(const fetch_section& s, std::string_view octets) {
  if (s.partial) {
    octets.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(s.offset, octets.size())));
    octets = octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(s.octets, octets.size())));
  }
  if (s.what == fetch_section::kind::binary) open_->binary(s.label, octets);
  else open_->section(s.label, octets);
}

void fetch_rows::wait_for_columns() {
  std::vector<std::uint32_t> pages{page_};
  // The pages that come next, as far as they are wanted at all.
  std::size_t range = range_;
  while (pages.size() < page_columns::ahead_max && pages.back() + 1 < view_->pages.size()) {
    const auto next = pages.back() + 1;
    while (range < job_.rows.size() && job_.rows[range].end <= view_->first_row[next]) ++range;
    if (range == job_.rows.size()) break;
    const auto first = std::max(job_.rows[range].first, view_->first_row[next]);
    pages.push_back(first < view_->first_row[next + 1] ? next : view_->at(first).page_number);
  }
  waiting_ = true;
  const bool taken = columns_.load(std::move(pages), [this](bool good) {
    waiting_ = false;
    if (!good) failed_ = true;
  });
  if (!taken) link_.after(try_again, [this] { waiting_ = false; });
}

void fetch_rows::wait_for_octets(std::uint64_t offset, std::size_t octets, std::optional<mime::section> decode) {
  struct work {
    message_octets message;
    std::string octets;
    bool undecodable = false;
    std::optional<base::error> error;
  };
  auto w = std::make_shared<work>();
  w->message = message_;
  waiting_ = true;
  const bool taken = node_.readers->run(
      link_,
      [w, offset, octets, decode, bodies = node_.bodies, cell = mailbox_.cell(), view = view_] {
        w->error = base::make_error(base::error_kind::io, "A message cannot be read");
        w->octets.resize(octets);
        if (auto done = read(*bodies, *cell, w->message, offset, w->octets.data(), octets); !done) {
          w->error = std::move(done).error();
          return;
        }
        if (decode) {
          auto plain = mime::decode_section(*decode, w->octets);
          w->undecodable = !plain;
          w->octets = plain ? std::move(*plain) : std::string();
        }
        w->error.reset();
      },
      [this, w] {
        waiting_ = false;
        message_.body = w->message.body;
        undecodable_ = w->undecodable;
        if (!w->error) {
          gathered_ = std::move(w->octets);
          return;
        }
        // The row has begun and its octets are not to be had: the answer cannot be finished.
        base::log_event(base::severity::error, "imap.body_unreadable")
            .text("session", link_.facts().session_id)
            .number("uid", message_.uid)
            .text("error", w->error->log.value);
        failed_ = true;
        link_.abort("a body cannot be read");
      });
  if (!taken) link_.after(try_again, [this] { waiting_ = false; });
}

} // namespace rookery::actors
