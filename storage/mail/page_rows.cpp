#include "storage/mail/page_rows.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::mail {
namespace {

constexpr std::uint8_t format_version = 1;

void check(bool holds) { base::check(holds, "mail tree: damaged page row"); }

/// Octets that hold every value up to `most`: 0, 1, 2, 4 or 8.
std::uint8_t width_of(std::uint64_t most) {
  if (most == 0) return 0;
  if (most <= 0xff) return 1;
  if (most <= 0xffff) return 2;
  return most <= 0xffffffffu ? 4 : 8;
}

template <class To, class T>
void put_narrow(std::string& out, const std::vector<T>& values, T base) {
  const auto at = out.size();
  out.resize(at + values.size() * sizeof(To));
  char* p = out.data() + at;
  for (const auto v : values) {
    const auto narrow = static_cast<To>(v - base);
    std::memcpy(p, &narrow, sizeof narrow);
    p += sizeof narrow;
  }
}

template <class T>
void put_packed(std::string& out, const std::vector<T>& values, T base, std::uint8_t width) {
  switch (width) {
  case 0: return;
  case 1: return put_narrow<std::uint8_t>(out, values, base);
  case 2: return put_narrow<std::uint16_t>(out, values, base);
  case 4: return put_narrow<std::uint32_t>(out, values, base);
  default: return put_narrow<std::uint64_t>(out, values, base);
  }
}

class octet_reader {
public:
  explicit octet_reader(std::string_view in) : in_(in) {}
  std::string_view take(std::size_t octets) {
    check(octets <= in_.size());
    const auto v = in_.substr(0, octets);
    in_.remove_prefix(octets);
    return v;
  }
  template <class T>
  T value() {
    T v;
    std::memcpy(&v, take(sizeof v).data(), sizeof v);
    return v;
  }
  template <class T>
  void column(std::vector<T>& into, std::size_t rows) {
    check(rows <= into.size());
    if (rows == 0) return;
    std::memcpy(into.data(), take(rows * sizeof(T)).data(), rows * sizeof(T));
  }
  std::size_t left() const { return in_.size(); }

private:
  std::string_view in_;
};

template <class From, class T>
void take_narrow(octet_reader& in, std::vector<T>& into, std::size_t rows, T base) {
  const char* p = in.take(rows * sizeof(From)).data();
  into.resize(rows);
  for (std::size_t i = 0; i < rows; ++i, p += sizeof(From)) {
    From v;
    std::memcpy(&v, p, sizeof v);
    into[i] = static_cast<T>(base + static_cast<T>(v));
  }
}

template <class T>
void take_packed(octet_reader& in, std::vector<T>& into, std::size_t rows, T base, std::uint8_t width) {
  switch (width) {
  case 0: return into.assign(rows, base);
  case 1: return take_narrow<std::uint8_t>(in, into, rows, base);
  case 2: return take_narrow<std::uint16_t>(in, into, rows, base);
  case 4: return take_narrow<std::uint32_t>(in, into, rows, base);
  case 8: return take_narrow<std::uint64_t>(in, into, rows, base);
  default: check(false);
  }
}

template <class T>
void put_column(std::string& out, const std::vector<T>& values, std::size_t rows) {
  out.append(reinterpret_cast<const char*>(values.data()), rows * sizeof(T));
}

/// Ends of rows in their octets: must not fall and must fit.
void check_ends(std::span<const std::uint32_t> ends, std::size_t octets) {
  std::uint32_t before = 0;
  for (const auto end : ends) {
    check(end >= before && end <= octets);
    before = end;
  }
  check(before == octets);
}

} // namespace

std::string encode_hot(const page& p, std::uint32_t covered) {
  const auto rows = p.rows();
  const auto uid_base = rows == 0 ? 0 : p.uid.front();
  const auto modseq_base = rows == 0 ? 0 : *std::min_element(p.modseq.begin(), p.modseq.end());
  const auto modseq_most = rows == 0 ? 0 : *std::max_element(p.modseq.begin(), p.modseq.end());
  const auto flags_most = rows == 0 ? 0 : *std::max_element(p.flags.begin(), p.flags.end());
  const auto uid_width = width_of(rows == 0 ? 0 : p.uid.back() - uid_base);
  const auto modseq_width = width_of(modseq_most - modseq_base);
  const auto flags_width = width_of(flags_most);
  std::string octets;
  octets.reserve(32 + rows * (1u + uid_width + modseq_width + flags_width));
  base::encoder out(octets);
  out.u8(format_version);
  out.u16(static_cast<std::uint16_t>(covered));
  out.u16(static_cast<std::uint16_t>(rows));
  out.u8(uid_width);
  out.u8(modseq_width);
  out.u8(flags_width);
  out.u32(uid_base);
  out.u64(modseq_base);
  put_packed<std::uint32_t>(octets, p.uid, uid_base, uid_width);
  put_packed<std::uint64_t>(octets, p.modseq, modseq_base, modseq_width);
  put_packed<std::uint64_t>(octets, p.flags, 0, flags_width);
  if (rows != covered) put_column(octets, p.slot, rows); // else row and slot are the same
  return octets;
}

