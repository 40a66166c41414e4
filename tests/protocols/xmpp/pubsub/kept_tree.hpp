/// A tree with its records beside it, as a host keeps them; whatever was done, the records make the same tree again.
#pragma once

#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/pubsub/tree.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rookery::xmpp::pubsub {

class kept_tree {
public:
  explicit kept_tree(tree_limits l = {}) : limits_(l), tree_(owner(), l) {}

  static jid owner() { return {"ann", "x.example", {}}; }
  tree& of() { return tree_; }

  /// What was said and what came of it, as text.
  std::string step(const element& iq, const asker& who) {
    auto out = tree_.handle(iq, who, "fresh" + std::to_string(++number_));
    return carried_out(out);
  }
  std::string carried_out(const outcome& out) {
    std::string text;
    const auto say = [&](const std::string& what) { text += (text.empty() ? "" : "; ") + what; };
    if (out.answer) say(answer_text(*out.answer));
    if (out.items) {
      std::string ids;
      for (const auto& id : out.items->ids) ids += " " + id;
      say("items" + ids);
    }
    for (const auto& c : out.changes) {
      if (const auto* n = std::get_if<put_node>(&c)) {
        nodes_[n->name] = tree_.find(n->name) == nullptr ? std::string() : tree_.encode(n->name);
        say("node " + n->name);
      } else if (const auto* gone = std::get_if<drop_node>(&c)) {
        nodes_.erase(gone->name);
        std::erase_if(items_, [&](const auto& i) { return i.first.first == gone->name; });
        say("no node " + gone->name);
      } else if (const auto* put = std::get_if<put_item>(&c)) {
        items_[{put->node, put->id}] = {++order_, put->octets};
        say("item " + put->node + "/" + put->id);
      } else if (const auto* drop = std::get_if<drop_item>(&c)) {
        items_.erase({drop->node, drop->id});
        say("no item " + drop->node + "/" + drop->id);
      }
    }
    for (const auto& n : out.notices) say("news " + n.node + " " + std::string(n.event.first()->name));
    return text;
  }

  /// "" when the records make the same tree.
  std::string difference() const {
    tree again(owner(), limits_);
    for (const auto& [name, octets] : nodes_)
      if (!again.restore_node(name, octets)) return "node " + name + " cannot be read";
    std::vector<std::pair<std::uint64_t, std::pair<std::string, std::string>>> order;
    for (const auto& [key, value] : items_) order.push_back({value.first, key});
    std::sort(order.begin(), order.end());
    for (const auto& [at, key] : order) again.restore_item(key.first, key.second, items_.at(key).second.size());
    if (again.nodes().size() != tree_.nodes().size()) return "other nodes";
    std::size_t count = 0, octets = 0;
    for (const auto& [name, n] : tree_.nodes()) {
      const auto* other = again.find(name);
      if (other == nullptr || !(other->config == n.config) || other->affiliations != n.affiliations || other->subscribers != n.subscribers)
        return "node " + name + " is another";
      if (other->items.size() != n.items.size()) return "items of " + name;
      if (n.items.size() > n.config.items_max) return "too many items of " + name;
      for (std::size_t i = 0; i < n.items.size(); ++i) {
        if (other->items[i].id != n.items[i].id || other->items[i].octets != n.items[i].octets) return "order of items of " + name;
        octets += n.items[i].octets;
      }
      count += n.items.size();
    }
    if (count > limits_.items || octets > limits_.octets || tree_.nodes().size() > limits_.nodes) return "beyond the limits";
    return {};
  }

private:
  static std::string answer_text(const element& answer) {
    if (answer.get("type") != "error") return "ok";
    std::string text = "no";
    for (const auto* e : answer.first()->elements())
      if (e->name != "text") text += " " + e->name;
    return text;
  }

  tree_limits limits_;
  tree tree_;
  std::map<std::string, std::string> nodes_;
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, std::string>> items_;
  std::uint64_t order_ = 0, number_ = 0;
};

} // namespace rookery::xmpp::pubsub
