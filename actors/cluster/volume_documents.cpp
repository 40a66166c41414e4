#include "actors/cluster/volume_documents.hpp"

#include "protocols/json/value.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using replication::node_number;
using replication::volume;

json::array show(const std::vector<node_number>& nodes) {
  json::array out;
  for (const auto n : nodes) out.push_back(json::value(n));
  return out;
}

/// Ascending, without 0 and without doubles.
std::optional<std::vector<node_number>> read(const json::value& v, const char* member) {
  std::vector<node_number> out;
  const auto* all = v.get_array(member);
  if (all == nullptr) return {};
  for (const auto& one : *all) {
    const auto* n = one.as_integer();
    if (n == nullptr || *n <= 0 || (!out.empty() && out.back() >= static_cast<node_number>(*n))) return {};
    out.push_back(static_cast<node_number>(*n));
  }
  return out;
}

std::uint32_t half(const json::value& v, const char* member) { return static_cast<std::uint32_t>(v.get_unsigned(member).value_or(0)); }

} // namespace

std::string volume_key(node_number id) { return std::to_string(id); }

std::string print_volume(const volume& v) {
  json::value out{json::object{}};
  out.set("id", v.id);
  out.set("epoch", v.epoch);
  out.set("leader", v.leader);
  out.set("in_sync", show(v.in_sync));
  out.set("learners", show(v.learners));
  out.set("copies", v.copies);
  out.set("shared", v.shared);
  out.set("copied", v.copied);
  json::array starts;
  for (const auto& s : v.starts) {
    json::value one{json::object{}};
    one.set("epoch", s.epoch);
    one.set("segment", s.at.segment);
    one.set("offset", s.at.offset);
    starts.push_back(std::move(one));
  }
  out.set("starts", std::move(starts));
  out.set("proven", v.proven);
  if (v.paused_until.count() != 0) out.set("paused_until", v.paused_until.count());
  return json::to_text(out);
}

std::optional<volume> read_volume(std::string_view content) {
  const auto v = json::parse(content);
  if (!v) return {};
  volume out;
  out.id = v->get_unsigned("id").value_or(0);
  out.epoch = v->get_unsigned("epoch").value_or(0);
  out.leader = v->get_unsigned("leader").value_or(0);
  const auto in_sync = read(*v, "in_sync"), learners = read(*v, "learners");
  const auto copies = v->get_unsigned("copies").value_or(1);
  if (out.id == 0 || out.epoch == 0 || !in_sync || !learners || !replication::contains(*in_sync, out.leader) || copies == 0 || copies > replication::copies_max) return {};
  if (std::any_of(learners->begin(), learners->end(), [&](node_number n) { return replication::contains(*in_sync, n); })) return {};
  out.in_sync = *in_sync;
  out.learners = *learners;
  out.copies = static_cast<unsigned>(copies);
  out.shared = v->get_bool("shared").value_or(true);
  out.copied = v->get_bool("copied").value_or(true); // programs of before did not say it
  out.proven = v->get_unsigned("proven").value_or(0);
  out.paused_until = std::chrono::milliseconds(v->get_integer("paused_until").value_or(0));
  const auto* starts = v->get_array("starts");
  if (starts == nullptr || starts->empty() || starts->size() > replication::starts_max) return {};
  for (const auto& s : *starts) {
    const replication::epoch_start one{s.get_unsigned("epoch").value_or(0), {half(s, "segment"), half(s, "offset")}};
    if (one.epoch == 0 || one.epoch > out.epoch || (!out.starts.empty() && out.starts.back().epoch >= one.epoch)) return {};
    out.starts.push_back(one);
  }
  if (out.starts.back().epoch != out.epoch) return {};
  return out;
}

std::vector<agreed_volume> agreed_volumes(const storage::directory::config_table& table) {
  std::vector<agreed_volume> out;
  table.for_each(storage::directory::volume_document, {}, [&](const storage::directory::document_ptr& d) {
    if (auto v = read_volume(d->content); v && volume_key(v->id) == d->key) out.push_back({d->version, std::move(*v)});
    return true;
  });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.is.id < b.is.id; });
  return out;
}

std::optional<agreed_volume> find_volume(const storage::directory::config_table& table, node_number id) {
  const auto* d = table.find(storage::directory::volume_document, volume_key(id));
  if (d == nullptr) return {};
  auto v = read_volume(d->content);
  if (!v || v->id != id) return {};
  return agreed_volume{d->version, std::move(*v)};
}

std::optional<std::string> loss_without(const std::vector<agreed_volume>& volumes, node_number node, const std::string& name) {
  for (const auto& v : volumes) {
    if (!replication::only_holder(v.is, node)) continue;
    const auto whose = v.is.id == node ? "the mailboxes and the queue of " + name : "the mail that node " + std::to_string(v.is.id) + " has brought";
    return "only " + name + " has all of " + whose + ", which would be lost to the cluster: start it again, or give --accept-loss";
  }
  return {};
}

std::vector<consequence> what_if(const std::vector<agreed_volume>& volumes, node_number node, const voting& v) {
  std::vector<consequence> out;
  const auto left = v.linked - (v.node_votes && v.node_linked ? 1 : 0);
  const bool majority = 2 * left > v.voters;
  out.push_back({0, !majority, false,
                 majority ? "the configuration can be changed as before: " + std::to_string(left) + " of " + std::to_string(v.voters) + " voters are left"
                          : "the configuration cannot be changed until it is back: only " + std::to_string(left) + " of " + std::to_string(v.voters) + " voters are left"});
  for (const auto& [version, is] : volumes) {
    if (!replication::contains(is.in_sync, node)) continue;
    const auto mail = is.id == node ? std::string("its mailboxes and its queue") : "the mailboxes and the queue of node " + std::to_string(is.id);
    if (replication::only_holder(is, node)) {
      out.push_back({is.id, true, true, mail + " are not served until it is back; what was acknowledged is on its disk alone"});
    } else if (is.leader == node) {
      const auto heir = *std::find_if(is.in_sync.begin(), is.in_sync.end(), [&](node_number n) { return n != node; });
      // Who takes over asks the agreed configuration.
      if (majority) out.push_back({is.id, false, false, mail + " are served by node " + std::to_string(heir) + " some seconds later; nothing that was acknowledged is lost"});
      else out.push_back({is.id, true, false, mail + " are not served until it is back, or until more voters are; nothing that was acknowledged is lost"});
    } else {
      out.push_back({is.id, false, false, mail + " have a copy less; nothing that was acknowledged is lost"});
    }
  }
  return out;
}

} // namespace rookery::actors
