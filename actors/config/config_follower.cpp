#include "actors/config/config_follower.hpp"

#include "actors/config/archive_documents.hpp"
#include "actors/config/collection_documents.hpp"
#include "actors/config/delivery_documents.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/gateway_documents.hpp"

#include <optional>
#include <utility>

namespace rookery::config {
namespace {

using storage::directory::config_table;
using storage::directory::document;
using storage::directory::document_kind;
using storage::directory::document_ptr;

/// Do the defaults that account records contain differ?
bool defaults_differ(const settings& a, const settings& b) {
  return a.directory_detail_folders != b.directory_detail_folders || a.quota_octets_default != b.quota_octets_default ||
         a.quota_messages_default != b.quota_messages_default;
}

class picture_maker {
public:
  picture_maker(const picture& from, const settings& values, std::vector<std::string>& faults)
      : directory_(*from.directory), delivery_(*from.delivery), last_delivery_(from.delivery), collections_(from.collections), values_(values), faults_(faults) {}

  // An account that gives way to an alias of the same address, or the other way round, comes
  // in two changes: removals are made first, whatever the order of the kinds.
  void take_out(const document& old) {
    switch (old.kind) {
    case document_kind::domain: directory_.remove_domain(old.key); break;
    case document_kind::account: directory_.remove_account(old.key); break;
    case document_kind::alias: directory_.remove_alias(old.key); break;
    case document_kind::queue: delivery_.remove_queue(old.key); break;
    case document_kind::route: delivery_.remove_route(old.key); break;
    case document_kind::host_login: delivery_.remove_login(old.key); break;
    case document_kind::gateway: delivery_.remove_gateway(old.key); break;
    case document_kind::collection: own_collections().all.erase(old.id); break;
    case document_kind::archive: archives_changed_ = true; break;
    default: return;
    }
    delivery_changed_ = delivery_changed_ || is_delivery(old.kind);
  }
  void take_in(const document& now) {
    switch (now.kind) {
    case document_kind::domain:
      if (auto d = read(read_domain(now))) directory_.put_domain(std::move(*d));
      break;
    case document_kind::account:
      if (auto a = read(read_account(now, values_))) directory_.put_account(std::move(*a));
      else directory_.remove_account(now.key);
      break;
    case document_kind::alias:
      if (auto a = read(read_alias(now))) directory_.put_alias(std::move(*a));
      else directory_.remove_alias(now.key);
      break;
    // A way that cannot be read is kept as it was: mail must not take another meanwhile.
    case document_kind::queue:
      if (auto q = read(read_queue(now))) delivery_.put(std::move(*q));
      break;
    case document_kind::route:
      if (auto r = read(read_route(now))) delivery_.put(std::move(*r));
      break;
    case document_kind::host_login:
      if (auto l = read(read_host_login(now))) delivery_.put(std::move(*l));
      break;
    case document_kind::gateway:
      if (auto g = read(read_gateway(now))) delivery_.put(std::move(*g));
      break;
    case document_kind::collection:
      if (auto one = read(read_collection(now))) own_collections().all[now.id] = std::make_shared<const collection::collection_record>(std::move(*one));
      else own_collections().all.erase(now.id);
      break;
    case document_kind::archive: archives_changed_ = true; break;
    default: break;
    }
    delivery_changed_ = delivery_changed_ || is_delivery(now.kind);
  }
  std::shared_ptr<const routing::directory_view> finish(std::uint64_t version) {
    directory_.set_default_domain(values_.directory_default_domain);
    return directory_.finish(version);
  }
  /// The same object while nothing of it changes.
  std::shared_ptr<const delivery::delivery_view> finish_delivery(std::uint64_t version) {
    return delivery_changed_ ? delivery_.finish(version) : last_delivery_;
  }
  std::shared_ptr<const collection::collection_view> finish_collections(std::uint64_t version) {
    if (own_collections_ == nullptr) return collections_;
    own_collections_->version = version;
    return own_collections_;
  }
  /// Few and rarely changed: all are read again.
  std::shared_ptr<const archiving::archive_book> finish_archives(const config_table& next, const std::shared_ptr<const archiving::archive_book>& last) {
    if (!archives_changed_) return last;
    std::vector<archiving::archive_rule> rules;
    next.for_each(document_kind::archive, {}, [&](const document_ptr& d) {
      if (auto r = read(read_archive(*d)); r && *r) rules.push_back(std::move(**r));
      return true;
    });
    return std::make_shared<const archiving::archive_book>(std::move(rules));
  }

private:
  /// A copy, once something of them changes.
  collection::collection_view& own_collections() {
    if (own_collections_ == nullptr) own_collections_ = std::make_shared<collection::collection_view>(*collections_);
    return *own_collections_;
  }
  static bool is_delivery(document_kind k) {
    return k == document_kind::queue || k == document_kind::route || k == document_kind::host_login || k == document_kind::gateway;
  }
  template <class T>
  std::optional<T> read(base::result<T> r) {
    if (r) return std::move(*r);
    faults_.push_back(r.error().log.value);
    return std::nullopt;
  }
  routing::directory_builder directory_;
  delivery::delivery_builder delivery_;
  std::shared_ptr<const delivery::delivery_view> last_delivery_;
  bool delivery_changed_ = false;
  std::shared_ptr<const collection::collection_view> collections_;
  std::shared_ptr<collection::collection_view> own_collections_;
  bool archives_changed_ = false;
  const settings& values_;
  std::vector<std::string>& faults_;
};

} // namespace

config_follower::config_follower()
    : now_{std::make_shared<const config_table>(), std::make_shared<const routing::directory_view>(),
           std::make_shared<const settings>(), std::make_shared<const delivery::delivery_view>(),
           std::make_shared<const collection::collection_view>(), std::make_shared<const archiving::archive_book>()} {}

const picture& config_follower::follow(std::shared_ptr<const config_table> next) {
  closed_.clear();
  if (next == now_.table) return now_;
  faults_.clear();
  std::vector<routing::account_ptr> touched;
  auto values = std::make_shared<const settings>(settings_of(*next));
  picture_maker maker(now_, *values, faults_);
  std::vector<document_ptr> fresh;
  config_table::for_each_change(*now_.table, *next, [&](const document* old, const document_ptr& now) {
    if (old != nullptr && old->kind == document_kind::account)
      if (auto a = now_.directory->account(old->key)) touched.push_back(std::move(a));
    if (now != nullptr) fresh.push_back(now);
    else maker.take_out(*old);
  });
  if (defaults_differ(*values, *now_.values))
    next->for_each(document_kind::account, {}, [&](const document_ptr& d) {
      maker.take_in(*d);
      return true;
    });
  for (const auto& d : fresh) maker.take_in(*d);
  now_.directory = maker.finish(next->version());
  for (const auto& a : touched)
    if (!routing::sessions_may_stay(*a, now_.directory->account(a->id).get())) closed_.push_back(a->id);
  now_.delivery = maker.finish_delivery(next->version());
  now_.collections = maker.finish_collections(next->version());
  now_.archives = maker.finish_archives(*next, now_.archives);
  now_.values = std::move(values);
  now_.table = std::move(next);
  return now_;
}

} // namespace rookery::config
