/// Forms: fields that are asked for, and what was filled in.
///
/// Source: XEP-0004; FORM_TYPE of XEP-0068.
#pragma once

#include "protocols/xml/element.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::xmpp {

struct form_field {
  std::string name, type, label;            ///< type: text-single, boolean, list-single …; may be empty in a submission
  std::vector<std::string> values;
  std::vector<std::pair<std::string, std::string>> options; ///< value and label
  bool required = false;

  /// The first value; empty when there is none.
  std::string value() const { return values.empty() ? std::string() : values.front(); }
};

struct data_form {
  std::string type;                         ///< form, submit, cancel, result
  std::string title, instructions;
  std::vector<form_field> fields;

  const form_field* find(std::string_view name) const noexcept;
  /// The value of FORM_TYPE.
  std::string form_type() const;
  data_form& hidden(std::string_view form_type_value);
  data_form& text(std::string_view name, std::string_view label, std::string_view value, std::string_view type = "text-single");
  data_form& flag(std::string_view name, std::string_view label, bool value);
};

/// The fields of one form that are read; more make it no form.
inline constexpr std::size_t form_fields_max = 200;
inline constexpr std::size_t form_values_max = 20'000;

/// `x`: an element x of jabber:x:data. Nothing when it is none, has no known type, or too much.
std::optional<data_form> read_form(const xml::element& x);
xml::element to_element(const data_form&);
/// XEP-0004 §3.3: "1" and "true", "0" and "false"; nothing for another.
std::optional<bool> read_flag(std::string_view);

} // namespace rookery::xmpp