std::uint32_t read_hot(std::string_view octets, page& into) {
  octet_reader in(octets);
  check(in.value<std::uint8_t>() == format_version);
  const std::uint32_t covered = in.value<std::uint16_t>();
  const std::size_t rows = in.value<std::uint16_t>();
  check(covered <= page_slots && rows <= covered);
  const auto uid_width = in.value<std::uint8_t>();
  const auto modseq_width = in.value<std::uint8_t>();
  const auto flags_width = in.value<std::uint8_t>();
  check(uid_width <= 4);
  const auto uid_base = in.value<std::uint32_t>();
  const auto modseq_base = in.value<std::uint64_t>();
  take_packed<std::uint32_t>(in, into.uid, rows, uid_base, uid_width);
  take_packed<std::uint64_t>(in, into.modseq, rows, modseq_base, modseq_width);
  take_packed<std::uint64_t>(in, into.flags, rows, 0, flags_width);
  into.slot.resize(rows);
  if (rows == covered)
    for (std::size_t i = 0; i < rows; ++i) into.slot[i] = static_cast<std::uint8_t>(i);
  else
    in.column(into.slot, rows);
  check(in.left() == 0);
  bool ascending = rows == 0 || into.slot.back() < covered;
  for (std::size_t i = 1; i < rows; ++i)
    ascending &= into.uid[i - 1] < into.uid[i] && into.slot[i - 1] < into.slot[i];
  check(ascending);
  return covered;
}

std::string encode_cold(cold_head head, std::string_view prefix,
                        const std::array<std::string_view, text_column_count>& texts) {
  std::size_t total = sizeof head + prefix.size();
  head.prefix_octets = static_cast<std::uint32_t>(prefix.size());
  for (std::size_t i = 0; i < text_column_count; ++i) {
    head.text_octets[i] = static_cast<std::uint32_t>(texts[i].size());
    total += texts[i].size();
  }
  std::string octets;
  octets.reserve(total);
  octets.append(reinterpret_cast<const char*>(&head), sizeof head);
  octets.append(prefix);
  for (const auto text : texts) octets.append(text);
  return octets;
}

cold_row::cold_row(std::string_view octets) : octets_(octets) {
  check(octets.size() >= sizeof head_);
  std::memcpy(&head_, octets.data(), sizeof head_);
  std::uint64_t total = sizeof head_ + std::uint64_t{head_.prefix_octets};
  for (const auto n : head_.text_octets) total += n;
  check(total == octets.size());
}

std::string_view cold_row::text(text_column column) const noexcept {
  std::size_t at = sizeof(cold_head) + head_.prefix_octets;
  const auto number = static_cast<std::size_t>(column);
  for (std::size_t i = 0; i < number; ++i) at += head_.text_octets[i];
  return octets_.substr(at, head_.text_octets[number]);
}

std::string with_head(std::string_view cold, const cold_head& head) {
  std::string octets(cold);
  std::memcpy(octets.data(), &head, sizeof head);
  return octets;
}

std::unique_ptr<static_columns> empty_statics() {
  auto columns = std::make_unique<static_columns>();
  columns->internal_date.resize(page_slots);
  columns->save_date.resize(page_slots);
  columns->size.resize(page_slots);
  columns->header_octets.resize(page_slots);
  columns->thread.resize(page_slots);
  columns->body.resize(page_slots);
  columns->prefix.resize(page_slots);
  return columns;
}

void put_static(static_columns& columns, std::uint32_t slot, const cold_row& row) {
  const auto& head = row.head();
  columns.internal_date[slot] = head.internal_date;
  columns.save_date[slot] = head.save_date;
  columns.size[slot] = head.size;
  columns.header_octets[slot] = head.header_octets;
  columns.thread[slot] = head.thread;
  columns.body[slot] = head.body;
  columns.prefix[slot] = row.prefix();
}

