/// How a node is set up: who may read and publish, what is kept and told.
///
/// Source: XEP-0060 §4.5 (access models), §7.1.5 (publish-options), §8.2, §16.4.4; XEP-0163 §5 (defaults).
#pragma once

#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/pubsub/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp::pubsub {

inline constexpr std::string_view config_form = "http://jabber.org/protocol/pubsub#node_config";
inline constexpr std::string_view options_form = "http://jabber.org/protocol/pubsub#publish-options";
inline constexpr std::string_view meta_form = "http://jabber.org/protocol/pubsub#meta-data";

enum class access_model : std::uint8_t { open, presence, roster, whitelist };
enum class publish_model : std::uint8_t { publishers, open };
enum class last_item : std::uint8_t { never, on_subscription, on_subscription_and_presence };

struct node_config {
  access_model access = access_model::presence;
  publish_model publish = publish_model::publishers;
  last_item last = last_item::on_subscription_and_presence;
  std::size_t items_max = 1;
  bool persistent = true, notified = true, payloads = true, retractions = true, deletion = true, changes = false;
  std::string title, description, type;
  std::vector<std::string> groups;        ///< of the roster, with the access model roster

  bool operator==(const node_config&) const = default;
};

/// Takes what a form says; fields that it does not have stay, unknown ones count for nothing. Nothing for a value that
/// is not allowed.
std::optional<node_config> changed(node_config, const data_form&, const tree_limits&);
/// `type`: "form" or "result" for people, "submit" to be read by `changed` again.
data_form shown(const node_config&, std::string_view type, const tree_limits&);

} // namespace rookery::xmpp::pubsub
