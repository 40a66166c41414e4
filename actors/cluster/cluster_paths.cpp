// Is a path the same storage on all nodes? The node that is asked leads; all of them look.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/node_questions.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds path_time{25};

std::string text(const json::value& v, const char* member) { return std::string(v.get_string(member).value_or("")); }

const char* name_of(path_probe::lock_answer a) { return a == path_probe::lock_answer::taken ? "taken" : a == path_probe::lock_answer::busy ? "busy" : "failed"; }

} // namespace

/// A step of a check, on this node.
base::result<json::value> cluster_service::step_of_paths(const json::value& body) {
  const auto path = text(body, "path"), nonce = text(body, "nonce"), step = text(body, "step");
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    self = member_.member;
  }
  json::value out{json::object{}};
  if (step == "write") {
    const auto w = paths_.write(path, nonce, self);
    if (!w) return base::fail(w.error());
    out.set("type", w->type);
    out.set("free", w->free);
    out.set("total", w->total);
    out.set("write_microseconds", w->write.count());
    out.set("sync_microseconds", w->sync.count());
  } else if (step == "read") {
    std::vector<std::uint64_t> nodes;
    if (const auto* all = body.get_array("nodes"))
      for (const auto& n : *all)
        if (const auto* id = n.as_integer(); id != nullptr && nodes.size() < 100) nodes.push_back(static_cast<std::uint64_t>(*id));
    const auto seen = paths_.read(path, nonce, nodes);
    json::array ids;
    for (const auto id : seen.nodes) ids.push_back(json::value(id));
    out.set("nodes", std::move(ids));
    out.set("read_microseconds", seen.read.count());
  } else if (step == "lock") {
    out.set("lock", name_of(paths_.lock(path, nonce)));
  } else if (step == "unlock") {
    paths_.unlock(nonce);
  } else if (step == "clean") {
    paths_.clean(path, nonce, self);
  } else {
    return base::fail(base::error_kind::unsupported, "this node's program does not know the step: bring it to the version of the others");
  }
  return out;
}

base::result<json::value> cluster_service::check_path(const json::value& body) {
  const auto path = text(body, "path");
  if (path.empty() || path.front() != '/') return base::fail(base::error_kind::invalid, "path is missing: a directory that all nodes have, from / on");
  json::value order{json::object{}};
  order.set("path", path);
  order.set("nonce", base::to_hex(base::random_octets(16)));
  const auto step = [&](const char* name) {
    order.set("step", name);
    return order;
  };
  std::vector<path_finding> found;
  json::array good;
  for (auto& a : ask_all("paths", step("write"))) {
    path_finding f;
    f.node = a.node.entry.id;
    f.name = a.node.name.empty() ? a.node.entry.host : a.node.name;
    if (!a.said) {
      f.fault = a.said.error().client.value;
    } else {
      good.push_back(json::value(f.node));
      f.written.type = text(*a.said, "type");
      f.written.free = a.said->get_unsigned("free").value_or(0);
      f.written.total = a.said->get_unsigned("total").value_or(0);
      f.written.write = std::chrono::microseconds(a.said->get_integer("write_microseconds").value_or(0));
      f.written.sync = std::chrono::microseconds(a.said->get_integer("sync_microseconds").value_or(0));
    }
    found.push_back(std::move(f));
  }
  auto read = step("read");
  read.set("nodes", good);
  for (auto& a : ask_all("paths", read))
    for (auto& f : found) {
      if (f.node != a.node.entry.id || !f.fault.empty()) continue;
      if (!a.said) f.fault = a.said.error().client.value;
      else if (const auto* ids = a.said->get_array("nodes"))
        for (const auto& id : *ids)
          if (id.as_integer() != nullptr) f.seen.nodes.push_back(static_cast<std::uint64_t>(*id.as_integer()));
      if (a.said) f.seen.read = std::chrono::microseconds(a.said->get_integer("read_microseconds").value_or(0));
    }
  const auto locks = check_locks(found, order);
  for (const auto& a : ask_all("paths", step("clean"))) (void)a;

  json::array items;
  for (const auto& f : found) {
    json::value row{json::object{}};
    row.set("id", f.node);
    row.set("name", f.name);
    row.set("fault", f.fault);
    if (f.fault.empty()) {
      row.set("type", f.written.type);
      row.set("free", f.written.free);
      row.set("total", f.written.total);
      row.set("write_microseconds", f.written.write.count());
      row.set("sync_microseconds", f.written.sync.count());
      row.set("read_microseconds", f.seen.read.count());
      json::array ids;
      for (const auto id : f.seen.nodes) ids.push_back(json::value(id));
      row.set("sees", std::move(ids));
      const auto in = [&](const std::vector<std::uint64_t>& v) { return std::find(v.begin(), v.end(), f.node) != v.end(); };
      row.set("lock", f.node == locks.holder ? "held" : in(locks.beside) ? "not respected" : in(locks.failed) ? "failed" : "respected");
    }
    items.push_back(std::move(row));
  }
  json::value out{json::object{}};
  json::array warnings;
  for (auto& warning : path_warnings(path, found, locks)) warnings.emplace_back(std::move(warning));
  out.set("path", path);
  out.set("shared", warnings.empty());
  out.set("items", std::move(items));
  out.set("warnings", std::move(warnings));
  return out;
}

/// One holds it, the others try; then it lets go, and one of them gets it.
lock_finding cluster_service::check_locks(const std::vector<path_finding>& found, json::value order) {
  lock_finding out;
  const auto self = this->identity() ? this->identity()->self() : 0;
  const auto on = [&](std::uint64_t node, const char* step) -> std::string {
    order.set("step", step);
    const auto identity = this->identity();
    const auto said = node == self ? step_of_paths(order) : identity ? actors::ask_node(*identity, node, "paths", order, path_time) : base::result<json::value>(not_a_member());
    return said ? text(*said, "lock") : "failed";
  };
  for (const auto& f : found) {
    if (!f.fault.empty()) continue;
    const auto got = on(f.node, "lock");
    if (out.holder == 0) {
      if (got == "taken") out.holder = f.node;
      else out.failed.push_back(f.node);
    } else if (got == "taken") {
      out.beside.push_back(f.node);
    } else if (got != "busy") {
      out.failed.push_back(f.node);
    }
  }
  if (out.holder == 0) return out;
  on(out.holder, "unlock");
  for (const auto& f : found)
    if (f.fault.empty() && f.node != out.holder && !out.passed_on) out.passed_on = on(f.node, "lock") == "taken";
  return out;
}

} // namespace rookery::actors
