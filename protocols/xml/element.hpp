/// XML as a tree: an element with its namespace, attributes and children.
///
/// Plain values, owned and copyable. A tree that came from `reader` is bounded by xml::limits; depth is bounded, so
/// that copying and destroying may recurse.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xml {

/// The namespace of xml:lang.
inline constexpr std::string_view xml_space = "http://www.w3.org/XML/1998/namespace";

struct attribute {
  std::string name, value;
  std::string space; ///< empty for most: attributes have no default namespace
  bool operator==(const attribute&) const = default;
};

struct node;

struct element {
  std::string name, space;
  std::vector<attribute> attributes;
  std::vector<node> children; ///< text and elements in order

  element();
  element(std::string_view element_name, std::string_view element_space);
  element(std::string_view element_name, std::string_view element_space, std::string_view text);
  element(const element&);
  element(element&&) noexcept;
  element& operator=(const element&);
  element& operator=(element&&) noexcept;
  ~element();

  bool is(std::string_view wanted_name, std::string_view wanted_space) const noexcept {
    return name == wanted_name && space == wanted_space;
  }

  /// The value of an attribute; empty when there is none.
  std::string_view get(std::string_view attribute_name, std::string_view attribute_space = {}) const noexcept;
  bool has(std::string_view attribute_name, std::string_view attribute_space = {}) const noexcept;
  /// Replaces or adds.
  element& set(std::string_view attribute_name, std::string_view value, std::string_view attribute_space = {});
  void unset(std::string_view attribute_name);

  /// The first child element of that name; null when there is none. An empty name: whichever.
  const element* child(std::string_view child_name, std::string_view child_space) const noexcept;
  element* child(std::string_view child_name, std::string_view child_space) noexcept;
  /// The first child element.
  const element* first() const noexcept;
  /// All child elements, or those of a name. Valid until the children change.
  std::vector<const element*> elements() const;
  std::vector<const element*> elements(std::string_view child_name, std::string_view child_space) const;

  /// The text directly inside, joined.
  std::string text() const;
  /// The text of the first such child; empty when there is none.
  std::string child_text(std::string_view child_name, std::string_view child_space) const;

  /// Adds a child and gives it (valid until the next one is added).
  element& add(element);
  /// The same with a new element; no namespace given: that of this element.
  element& add(std::string_view child_name, std::string_view child_space = {});
  element& add_text(std::string_view);
  /// Takes all child elements of that name away.
  void remove(std::string_view child_name, std::string_view child_space);

  bool operator==(const element&) const;
};

/// Text, or an element.
struct node {
  std::string text;
  std::vector<element> nested; ///< one, or none: then it is text

  bool is_text() const noexcept { return nested.empty(); }
  const element& inner() const noexcept { return nested.front(); }
  element& inner() noexcept { return nested.front(); }
  bool operator==(const node&) const;
};

} // namespace rookery::xml
