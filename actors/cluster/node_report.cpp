#include "actors/cluster/node_report.hpp"

#include "protocols/json/value.hpp"

namespace rookery::actors {
namespace {

json::value show(const replica_report& r) {
  json::value out{json::object{}};
  out.set("node", r.node);
  out.set("in_sync", r.in_sync);
  out.set("connected", r.connected);
  out.set("copying", r.copying);
  out.set("octets", r.octets);
  out.set("records", r.records);
  out.set("milliseconds", r.milliseconds);
  out.set("at_least", r.at_least);
  return out;
}

std::uint64_t number(const json::value& v, const char* member) { return v.get_unsigned(member).value_or(0); }
bool flag(const json::value& v, const char* member) { return v.get_bool(member).value_or(false); }

} // namespace

std::string print(const node_report& r) {
  json::array volumes;
  std::size_t octets = 100;
  for (const auto& v : r.volumes) {
    json::value row{json::object{}};
    row.set("volume", v.volume);
    row.set("frozen", v.frozen);
    json::array replicas;
    for (const auto& one : v.replicas) replicas.push_back(show(one));
    row.set("replicas", std::move(replicas));
    octets += json::to_text(row).size() + 2;
    if (octets > report_octets_max) break;
    volumes.push_back(std::move(row));
  }
  json::value out{json::object{}};
  out.set("volumes", std::move(volumes));
  if (!r.newest_key.empty()) out.set("newest_key", r.newest_key);
  return json::to_text(out);
}

std::optional<node_report> read_node_report(std::string_view text) {
  const auto v = json::parse(text, {report_octets_max, 8, 50'000});
  if (!v || v->as_object() == nullptr) return {};
  node_report out;
  out.newest_key = std::string(v->get_string("newest_key").value_or("")).substr(0, newest_key_octets_max);
  const auto* volumes = v->get_array("volumes");
  for (const auto& row : volumes != nullptr ? *volumes : json::array{}) {
    volume_report one;
    one.volume = number(row, "volume");
    one.frozen = flag(row, "frozen");
    if (one.volume == 0) return {};
    const auto* replicas = row.get_array("replicas");
    for (const auto& r : replicas != nullptr ? *replicas : json::array{}) {
      one.replicas.push_back({number(r, "node"), flag(r, "in_sync"), flag(r, "connected"), flag(r, "copying"), number(r, "octets"), number(r, "records"), number(r, "milliseconds"), flag(r, "at_least")});
      if (one.replicas.back().node == 0) return {};
    }
    out.volumes.push_back(std::move(one));
  }
  return out;
}

} // namespace rookery::actors
