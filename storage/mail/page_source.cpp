#include "storage/mail/page_source.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace rookery::storage::mail {
namespace {

/// Calls `each(slot, cold octets)` for the runs of a page. False when there are none.
template <class F>
bool each_run(const mail_store& store, const page_id& id, F&& each) {
  bool any = false;
  const auto prefix = key::page(family::run, id);
  must(store.rows->scan(prefix, key::behind(prefix), [&](std::string_view, std::string_view value) {
    any = true;
    const auto run = read_run(value);
    for (std::size_t i = 0; i < run.cold.size(); ++i)
      each(run.first_slot + static_cast<std::uint32_t>(i), run.cold[i]);
    return true;
  }));
  return any;
}

} // namespace

void page_source::add(cold_octets row) {
  const std::lock_guard hold(lock_);
  const auto slot = first_pending_ + static_cast<std::uint32_t>(pending_.size());
  if (columns_) put_static(*columns_, slot, cold_row(*row));
  pending_.push_back(std::move(row));
}

std::uint32_t page_source::first_pending() const {
  const std::lock_guard hold(lock_);
  return first_pending_;
}

std::vector<page_source::cold_octets> page_source::pending() const {
  const std::lock_guard hold(lock_);
  return pending_;
}

void page_source::flushed() {
  std::vector<cold_octets> rows; // freed without the lock
  const std::lock_guard hold(lock_);
  first_pending_ += static_cast<std::uint32_t>(pending_.size());
  pending_.swap(rows);
}

page_source::waiting page_source::waiting_rows() const {
  const std::lock_guard hold(lock_);
  return {first_pending_, pending_};
}

std::unique_ptr<static_columns> page_source::read_statics_of(const waiting& memory) const {
  auto columns = empty_statics();
  if (memory.first > 0) {
    // Sealed, or runs, or sealed just between the two looks, or gone with its mailbox.
    auto sealed = must(store_->rows->get(key::page(family::statics, id_)));
    if (!sealed && !each_run(*store_, id_, [&](std::uint32_t slot, std::string_view cold) {
          put_static(*columns, slot, cold_row(cold));
        }))
      sealed = must(store_->rows->get(key::page(family::statics, id_)));
    if (sealed) read_statics(*sealed, *columns);
  }
  for (std::size_t i = 0; i < memory.rows.size(); ++i)
    put_static(*columns, memory.first + static_cast<std::uint32_t>(i), cold_row(*memory.rows[i]));
  return columns;
}

const static_columns& page_source::load_statics() {
  for (;;) {
    if (const auto* columns = statics()) return *columns;
    const auto memory = waiting_rows(); // before the tree: what is flushed meanwhile is seen twice
    auto columns = read_statics_of(memory);
    const std::lock_guard hold(lock_);
    if (const auto* already = statics()) return *already;
    // Messages that came and were flushed after we looked are in neither: look again.
    if (first_pending_ > memory.end()) continue;
    for (std::size_t i = 0; i < pending_.size(); ++i)
      put_static(*columns, first_pending_ + static_cast<std::uint32_t>(i), cold_row(*pending_[i]));
    columns_ = std::move(columns);
    loaded_.store(columns_.get(), std::memory_order_release);
    return *columns_;
  }
}

page_source::lease page_source::borrow_statics() const {
  if (const auto* columns = statics()) return {columns, nullptr};
  auto own = read_statics_of(waiting_rows());
  const auto* columns = own.get();
  return {columns, std::move(own)};
}

std::shared_ptr<page_source> page_source::relocated(const std::vector<std::uint32_t>& slots, const body_ref& to) const {
  const auto memory = waiting_rows();
  auto columns = read_statics_of(memory);
  if (const auto* mine = statics()) *columns = *mine; // an earlier relocation that is not flushed
  auto moved = std::make_shared<page_source>(store_, id_, memory.first);
  moved->pending_ = memory.rows;
  for (const auto slot : slots) {
    columns->body[slot] = to;
    if (slot < memory.first) continue;
    auto& row = moved->pending_[slot - memory.first];
    auto head = cold_row(*row).head();
    head.body = to;
    row = std::make_shared<const std::string>(with_head(*row, head));
  }
  moved->columns_ = std::move(columns);
  moved->loaded_.store(moved->columns_.get(), std::memory_order_release);
  return moved;
}

