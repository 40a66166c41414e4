// Sent messages that are remembered, so that their senders can recall them.
#include "actors/admin/call.hpp"
#include "base/text.hpp"
#include "policy/recall/sent_record.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <unordered_map>

namespace rookery::admin {
namespace {

constexpr std::size_t page_notes = 500;

/// Addresses by the number of the account.
class account_names {
public:
  explicit account_names(const storage::directory::config_table& table) {
    table.for_each(storage::directory::document_kind::account, {}, [this](const storage::directory::document_ptr& d) {
      names_.emplace(d->id, d);
      return true;
    });
  }
  std::string of(base::account_id id) const {
    const auto at = names_.find(id.value);
    return at == names_.end() ? std::string() : at->second->key;
  }

private:
  std::unordered_map<std::uint64_t, storage::directory::document_ptr> names_;
};

json::value head_of(const recall::sent_record& r, const account_names& names) {
  json::value out{json::object{}};
  out.set("id", id_text(r.id));
  out.set("account", names.of(r.account));
  out.set("time", base::to_milliseconds(r.time));
  if (!r.message_id.empty()) out.set("message_id", base::printable(r.message_id, recall::message_id_octets_max));
  if (!r.subject.empty()) out.set("subject", base::printable(r.subject));
  out.set("recipients", r.recipients.size() + r.unremembered);
  return out;
}

json::value show(const recall::sent_copy& c, const account_names& names) {
  json::value out{json::object{}};
  if (c.place == recall::sent_copy::where::mailbox) {
    out.set("mailbox_of", names.of(base::account_id{c.id}));
    return out;
  }
  out.set(c.place == recall::sent_copy::where::queue ? "queued" : "forwarded", id_text(base::message_id{c.id}));
  if (!c.address.empty()) out.set("address", base::printable(c.address, 1000));
  return out;
}

} // namespace

/// Newest first; ?account=ADDRESS restricts.
void list_sent(const call_ptr& c) {
  const auto spool = spool_of(c);
  if (spool == nullptr) return;
  base::account_id only;
  if (const auto text = c->query("account"); !text.empty()) {
    const auto name = routing::canonical_address(text);
    const auto table = c->node->table();
    const auto* d = name ? table->find(storage::directory::document_kind::account, *name) : nullptr;
    if (d == nullptr) return c->refuse(base::error_kind::not_found, "there is no account " + base::printable(text));
    only.value = d->id;
  }
  reply_from_worker(c, [spool, only, table = c->node->table(), limit = c->limit()]() -> base::result<json::value> {
    const account_names names(*table);
    json::array items;
    std::size_t total = 0;
    for (std::string after;;) {
      const auto page = spool->notes(recall::sent_space, "", page_notes, after);
      for (const auto& n : page) {
        const auto r = recall::decode_sent(n.key, n.value);
        if (!r || (only.value != 0 && r->account != only)) continue;
        ++total;
        items.push_back(head_of(*r, names));
      }
      if (page.size() < page_notes) break;
      after = page.back().key;
    }
    std::reverse(items.begin(), items.end());
    if (items.size() > limit) items.resize(limit);
    return page_body(std::move(items), "", total);
  });
}

void show_sent(const call_ptr& c) {
  const auto id = message_named(c);
  const auto spool = id ? spool_of(c) : nullptr;
  if (spool == nullptr) return;
  reply_from_worker(c, [spool, id = *id, table = c->node->table()]() -> base::result<json::value> {
    const auto note = spool->note(recall::sent_space, recall::sent_key(id));
    const auto r = note ? recall::decode_sent(note->key, note->value) : std::nullopt;
    if (!r) return base::fail(base::error_kind::not_found, "this message is not remembered");
    const account_names names(*table);
    auto out = head_of(*r, names);
    json::array recipients;
    for (const auto& to : r->recipients) {
      json::value one{json::object{}};
      one.set("address", base::printable(to.address, 1000));
      json::array copies;
      for (const auto& copy : to.copies) copies.push_back(show(copy, names));
      one.set("copies", std::move(copies));
      recipients.push_back(std::move(one));
    }
    out.set("recipients", std::move(recipients));
    if (r->unremembered != 0) out.set("unremembered", r->unremembered);
    return out;
  });
}

} // namespace rookery::admin
