#include "protocols/xml/element.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xml {

element::element() = default;
element::element(std::string_view element_name, std::string_view element_space)
    : name(element_name), space(element_space) {}
element::element(std::string_view element_name, std::string_view element_space, std::string_view text)
    : element(element_name, element_space) {
  add_text(text);
}
element::element(const element&) = default;
element::element(element&&) noexcept = default;
element& element::operator=(const element&) = default;
element& element::operator=(element&&) noexcept = default;
element::~element() = default;

bool element::operator==(const element& other) const {
  return name == other.name && space == other.space && attributes == other.attributes && children == other.children;
}
bool node::operator==(const node& other) const { return text == other.text && nested == other.nested; }

std::string_view element::get(std::string_view attribute_name, std::string_view attribute_space) const noexcept {
  for (const auto& a : attributes)
    if (a.name == attribute_name && a.space == attribute_space) return a.value;
  return {};
}

bool element::has(std::string_view attribute_name, std::string_view attribute_space) const noexcept {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const attribute& a) { return a.name == attribute_name && a.space == attribute_space; });
}

element& element::set(std::string_view attribute_name, std::string_view value, std::string_view attribute_space) {
  for (auto& a : attributes)
    if (a.name == attribute_name && a.space == attribute_space) {
      a.value = value;
      return *this;
    }
  attributes.push_back({std::string(attribute_name), std::string(value), std::string(attribute_space)});
  return *this;
}

void element::unset(std::string_view attribute_name) {
  std::erase_if(attributes, [&](const attribute& a) { return a.name == attribute_name && a.space.empty(); });
}

const element* element::child(std::string_view child_name, std::string_view child_space) const noexcept {
  for (const auto& c : children)
    if (!c.is_text() && c.inner().space == child_space && (child_name.empty() || c.inner().name == child_name))
      return &c.inner();
  return nullptr;
}

element* element::child(std::string_view child_name, std::string_view child_space) noexcept {
  return const_cast<element*>(std::as_const(*this).child(child_name, child_space));
}

const element* element::first() const noexcept {
  for (const auto& c : children)
    if (!c.is_text()) return &c.inner();
  return nullptr;
}

std::vector<const element*> element::elements() const {
  std::vector<const element*> found;
  for (const auto& c : children)
    if (!c.is_text()) found.push_back(&c.inner());
  return found;
}

std::vector<const element*> element::elements(std::string_view child_name, std::string_view child_space) const {
  std::vector<const element*> found;
  for (const auto& c : children)
    if (!c.is_text() && c.inner().is(child_name, child_space)) found.push_back(&c.inner());
  return found;
}

std::string element::text() const {
  std::string joined;
  for (const auto& c : children)
    if (c.is_text()) joined += c.text;
  return joined;
}

std::string element::child_text(std::string_view child_name, std::string_view child_space) const {
  const auto* found = child(child_name, child_space);
  return found == nullptr ? std::string() : found->text();
}

element& element::add(element e) {
  auto& added = children.emplace_back();
  added.nested.push_back(std::move(e));
  return added.nested.front();
}

element& element::add(std::string_view child_name, std::string_view child_space) {
  return add(element(child_name, child_space.empty() ? std::string_view(space) : child_space));
}

element& element::add_text(std::string_view text) {
  if (text.empty()) return *this;
  if (!children.empty() && children.back().is_text())
    children.back().text += text;
  else
    children.emplace_back().text = text;
  return *this;
}

void element::remove(std::string_view child_name, std::string_view child_space) {
  std::erase_if(children, [&](const node& c) { return !c.is_text() && c.inner().is(child_name, child_space); });
}

} // namespace rookery::xml
