/// A value or an error, and the error that the world (disk, net, other node) causes.
#pragma once

#include "base/check.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace rookery::base {

/// What kind of thing went wrong outside of us.
enum class error_kind : std::uint8_t {
  not_found,    ///< The named thing does not exist.
  exists,       ///< It exists already.
  invalid,      ///< The request makes no sense; repeating it will not help.
  denied,       ///< Not allowed.
  conflict,     ///< Somebody else changed it meanwhile.
  over_limit,   ///< A named bound is reached.
  over_quota,   ///< The account's quota is reached.
  no_space,     ///< The disk is full or near its reserve.
  try_later,    ///< Busy or shutting down; repeating may help.
  io,           ///< The disk or the kernel refused.
  damaged,      ///< Stored data does not match its checksum.
  unsupported   ///< Known, but not offered.
};

/// Text that may be shown to a stranger. A type of its own, so that a path or
/// another secret of the house cannot reach a stranger by accident.
struct client_text {
  std::string value;
};
/// Text for the operator's log.
struct log_text {
  std::string value;
};

struct error {
  error_kind kind = error_kind::io;
  client_text client;
  log_text log;

  /// True when the same request may succeed later.
  bool try_later() const noexcept {
    return kind == error_kind::try_later || kind == error_kind::no_space || kind == error_kind::io;
  }
};

inline error make_error(error_kind kind, std::string client, std::string log = {}) {
  auto text = log.empty() ? client : std::move(log);
  return {kind, {std::move(client)}, {std::move(text)}};
}

/// Marks the error side when making a result: `return fail(error)`.
template <class E>
struct failure {
  E value;
};
template <class E>
failure<std::decay_t<E>> fail(E&& e) {
  return {std::forward<E>(e)};
}
inline failure<error> fail(error_kind kind, std::string client, std::string log = {}) {
  return {make_error(kind, std::move(client), std::move(log))};
}

/// Either a T or an E (std::expected is C++23). Reading the wrong side throws `broken`.
template <class T, class E = error>
class [[nodiscard]] result {
public:
  using value_type = T;
  result(T value) : side_(std::in_place_index<0>, std::move(value)) {}
  result(failure<E> f) : side_(std::in_place_index<1>, std::move(f.value)) {}

  bool ok() const noexcept { return side_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  T& value() & { check(ok(), "result has no value"); return std::get<0>(side_); }
  const T& value() const& { check(ok(), "result has no value"); return std::get<0>(side_); }
  T&& value() && { check(ok(), "result has no value"); return std::get<0>(std::move(side_)); }
  E& error() & { check(!ok(), "result has no error"); return std::get<1>(side_); }
  const E& error() const& { check(!ok(), "result has no error"); return std::get<1>(side_); }
  E&& error() && { check(!ok(), "result has no error"); return std::get<1>(std::move(side_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) const& { return ok() ? std::get<0>(side_) : std::move(other); }

private:
  std::variant<T, E> side_;
};

/// A result that carries nothing but success.
template <class E>
class [[nodiscard]] result<void, E> {
public:
  using value_type = void;
  result() = default;
  result(failure<E> f) : failed_(true), error_(std::move(f.value)) {}

  bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  E& error() & { check(failed_, "result has no error"); return error_; }
  const E& error() const& { check(failed_, "result has no error"); return error_; }
  E&& error() && { check(failed_, "result has no error"); return std::move(error_); }

private:
  bool failed_ = false;
  E error_{};
};

} // namespace rookery::base
