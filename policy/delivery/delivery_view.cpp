#include "policy/delivery/delivery_view.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace rookery::delivery {
namespace {

/// What is written of the name itself, or of the nearest name above it.
template <class Map>
typename Map::mapped_type nearest(const Map& rows, std::string_view name) {
  if (const auto own = rows.find(name); own != rows.end()) return own->second;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
    if (const auto above = rows.find('*' + std::string(name.substr(dot))); above != rows.end()) return above->second;
  const auto all = rows.find(std::string_view("*"));
  return all == rows.end() ? nullptr : all->second;
}

} // namespace

bool is_built_in(std::string_view queue) noexcept {
  return std::binary_search(built_in_queues.begin(), built_in_queues.end(), queue);
}

bool gateway_record::may_dequeue(std::string_view account) const noexcept {
  return std::find(dequeuers.begin(), dequeuers.end(), account) != dequeuers.end();
}

bool gateway_record::has_recipient(std::string_view local_part) const {
  return std::binary_search(recipients.begin(), recipients.end(), base::to_lower(local_part));
}

std::string gateway_queue(std::string_view domain) {
  constexpr std::size_t octets_max = 64; // of a queue's name
  if (domain.size() <= octets_max && !is_built_in(domain)) return std::string(domain);
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : domain) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::string octets;
  for (int i = 0; i < 8; ++i) octets.push_back(static_cast<char>(h >> (8 * i)));
  const auto mark = '-' + base::to_hex(octets);
  return std::string(domain.substr(0, octets_max - mark.size())) + mark;
}

delivery_view::delivery_view()
    : queues_(std::make_shared<const queue_map>()), routes_(std::make_shared<const route_map>()),
      logins_(std::make_shared<const login_map>()), gateways_(std::make_shared<const gateway_map>()) {}

std::shared_ptr<const gateway_record> delivery_view::gateway(std::string_view domain) const {
  const auto found = gateways_->find(domain);
  return found == gateways_->end() ? nullptr : found->second;
}

std::shared_ptr<const queue_record> delivery_view::queue(std::string_view name) const {
  const auto found = queues_->find(name);
  return found == queues_->end() ? nullptr : found->second;
}

bool delivery_view::has_queue(std::string_view name) const {
  return is_built_in(name) || queues_->contains(name) ||
         std::any_of(gateways_->begin(), gateways_->end(), [&](const auto& g) { return g.second->queue == name; });
}

std::shared_ptr<const route_record> delivery_view::route(std::string_view domain) const { return nearest(*routes_, domain); }
std::shared_ptr<const host_login> delivery_view::login_for(std::string_view host) const { return nearest(*logins_, host); }

template <class Map>
Map& delivery_builder::own(std::shared_ptr<const Map>& shown, std::shared_ptr<Map>& owned) {
  if (!owned) shown = owned = std::make_shared<Map>(*shown);
  return *owned;
}

void delivery_builder::put(queue_record r) {
  auto key = r.name;
  own(view_.queues_, queues_)[std::move(key)] = std::make_shared<const queue_record>(std::move(r));
}
void delivery_builder::put(route_record r) {
  auto key = r.domain;
  own(view_.routes_, routes_)[std::move(key)] = std::make_shared<const route_record>(std::move(r));
}
void delivery_builder::put(host_login r) {
  auto key = r.host;
  own(view_.logins_, logins_)[std::move(key)] = std::make_shared<const host_login>(std::move(r));
}
void delivery_builder::put(gateway_record r) {
  std::sort(r.recipients.begin(), r.recipients.end());
  r.queue = gateway_queue(r.domain);
  auto key = r.domain;
  own(view_.gateways_, gateways_)[std::move(key)] = std::make_shared<const gateway_record>(std::move(r));
}
void delivery_builder::remove_gateway(std::string_view domain) { own(view_.gateways_, gateways_).erase(std::string(domain)); }
void delivery_builder::remove_queue(std::string_view name) { own(view_.queues_, queues_).erase(std::string(name)); }
void delivery_builder::remove_route(std::string_view domain) { own(view_.routes_, routes_).erase(std::string(domain)); }
void delivery_builder::remove_login(std::string_view host) { own(view_.logins_, logins_).erase(std::string(host)); }

std::shared_ptr<const delivery_view> delivery_builder::finish(std::uint64_t version) {
  view_.version_ = version;
  queues_.reset(); // what was given out does not change any more
  routes_.reset();
  logins_.reset();
  gateways_.reset();
  return std::make_shared<const delivery_view>(view_);
}

} // namespace rookery::delivery
