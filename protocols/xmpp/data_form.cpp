#include "protocols/xmpp/data_form.hpp"

#include "protocols/xmpp/namespaces.hpp"

namespace rookery::xmpp {

const form_field* data_form::find(std::string_view name) const noexcept {
  for (const auto& f : fields)
    if (f.name == name) return &f;
  return nullptr;
}

std::string data_form::form_type() const {
  const auto* f = find("FORM_TYPE");
  return f == nullptr ? std::string() : f->value();
}

data_form& data_form::hidden(std::string_view form_type_value) {
  fields.push_back({"FORM_TYPE", "hidden", {}, {std::string(form_type_value)}, {}, false});
  return *this;
}

data_form& data_form::text(std::string_view name, std::string_view label, std::string_view value, std::string_view field_type) {
  form_field f{std::string(name), std::string(field_type), std::string(label), {}, {}, false};
  if (!value.empty()) f.values.emplace_back(value);
  fields.push_back(std::move(f));
  return *this;
}

data_form& data_form::flag(std::string_view name, std::string_view label, bool value) {
  fields.push_back({std::string(name), "boolean", std::string(label), {value ? "1" : "0"}, {}, false});
  return *this;
}

std::optional<data_form> read_form(const xml::element& x) {
  if (!x.is("x", space::forms)) return {};
  data_form out;
  out.type = x.get("type");
  if (out.type != "form" && out.type != "submit" && out.type != "cancel" && out.type != "result") return {};
  out.title = x.child_text("title", space::forms);
  out.instructions = x.child_text("instructions", space::forms);
  std::size_t values = 0;
  for (const auto* field : x.elements("field", space::forms)) {
    form_field f;
    f.name = field->get("var");
    f.type = field->get("type");
    f.label = field->get("label");
    for (const auto* value : field->elements("value", space::forms)) f.values.push_back(value->text());
    for (const auto* option : field->elements("option", space::forms))
      f.options.emplace_back(option->child_text("value", space::forms), option->get("label"));
    f.required = field->child("required", space::forms) != nullptr;
    values += f.values.size() + f.options.size();
    if (out.fields.size() >= form_fields_max || values > form_values_max) return {};
    out.fields.push_back(std::move(f));
  }
  return out;
}

xml::element to_element(const data_form& form) {
  xml::element x("x", space::forms);
  x.set("type", form.type);
  if (!form.title.empty()) x.add("title").add_text(form.title);
  if (!form.instructions.empty()) x.add("instructions").add_text(form.instructions);
  for (const auto& f : form.fields) {
    auto& field = x.add("field");
    field.set("var", f.name);
    if (!f.type.empty()) field.set("type", f.type);
    if (!f.label.empty()) field.set("label", f.label);
    if (f.required) field.add("required");
    for (const auto& v : f.values) field.add("value").add_text(v);
    for (const auto& [value, label] : f.options) {
      auto& option = field.add("option");
      if (!label.empty()) option.set("label", label);
      option.add("value").add_text(value);
    }
  }
  return x;
}

std::optional<bool> read_flag(std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return {};
}

} // namespace rookery::xmpp
