#include "actors/imap/field_memory.hpp"

#include "base/text.hpp"

#include <utility>

namespace rookery::actors {

using imap::fetch_section;
using storage::mail::page_slots;

namespace {

std::string name_of(const fetch_section& s) {
  std::string name = s.which == fetch_section::text::header_fields_not ? "all but" : "fields";
  for (const auto& field : s.fields) ((name += std::to_string(field.size())) += ':') += base::to_lower(field);
  return name;
}

} // namespace

bool field_memory::suits(const fetch_section& s) {
  return s.what == fetch_section::kind::body && s.part.empty() &&
         (s.which == fetch_section::text::header_fields || s.which == fetch_section::text::header_fields_not);
}

field_memory::field_memory(const fetch_section& s) : what_(name_of(s)) {}

void field_memory::enter(const std::shared_ptr<const storage::mail::page>& page) {
  if (page == page_) return;
  keep();
  page_ = page;
  known_ = storage::mail::derived_of(*page, what_);
}

std::optional<std::string_view> field_memory::find(std::uint32_t slot) const noexcept {
  if (known_ && known_->known[slot]) return known_->row(slot);
  return {};
}

void field_memory::add(std::uint32_t slot, std::string_view fields) {
  if (fields.size() > row_octets_max) return;
  at_[slot] = {static_cast<std::uint32_t>(added_.size()), static_cast<std::uint32_t>(fields.size())};
  added_ += fields;
  added_slots_.set(slot);
}

void field_memory::keep() {
  if (added_slots_.count() >= new_rows_min) {
    auto rows = std::make_shared<storage::mail::derived_rows>();
    rows->octets.reserve(added_.size() + (known_ ? known_->octets.size() : 0));
    for (std::uint32_t slot = 0; slot < page_slots; ++slot) {
      if (added_slots_[slot]) rows->octets.append(added_, at_[slot].begin, at_[slot].octets);
      else if (known_) rows->octets += known_->row(slot);
      rows->end[slot + 1] = static_cast<std::uint32_t>(rows->octets.size());
    }
    rows->known = known_ ? known_->known | added_slots_ : added_slots_;
    storage::mail::keep_derived(*page_, what_, rows);
  }
  page_.reset();
  known_.reset();
  added_.clear();
  added_slots_.reset();
}

} // namespace rookery::actors
