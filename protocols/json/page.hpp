/// A page of a list, as all our JSON interfaces give it.
#pragma once

#include "protocols/json/value.hpp"

#include <optional>
#include <string>
#include <utility>

namespace rookery::json {

/// {"items": […], "next": …}: `next` is where the next page begins, null on the last one.
inline value page_of(array items, const std::optional<std::string>& next) {
  value out{object{}};
  out.set("items", std::move(items));
  out.set("next", next ? value(*next) : value());
  return out;
}

} // namespace rookery::json
