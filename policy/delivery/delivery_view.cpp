#include "policy/delivery/delivery_view.hpp"

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

delivery_view::delivery_view()
    : queues_(std::make_shared<const queue_map>()), routes_(std::make_shared<const route_map>()),
      logins_(std::make_shared<const login_map>()) {}

std::shared_ptr<const queue_record> delivery_view::queue(std::string_view name) const {
  const auto found = queues_->find(name);
  return found == queues_->end() ? nullptr : found->second;
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
void delivery_builder::remove_queue(std::string_view name) { own(view_.queues_, queues_).erase(std::string(name)); }
void delivery_builder::remove_route(std::string_view domain) { own(view_.routes_, routes_).erase(std::string(domain)); }
void delivery_builder::remove_login(std::string_view host) { own(view_.logins_, logins_).erase(std::string(host)); }

std::shared_ptr<const delivery_view> delivery_builder::finish(std::uint64_t version) {
  view_.version_ = version;
  queues_.reset(); // what was given out does not change any more
  routes_.reset();
  logins_.reset();
  return std::make_shared<const delivery_view>(view_);
}

} // namespace rookery::delivery
