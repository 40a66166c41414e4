#include "protocols/json/value.hpp"

#include <algorithm>

// Its header is not written for our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <simdjson.h>
#pragma GCC diagnostic pop

namespace rookery::json {

namespace {

class builder {
public:
  explicit builder(const limits& bounds) : values_left_(bounds.values), depth_left_(bounds.depth) {}

  /// Empty when all is well, else what is wrong.
  const char* build(simdjson::dom::element from, value& to) {
    if (values_left_ == 0) {
      over_limit = true;
      return "the JSON document has too many values";
    }
    --values_left_;
    using type = simdjson::dom::element_type;
    switch (from.type()) {
    case type::ARRAY:
    case type::OBJECT: {
      if (depth_left_ == 0) {
        over_limit = true;
        return "the JSON document is too deep";
      }
      --depth_left_;
      const char* wrong = from.is_array() ? build_array(from.get_array().value_unsafe(), to)
                                          : build_object(from.get_object().value_unsafe(), to);
      ++depth_left_;
      return wrong;
    }
    case type::INT64: to = from.get_int64().value_unsafe(); break;
    case type::UINT64: to = from.get_uint64().value_unsafe(); break;
    case type::DOUBLE: to = from.get_double().value_unsafe(); break;
    case type::STRING: to = std::string(from.get_string().value_unsafe()); break;
    case type::BOOL: to = from.get_bool().value_unsafe(); break;
    case type::NULL_VALUE: to = nullptr; break;
    }
    return nullptr;
  }

  bool over_limit = false;

private:
  const char* build_array(simdjson::dom::array from, value& to) {
    array made;
    for (const auto element : from)
      if (const char* wrong = build(element, made.emplace_back())) return wrong;
    to = std::move(made);
    return nullptr;
  }

  const char* build_object(simdjson::dom::object from, value& to) {
    object made;
    std::vector<std::string_view> names;
    for (const auto field : from) {
      names.push_back(field.key);
      if (const char* wrong = build(field.value, made.append(std::string(field.key), {}))) return wrong;
    }
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
      return "an object has two members of one name"; // RFC 7493 §2.3
    to = std::move(made);
    return nullptr;
  }

  std::size_t values_left_, depth_left_;
};

} // namespace

base::result<value> parse(std::string_view text, limits bounds) {
  using base::error_kind;
  if (text.size() > bounds.octets) return base::fail(error_kind::over_limit, "the JSON document is too large");
  simdjson::dom::parser parser;
  // simdjson does not count empty arrays and objects; the builder does.
  if (parser.allocate(text.size() + 64, bounds.depth + 1) != simdjson::SUCCESS)
    return base::fail(error_kind::over_limit, "no memory for the JSON document");
  const simdjson::padded_string padded(text);
  simdjson::dom::element root;
  if (const auto wrong = parser.parse(padded).get(root); wrong != simdjson::SUCCESS) {
    if (wrong == simdjson::DEPTH_ERROR) return base::fail(error_kind::over_limit, "the JSON document is too deep");
    return base::fail(error_kind::invalid, std::string("not valid JSON: ") + simdjson::error_message(wrong));
  }
  value made;
  builder b(bounds);
  if (const char* wrong = b.build(root, made))
    return base::fail(b.over_limit ? error_kind::over_limit : error_kind::invalid, wrong);
  return made;
}

} // namespace rookery::json