std::string encode_statics(const static_columns& columns, std::uint32_t slots) {
  static_assert(sizeof(body_ref) == 44, "body_ref is stored as it lies in memory");
  std::string octets;
  octets.reserve(8 + slots * 128u);
  base::encoder out(octets);
  out.u8(format_version);
  out.u16(static_cast<std::uint16_t>(slots));
  put_column(octets, columns.internal_date, slots);
  put_column(octets, columns.save_date, slots);
  put_column(octets, columns.size, slots);
  put_column(octets, columns.header_octets, slots);
  put_column(octets, columns.thread, slots);
  put_column(octets, columns.body, slots);
  for (std::uint32_t i = 0; i < slots; ++i) out.bytes(columns.prefix[i]);
  return octets;
}

void read_statics(std::string_view octets, static_columns& into) {
  octet_reader in(octets);
  check(in.value<std::uint8_t>() == format_version);
  const std::size_t slots = in.value<std::uint16_t>();
  check(slots <= page_slots);
  in.column(into.internal_date, slots);
  in.column(into.save_date, slots);
  in.column(into.size, slots);
  in.column(into.header_octets, slots);
  in.column(into.thread, slots);
  in.column(into.body, slots);
  base::decoder rest(in.take(in.left()));
  for (std::size_t i = 0; i < slots; ++i) into.prefix[i] = rest.bytes();
  check(rest.done());
}

std::string encode_text(std::span<const std::string_view> rows) {
  std::size_t total = 0;
  for (const auto row : rows) total += row.size();
  check(total <= 0xffffffffu);
  std::string octets;
  octets.reserve(3 + rows.size() * 4 + total);
  base::encoder out(octets);
  out.u8(format_version);
  out.u16(static_cast<std::uint16_t>(rows.size()));
  std::size_t end = 0;
  for (const auto row : rows) out.u32(static_cast<std::uint32_t>(end += row.size()));
  for (const auto row : rows) octets.append(row);
  return octets;
}

void read_text(std::string_view octets, text_rows& into) {
  octet_reader in(octets);
  check(in.value<std::uint8_t>() == format_version);
  const std::size_t rows = in.value<std::uint16_t>();
  check(rows <= page_slots);
  into.end[0] = 0;
  const auto ends = in.take(rows * 4);
  if (rows > 0) std::memcpy(into.end.data() + 1, ends.data(), ends.size());
  into.octets = in.take(in.left());
  check_ends({into.end.data() + 1, rows}, into.octets.size());
  for (std::size_t i = rows + 1; i <= page_slots; ++i) into.end[i] = into.end[rows];
}

std::string encode_run(std::uint32_t first_slot, std::span<const run_hot> hot, std::span<const std::string_view> cold) {
  std::size_t total = 0;
  for (const auto row : cold) total += row.size();
  check(total <= 0xffffffffu && hot.size() == cold.size());
  std::string octets;
  octets.reserve(5 + hot.size() * 24 + total);
  base::encoder out(octets);
  out.u8(format_version);
  out.u16(static_cast<std::uint16_t>(first_slot));
  out.u16(static_cast<std::uint16_t>(hot.size()));
  for (const auto& row : hot) {
    out.u32(row.uid);
    out.u64(row.modseq);
    out.u64(row.flags);
  }
  std::size_t end = 0;
  for (const auto row : cold) out.u32(static_cast<std::uint32_t>(end += row.size()));
  for (const auto row : cold) octets.append(row);
  return octets;
}

run_rows read_run(std::string_view octets) {
  octet_reader in(octets);
  check(in.value<std::uint8_t>() == format_version);
  run_rows out;
  out.first_slot = in.value<std::uint16_t>();
  const std::size_t rows = in.value<std::uint16_t>();
  check(out.first_slot + rows <= page_slots);
  out.hot.resize(rows);
  for (auto& row : out.hot) {
    row.uid = in.value<std::uint32_t>();
    row.modseq = in.value<std::uint64_t>();
    row.flags = in.value<std::uint64_t>();
  }
  std::vector<std::uint32_t> ends(rows);
  in.column(ends, rows);
  const auto rest = in.take(in.left());
  check_ends(ends, rest.size());
  std::uint32_t begin = 0;
  for (const auto end : ends) {
    out.cold.push_back(rest.substr(begin, end - begin));
    begin = end;
  }
  return out;
}

} // namespace rookery::storage::mail