std::shared_ptr<const text_rows> page_source::gather(text_column column, const text_cache::entry& known,
                                                     const waiting& memory, bool from_tree) {
  auto out = std::make_shared<text_rows>();
  if (known.slots >= memory.end() && known.rows) return known.rows;
  std::optional<std::string> sealed;
  std::array<std::string, page_slots> runs;
  std::array<std::string_view, page_slots> rows{};
  if (from_tree && memory.first > known.slots) {
    sealed = must(store_->rows->get(key::text(id_, column)));
    if (!sealed && !each_run(*store_, id_, [&](std::uint32_t slot, std::string_view cold) {
          rows[slot] = runs[slot] = cold_row(cold).text(column);
        }))
      sealed = must(store_->rows->get(key::text(id_, column)));
    if (sealed) {
      read_text(*sealed, *out);
      store_->texts.keep(id_, column, {out, page_slots});
      return out;
    }
  } else {
    for (std::uint32_t slot = 0; slot < known.slots && slot < memory.first; ++slot) rows[slot] = known.rows->row(slot);
  }
  for (std::size_t i = 0; i < memory.rows.size(); ++i) rows[memory.first + i] = cold_row(*memory.rows[i]).text(column);
  std::size_t total = 0;
  for (std::uint32_t slot = 0; slot < memory.end(); ++slot) total += rows[slot].size();
  out->octets.reserve(total);
  for (std::uint32_t slot = 0; slot < page_slots; ++slot) {
    if (slot < memory.end()) out->octets.append(rows[slot]);
    out->end[slot + 1] = static_cast<std::uint32_t>(out->octets.size());
  }
  store_->texts.keep(id_, column, {out, memory.end()});
  return out;
}

std::shared_ptr<const text_rows> page_source::text(text_column column, std::uint32_t slots) {
  const auto known = store_->texts.find(id_, column);
  if (known.slots >= slots && known.rows) return known.rows;
  const auto memory = waiting_rows();
  if (memory.first > known.slots) return nullptr;
  return gather(column, known, memory, false);
}

std::shared_ptr<const text_rows> page_source::load_text(text_column column, std::uint32_t slots) {
  const auto known = store_->texts.find(id_, column);
  if (known.slots >= slots && known.rows) return known.rows;
  const auto memory = waiting_rows();
  return gather(column, known, memory, memory.first > known.slots);
}

std::shared_ptr<const derived_rows> page_source::derived(const derivation& d) const {
  return std::static_pointer_cast<const derived_rows>(store_->texts.find(id_, {d.first(), d.second()}).rows);
}

void page_source::keep_derived(const derivation& d, std::shared_ptr<const derived_rows> rows) const {
  const auto slots = static_cast<std::uint32_t>(rows->known.count());
  store_->texts.keep(id_, {d.first(), d.second()}, {std::move(rows), slots});
}

derivation::derivation(std::string_view name) {
  const auto digest = base::sha256(name);
  static_assert(sizeof digest >= sizeof first_ + sizeof second_);
  std::memcpy(&first_, &digest, sizeof first_);
  std::memcpy(&second_, reinterpret_cast<const char*>(&digest) + sizeof first_, sizeof second_);
}
std::shared_ptr<const derived_rows> derived_of(const page& p, const derivation& d) { return p.source ? p.source->derived(d) : nullptr; }
void keep_derived(const page& p, const derivation& d, std::shared_ptr<const derived_rows> rows) {
  if (p.source) p.source->keep_derived(d, std::move(rows));
}

const static_columns* statics_of(const page& p) noexcept { return p.source ? p.source->statics() : nullptr; }
const static_columns& load_statics(const page& p) {
  base::check(p.source != nullptr, "a page without a source");
  return p.source->load_statics();
}
std::shared_ptr<const text_rows> text_of(const page& p, text_column column) {
  return p.source && p.rows() > 0 ? p.source->text(column, p.slot.back() + 1u) : nullptr;
}
std::shared_ptr<const text_rows> load_text(const page& p, text_column column) {
  base::check(p.source != nullptr && p.rows() > 0, "a page without a source");
  return p.source->load_text(column, p.slot.back() + 1u);
}

} // namespace rookery::storage::mail
