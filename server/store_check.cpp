#include "server/store_check.hpp"

#include "server/report_texts.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/node/store_view.hpp"

namespace rookery::server {
namespace {

void add_machines(storage::node_machines& store, check_report& out) {
  if (store.config) out.faults(store.config->check(), "configuration: ");
  out.faults(store.spool->check(), "spool: ");
  for (std::size_t i = 0; i < store.mail.size(); ++i) out.faults(store.mail[i]->check(), "mail shard " + std::to_string(i + storage::first_mail_shard) + ": ");
  for (const auto& m : store.chat) out.faults(m->check(), "chat shard " + std::to_string(m->shard().value) + ": ");
  if (store.config) {
    const auto table = store.config->cell()->table();
    out.set("domains", table->count(storage::directory::document_kind::domain));
    out.set("accounts", table->count(storage::directory::document_kind::account));
  }
  out.set("replayed", store.replayed);
}

/// Every body that a record names is where the record says.
void add_bodies(storage::store_view& store, check_report& out) {
  auto& files = storage::posix_file_system();
  storage::body_reader bodies(files, store.log_directory());
  std::uint64_t verified = 0;
  const auto verify = [&](const storage::body_ref& body, const std::string& owner) {
    ++verified;
    if (const auto whole = bodies.verify(body); !whole)
      out.fault(owner + ": the body in segment " + std::to_string(body.segment) + " at " + std::to_string(body.offset) + ": " + whole.error().log.value);
  };
  for (const auto segment : store.segments) {
    store.spool->for_each_body(segment, [&](const storage::body_ref& b) { verify(b, "spool"); });
    for (const auto& m : store.mail)
      m->for_each_body(segment, [&](const storage::body_ref& b, base::account_id a) { verify(b, "account " + std::to_string(a.value)); });
  }
  out.set("bodies_named", verified);
}

} // namespace

void check_report::fault(std::string text) {
  ++count_;
  if (faults_.size() < faults_shown_max) faults_.emplace_back(std::move(text));
}

void check_report::faults(const std::vector<std::string>& all, const std::string& where) {
  for (const auto& f : all) fault(where + f);
}

json::value check_report::finish() {
  body_.set("fault_count", count_);
  body_.set("faults", std::move(faults_));
  return std::move(body_);
}

base::result<json::value> check_machines(storage::node_machines& store) {
  check_report out;
  add_machines(store, out);
  return out.finish();
}

base::result<json::value> check_store(const std::string& data_directory) {
  check_report out;
  auto store = storage::store_view::open(data_directory);
  if (!store) {
    if (store.error().kind != base::error_kind::damaged) return base::fail(store.error());
    out.fault(store.error().log.value);
    return out.finish();
  }
  const auto log = storage::check_log(storage::posix_file_system(), (*store)->log_directory(), (*store)->end);
  if (!log) {
    out.fault("log: " + log.error().log.value);
  } else {
    out.faults(log->faults, "log: ");
    out.set("segments", log->segments);
    out.set("records", log->records);
    out.set("commands", log->commands);
    out.set("bodies", log->bodies);
    out.set("body_octets", log->body_octets);
    out.set("torn_octets", (*store)->tail.dropped_octets);
  }
  if ((*store)->config && (*store)->config_apart()) {
    const auto of_config = storage::check_log(storage::posix_file_system(), (*store)->config_log_directory(), (*store)->config_end);
    if (!of_config) out.fault("configuration's log: " + of_config.error().log.value);
    else out.faults(of_config->faults, "configuration's log: ");
  }
  add_machines(**store, out);
  add_bodies(**store, out);
  out.faults(load_report_texts(data_directory).faults, "");
  return out.finish();
}

} // namespace rookery::server
