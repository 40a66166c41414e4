#include "protocols/json/value.hpp"

#include "base/text.hpp"
#include "protocols/json/writer.hpp"

namespace rookery::json {

const value* object::find(std::string_view name) const noexcept {
  for (const auto& [known, v] : members_)
    if (known == name) return &v;
  return nullptr;
}

value* object::find(std::string_view name) noexcept {
  return const_cast<value*>(static_cast<const object*>(this)->find(name));
}

value& object::set(std::string_view name, value v) {
  if (auto* known = find(name)) return *known = std::move(v);
  return append(std::string(name), std::move(v));
}

value& object::append(std::string name, value v) {
  return members_.emplace_back(std::move(name), std::move(v)).second;
}

bool object::erase(std::string_view name) {
  for (auto at = members_.begin(); at != members_.end(); ++at)
    if (at->first == name) {
      members_.erase(at);
      return true;
    }
  return false;
}

std::optional<double> value::as_double() const noexcept {
  if (const auto* i = as_integer()) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&side_)) return *d;
  return std::nullopt;
}

namespace {

/// RFC 6901 §4: "~1" is '/', "~0" is '~'.
bool same_token(std::string_view token, std::string_view name) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < token.size(); ++i, ++at) {
    char c = token[i];
    if (c == '~' && i + 1 < token.size()) c = token[++i] == '1' ? '/' : '~';
    if (at >= name.size() || name[at] != c) return false;
  }
  return at == name.size();
}

const value* step_into(const value& v, std::string_view token) noexcept {
  if (const auto* members = v.as_object()) {
    for (const auto& [name, inner] : *members)
      if (same_token(token, name)) return &inner;
  } else if (const auto* elements = v.as_array()) {
    const auto index = base::parse_u32(token);
    if (index && *index < elements->size() && (token.size() == 1 || token[0] != '0')) return &(*elements)[*index];
  }
  return nullptr;
}

} // namespace

const value* value::find(std::string_view path) const noexcept {
  if (!path.starts_with('/')) {
    const auto* members = as_object();
    return members == nullptr ? nullptr : members->find(path);
  }
  const value* here = this;
  while (here != nullptr && !path.empty()) {
    path.remove_prefix(1);
    const auto token = path.substr(0, path.find('/'));
    path.remove_prefix(token.size());
    here = step_into(*here, token);
  }
  return here;
}

std::optional<std::string_view> value::get_string(std::string_view path) const noexcept {
  const auto* v = find(path);
  const auto* s = v == nullptr ? nullptr : v->as_string();
  return s == nullptr ? std::nullopt : std::optional<std::string_view>(*s);
}

std::optional<std::int64_t> value::get_integer(std::string_view path) const noexcept {
  const auto* v = find(path);
  const auto* i = v == nullptr ? nullptr : v->as_integer();
  return i == nullptr ? std::nullopt : std::optional(*i);
}

std::optional<std::uint64_t> value::get_unsigned(std::string_view path) const noexcept {
  const auto i = get_integer(path);
  return i && *i >= 0 ? std::optional(static_cast<std::uint64_t>(*i)) : std::nullopt;
}

std::optional<bool> value::get_bool(std::string_view path) const noexcept {
  const auto* v = find(path);
  const auto* b = v == nullptr ? nullptr : v->as_bool();
  return b == nullptr ? std::nullopt : std::optional(*b);
}

const array* value::get_array(std::string_view path) const noexcept {
  const auto* v = find(path);
  return v == nullptr ? nullptr : v->as_array();
}

const object* value::get_object(std::string_view path) const noexcept {
  const auto* v = find(path);
  return v == nullptr ? nullptr : v->as_object();
}

std::optional<std::vector<std::string>> value::get_strings(std::string_view path) const {
  const auto* elements = get_array(path);
  if (elements == nullptr) return std::nullopt;
  std::vector<std::string> strings;
  strings.reserve(elements->size());
  for (const auto& element : *elements) {
    const auto* s = element.as_string();
    if (s == nullptr) return std::nullopt;
    strings.push_back(*s);
  }
  return strings;
}

value& value::set(std::string_view name, value v) {
  if (as_object() == nullptr) side_ = object();
  return as_object()->set(name, std::move(v));
}

bool operator==(const value& a, const value& b) {
  if (a.side_.index() != b.side_.index()) return false;
  const auto* left = a.as_object();
  if (left == nullptr) {
    if (const auto* x = a.as_array()) return *x == *b.as_array();
    if (const auto* x = a.as_string()) return *x == *b.as_string();
    if (const auto* x = a.as_integer()) return *x == *b.as_integer();
    if (const auto* x = a.as_bool()) return *x == *b.as_bool();
    return a.as_double() == b.as_double();
  }
  // RFC 8259 §4: the order of members carries no meaning.
  const auto* right = b.as_object();
  if (left->size() != right->size()) return false;
  for (const auto& [name, v] : *left) {
    const auto* other = right->find(name);
    if (other == nullptr || !(v == *other)) return false;
  }
  return true;
}

namespace {

void new_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(2 * depth, ' ');
}

void print(std::string& out, const value& v, bool pretty, std::size_t depth) {
  writer w(out);
  if (const auto* members = v.as_object()) {
    out += '{';
    bool first = true;
    for (const auto& [name, inner] : *members) {
      if (!first) out += ',';
      first = false;
      if (pretty) new_line(out, depth + 1);
      append_quoted(out, name);
      out += pretty ? ": " : ":";
      print(out, inner, pretty, depth + 1);
    }
    if (pretty && !first) new_line(out, depth);
    out += '}';
  } else if (const auto* elements = v.as_array()) {
    out += '[';
    bool first = true;
    for (const auto& inner : *elements) {
      if (!first) out += ',';
      first = false;
      if (pretty) new_line(out, depth + 1);
      print(out, inner, pretty, depth + 1);
    }
    if (pretty && !first) new_line(out, depth);
    out += ']';
  } else if (const auto* s = v.as_string()) {
    w.string(*s);
  } else if (const auto* i = v.as_integer()) {
    w.number(*i);
  } else if (const auto* b = v.as_bool()) {
    w.boolean(*b);
  } else if (const auto d = v.as_double()) {
    w.number(*d);
  } else {
    w.null();
  }
}

} // namespace

std::string to_text(const value& v, bool pretty) {
  std::string out;
  print(out, v, pretty, 0);
  if (pretty) out += '\n';
  return out;
}

} // namespace rookery::json
