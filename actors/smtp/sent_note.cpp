#include "actors/smtp/sent_note.hpp"

namespace rookery::actors {

using place = recall::sent_copy::where;

sent_note::sent_note(const transaction& t, const commit_facts& facts, const storage::body_id& body)
    : on_(facts.account != nullptr && facts.remembered != 0), remembered_(facts.remembered) {
  if (!on_) return;
  record_.account = facts.account->id;
  record_.id = t.id;
  record_.message_id = facts.message_id;
  record_.subject = facts.subject;
  record_.time = t.begun;
  record_.body.assign(reinterpret_cast<const char*>(body.data()), body.size());
}

void sent_note::begin(std::string address) {
  if (on_) record_.recipients.push_back({std::move(address), {}});
}

void sent_note::stored(base::account_id account) {
  if (on_) record_.recipients.back().copies.push_back({place::mailbox, account.value, 0, {}});
}

void sent_note::queued(std::size_t number, const std::string& address) {
  if (!on_) return;
  auto& to = record_.recipients.back();
  to.copies.push_back({place::queue, record_.id.value, static_cast<std::uint32_t>(number), address == to.address ? std::string() : address});
}

void sent_note::queued_as(std::size_t current, const storage::queue::envelope& e, std::size_t number) {
  if (!on_) return;
  auto& to = record_.recipients.at(current - 1);
  const auto& address = e.recipients.at(number).address;
  to.copies.push_back({place::queue, e.id.value, static_cast<std::uint32_t>(number), address == to.address ? std::string() : address});
}

void sent_note::forwarded_until(std::size_t count) {
  if (on_) forwarded_for_.resize(count, record_.recipients.size() - 1);
}

void sent_note::forwarded(std::size_t index, const storage::queue::envelope& e) {
  if (!on_) return;
  for (std::uint32_t i = 0; i < e.recipients.size(); ++i)
    record_.recipients[forwarded_for_.at(index)].copies.push_back({place::forwarded, e.id.value, i, e.recipients[i].address});
}

std::optional<storage::queue::put_note> sent_note::note() const {
  if (!on_ || record_.recipients.empty()) return std::nullopt;
  return storage::queue::put_note{std::string(recall::sent_space), recall::sent_key(record_.id), recall::encode(record_), {}, remembered_};
}

} // namespace rookery::actors
