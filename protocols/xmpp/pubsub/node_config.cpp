#include "protocols/xmpp/pubsub/node_config.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::xmpp::pubsub {
namespace {

template <class Value, std::size_t N>
std::optional<Value> named(const std::array<std::pair<std::string_view, Value>, N>& names, std::string_view text) {
  for (const auto& [name, value] : names)
    if (name == text) return value;
  return {};
}

template <class Value, std::size_t N>
std::string_view name_of(const std::array<std::pair<std::string_view, Value>, N>& names, Value wanted) {
  for (const auto& [name, value] : names)
    if (value == wanted) return name;
  return {};
}

constexpr std::array<std::pair<std::string_view, access_model>, 4> access_names{
    {{"open", access_model::open}, {"presence", access_model::presence}, {"roster", access_model::roster}, {"whitelist", access_model::whitelist}}};
constexpr std::array<std::pair<std::string_view, publish_model>, 2> publish_names{{{"publishers", publish_model::publishers}, {"open", publish_model::open}}};
constexpr std::array<std::pair<std::string_view, last_item>, 3> last_names{
    {{"never", last_item::never}, {"on_sub", last_item::on_subscription}, {"on_sub_and_presence", last_item::on_subscription_and_presence}}};

using flag = bool node_config::*;
struct flag_row {
  std::string_view name, label;
  flag member;
};
constexpr std::array<flag_row, 6> flags{{{"pubsub#persist_items", "Keep items", &node_config::persistent},
                                         {"pubsub#deliver_notifications", "Tell of items", &node_config::notified},
                                         {"pubsub#deliver_payloads", "Tell what is in them", &node_config::payloads},
                                         {"pubsub#notify_retract", "Tell when an item goes", &node_config::retractions},
                                         {"pubsub#notify_delete", "Tell when the node goes", &node_config::deletion},
                                         {"pubsub#notify_config", "Tell when this form changes", &node_config::changes}}};

template <class Value, std::size_t N>
form_field choice(std::string_view name, std::string_view label, const std::array<std::pair<std::string_view, Value>, N>& names, Value now) {
  form_field f{std::string(name), "list-single", std::string(label), {std::string(name_of(names, now))}, {}, false};
  for (const auto& [text, value] : names) f.options.emplace_back(std::string(text), std::string());
  return f;
}

} // namespace

std::optional<node_config> changed(node_config c, const data_form& form, const tree_limits& limits) {
  for (const auto& f : form.fields) {
    const auto value = f.value();
    const auto take = [&](auto& member, const auto& names) {
      const auto read = named(names, value);
      if (read) member = *read;
      return read.has_value();
    };
    if (f.name == "pubsub#access_model") {
      if (!take(c.access, access_names)) return {};
    } else if (f.name == "pubsub#publish_model") {
      if (!take(c.publish, publish_names)) return {};
    } else if (f.name == "pubsub#send_last_published_item") {
      if (!take(c.last, last_names)) return {};
    } else if (f.name == "pubsub#max_items") {
      const auto n = value == "max" ? std::optional<std::uint32_t>(static_cast<std::uint32_t>(limits.items_a_node)) : base::parse_u32(value);
      if (!n || *n == 0) return {};
      c.items_max = std::min<std::size_t>(*n, limits.items_a_node);
    } else if (f.name == "pubsub#title" || f.name == "pubsub#description" || f.name == "pubsub#type") {
      if (value.size() > limits.text_octets) return {};
      (f.name == "pubsub#title" ? c.title : f.name == "pubsub#type" ? c.type : c.description) = value;
    } else if (f.name == "pubsub#roster_groups_allowed") {
      if (f.values.size() > limits.groups) return {};
      for (const auto& g : f.values)
        if (g.size() > limits.text_octets) return {};
      c.groups = f.values;
    } else {
      for (const auto& row : flags) {
        if (f.name != row.name) continue;
        const auto on = read_flag(value);
        if (!on) return {};
        c.*row.member = *on;
      }
    }
  }
  return c;
}

data_form shown(const node_config& c, std::string_view type, const tree_limits& limits) {
  data_form form;
  form.type = type;
  form.hidden(config_form);
  form.text("pubsub#title", "Title", c.title);
  form.text("pubsub#description", "Description", c.description);
  form.text("pubsub#type", "Kind of items", c.type);
  form.fields.push_back(choice("pubsub#access_model", "Who may read", access_names, c.access));
  form.fields.push_back({"pubsub#roster_groups_allowed", "list-multi", "Groups of the roster that may read", c.groups, {}, false});
  form.fields.push_back(choice("pubsub#publish_model", "Who may publish", publish_names, c.publish));
  form.text("pubsub#max_items", "Items that are kept", c.items_max >= limits.items_a_node ? "max" : std::to_string(c.items_max));
  for (const auto& row : flags) form.flag(row.name, row.label, c.*row.member);
  form.fields.push_back(choice("pubsub#send_last_published_item", "When the last item is sent", last_names, c.last));
  if (type == "submit")
    for (auto& f : form.fields) {
      f.label.clear();
      f.options.clear();
    }
  return form;
}

} // namespace rookery::xmpp::pubsub
