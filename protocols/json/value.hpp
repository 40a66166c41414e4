/// JSON documents as values: read within limits, asked by path, printed.
///
/// Source: RFC 8259; of RFC 7493 (I-JSON) the rule that the names of an object differ.
/// For config documents and the admin interface: small trees that are kept whole.
/// Plain values without locks; copying copies the tree.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rookery::json {

class value;
using array = std::vector<value>;

/// Members in the order in which they came; names are unique.
class object {
public:
  using member = std::pair<std::string, value>;
  const value* find(std::string_view name) const noexcept;
  value* find(std::string_view name) noexcept;
  /// Replaces the member of this name in place, or adds it at the end.
  value& set(std::string_view name, value v);
  /// True when there was one.
  bool erase(std::string_view name);
  /// Adds without looking for one of the same name: the caller knows there is none.
  value& append(std::string name, value v);
  inline std::size_t size() const noexcept;
  inline bool empty() const noexcept;
  inline std::vector<member>::const_iterator begin() const noexcept;
  inline std::vector<member>::const_iterator end() const noexcept;
  inline std::vector<member>::iterator begin() noexcept;
  inline std::vector<member>::iterator end() noexcept;

private:
  std::vector<member> members_;
};

/// What a reader accepts. Above any of them: `over_limit`.
struct limits {
  std::size_t octets = 1024 * 1024; ///< Of the text.
  std::size_t depth = 32;           ///< Arrays and objects in one another.
  std::size_t values = 100'000;     ///< All values of the tree together.
};

class value {
public:
  value() noexcept : side_(nullptr) {}
  value(std::nullptr_t) noexcept : side_(nullptr) {}
  value(bool b) noexcept : side_(b) {}
  value(double d) noexcept : side_(d) {}
  template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, bool>)
  value(I i) noexcept {
    // Above the signed range a number loses its last digits, as it does in most readers.
    if (std::is_unsigned_v<I> && static_cast<std::uint64_t>(i) > static_cast<std::uint64_t>(INT64_MAX))
      side_ = static_cast<double>(i);
    else
      side_ = static_cast<std::int64_t>(i);
  }
  value(std::string s) noexcept : side_(std::move(s)) {}
  value(std::string_view s) : side_(std::string(s)) {}
  value(const char* s) : side_(std::string(s)) {}
  value(array a) noexcept : side_(std::move(a)) {}
  value(object o) noexcept : side_(std::move(o)) {}

  bool is_null() const noexcept { return side_.index() == 0; }
  const bool* as_bool() const noexcept { return std::get_if<bool>(&side_); }
  /// Whole numbers written without fraction and exponent.
  const std::int64_t* as_integer() const noexcept { return std::get_if<std::int64_t>(&side_); }
  /// Any number.
  std::optional<double> as_double() const noexcept;
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&side_); }
  const array* as_array() const noexcept { return std::get_if<array>(&side_); }
  const object* as_object() const noexcept { return std::get_if<object>(&side_); }
  array* as_array() noexcept { return std::get_if<array>(&side_); }
  object* as_object() noexcept { return std::get_if<object>(&side_); }

  /// `path` is the name of one member ("domain"), or a JSON Pointer when it begins
  /// with '/' ("/limits/recipients", "/names/0"; RFC 6901). Null when nothing is there.
  const value* find(std::string_view path) const noexcept;
  /// The value at `path` if it has this type; nothing otherwise.
  std::optional<std::string_view> get_string(std::string_view path) const noexcept;
  std::optional<std::int64_t> get_integer(std::string_view path) const noexcept;
  /// Nothing for negative numbers.
  std::optional<std::uint64_t> get_unsigned(std::string_view path) const noexcept;
  std::optional<bool> get_bool(std::string_view path) const noexcept;
  const array* get_array(std::string_view path) const noexcept;
  const object* get_object(std::string_view path) const noexcept;
  /// The strings of an array of strings; nothing when an element is none.
  std::optional<std::vector<std::string>> get_strings(std::string_view path) const;

  /// Sets a member; a value that is no object becomes an empty one first.
  value& set(std::string_view name, value v);

  friend bool operator==(const value&, const value&);

private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, array, object> side_;
};

// A member holds a value: complete only here.
std::size_t object::size() const noexcept { return members_.size(); }
bool object::empty() const noexcept { return members_.empty(); }
std::vector<object::member>::const_iterator object::begin() const noexcept { return members_.begin(); }
std::vector<object::member>::const_iterator object::end() const noexcept { return members_.end(); }
std::vector<object::member>::iterator object::begin() noexcept { return members_.begin(); }
std::vector<object::member>::iterator object::end() noexcept { return members_.end(); }

/// Reads one document; nothing but white space may follow it. Strings are checked
/// to be UTF-8. Fails with `invalid` or `over_limit`; the text says what is wrong,
/// never with octets of the document.
base::result<value> parse(std::string_view text, limits = {});

/// Compact on one line, or indented by two spaces. Octets that are no UTF-8 come
/// out as U+FFFD, so that the text is always valid.
std::string to_text(const value&, bool pretty = false);

} // namespace rookery::json
