#include "storage/mail/account_list.hpp"

#include "storage/mail/keys.hpp"
#include "storage/mail/page_source.hpp"
#include "storage/mail/records.hpp"
#include "storage/tree/tree.hpp"

namespace rookery::storage::mail {

base::account_id owner_of(const mailbox_view& view) noexcept {
  return view.pages.empty() ? base::account_id{} : view.pages.front()->source->id().account;
}

base::result<void> list_accounts(const tree& records, base::account_id after, const std::function<bool(const account_use&)>& f) {
  const auto all = std::string(1, static_cast<char>(family::account));
  return records.scan(key::account(base::account_id{after.value + 1}), key::behind(all), [&](std::string_view k, std::string_view value) {
    key_reader in(k);
    const base::account_id account{in.u64()};
    const auto record = read_account_record(value);
    return f({account, record.octets, record.messages});
  });
}

} // namespace rookery::storage::mail
