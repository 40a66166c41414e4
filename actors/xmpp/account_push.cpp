// Notices for phones (XEP-0357): who wants them, when they go, when they end.
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

/// One registration gets a notice so often at most; what comes meanwhile is in the next one.
constexpr std::chrono::seconds notice_pause{2};
/// Notices that were not answered; older ones are forgotten.
constexpr std::size_t unanswered_max = 100;

} // namespace

void chat_account::restore_push(const std::vector<storage::chat::stored_record>& kept) {
  for (const auto& r : kept) {
    const auto parsed = xml::parse(r.value);
    const auto* e = std::get_if<xml::element>(&parsed);
    if (e == nullptr) continue;
    auto read = xmpp::read_push_enable(*e);
    if (auto* p = std::get_if<xmpp::push_registration>(&read)) pushes_[p->key()].what = std::move(*p);
  }
}

/// XEP-0357 §5, §6
bool chat_account::answer_push(client& c, query iq, const receipt_ptr& receipt) {
  const auto& asked = *iq.first();
  if (asked.space != xmpp::push_space || iq.get("type") != "set") return false;
  using namespace storage::chat;
  std::vector<storage::shard_command> commands;
  std::function<void()> then;
  if (asked.name == "enable") {
    auto read = xmpp::read_push_enable(asked);
    if (const auto* why = std::get_if<xmpp::condition>(&read)) return refuse(c, iq, *why), true;
    auto& p = std::get<xmpp::push_registration>(read);
    const auto key = p.key();
    if (pushes_.count(key) == 0 && pushes_.size() >= xmpp::push_registrations_max) return refuse(c, iq, xmpp::condition::resource_constraint), true;
    commands.push_back(command(put_records{{{record_kind::push, key, xml::to_text(asked)}}}));
    then = [this, key, p = std::move(p)] { pushes_[key].what = p; };
  } else if (asked.name == "disable") {
    const auto service = xmpp::read_jid(asked.get("jid"));
    if (!service) return refuse(c, iq, asked.has("jid") ? xmpp::condition::jid_malformed : xmpp::condition::bad_request), true;
    std::vector<std::string> gone;
    for (const auto& [key, p] : pushes_)
      if (p.what.service == *service && (!asked.has("node") || p.what.node == asked.get("node"))) gone.push_back(key);
    for (const auto& key : gone) commands.push_back(command(drop_records{record_kind::push, key, false}));
    then = [this, gone] {
      for (const auto& key : gone) pushes_.erase(key);
    };
  } else {
    return false;
  }
  if (commands.empty()) return deliver(c, xmpp::iq_result(iq)), true;
  commit(std::move(commands), [this, iq, then, id = c.id, receipt](const commit_done& d) {
    const bool kept = !d.error && std::none_of(d.results.begin(), d.results.end(), [](const auto& r) { return r.what == storage::outcome::over_limit; });
    if (kept) then();
    auto* to = find(id);
    if (to == nullptr) return;
    if (kept) deliver(*to, xmpp::iq_result(iq));
    else refuse(*to, iq, xmpp::condition::resource_constraint);
  });
  return true;
}

/// Somebody sees what comes: no notices are needed.
bool chat_account::attended() const {
  return std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->available && !c->parked && c->active; });
}

void chat_account::note_for_push(const xmpp::element& message) {
  if (pushes_.empty() || message.get("type") == "error" || !xmpp::belongs_in_archive(message)) return;
  if (attended()) {
    unseen_ = 0;
    return;
  }
  ++unseen_;
  const auto values = node_.settings->get();
  push_sender_ = values->chat_push_sender ? std::string(message.get("from")) : std::string();
  push_text_ = values->chat_push_text ? message.child_text("body", xmpp::space::client) : std::string();
  for (auto& [key, p] : pushes_) push_later(key, p);
}

void chat_account::push_later(const std::string& key, push_state& p) {
  if (p.waiting) return;
  const auto now = node_.clock->now();
  if (now >= p.not_before) return push_now(key, p);
  p.waiting = true;
  delayed_send(this, std::chrono::duration_cast<std::chrono::milliseconds>(p.not_before - now) + std::chrono::milliseconds(1),
               account_task{std::make_shared<std::function<void()>>([this, key] {
                 const auto at = pushes_.find(key);
                 if (at == pushes_.end()) return;
                 at->second.waiting = false;
                 if (!attended()) push_now(key, at->second);
               })});
}

void chat_account::push_now(const std::string& key, push_state& p) {
  static auto& sent = base::counter_named("rookery_push_notices_total", "", "Notices for phones");
  sent.add();
  p.not_before = node_.clock->now() + notice_pause;
  const auto id = "push" + std::to_string(++last_question_);
  if (unanswered_pushes_.size() >= unanswered_max) unanswered_pushes_.erase(unanswered_pushes_.begin());
  unanswered_pushes_.emplace(last_question_, key);
  auto iq = xmpp::push_notice(p.what, {unseen_, push_sender_, push_text_}, id);
  iq.set("from", bare_.text()).set("to", p.what.service.text());
  router_.route({std::make_shared<const xmpp::element>(std::move(iq)), bare_, p.what.service, nullptr, nullptr, {}, 0, {}, nullptr});
}

/// XEP-0357 §7: what the service does not want any more ends.
bool chat_account::heard_push(const routed_stanza& r) {
  const auto id = r.what->get("id");
  if (!id.starts_with("push")) return false;
  const auto at = std::find_if(unanswered_pushes_.begin(), unanswered_pushes_.end(), [&](const auto& row) { return id == "push" + std::to_string(row.first); });
  if (at == unanswered_pushes_.end()) return false;
  const auto key = at->second;
  const auto known = pushes_.find(key);
  if (known != pushes_.end() && known->second.what.service != r.from) return false;
  unanswered_pushes_.erase(at);
  if (known == pushes_.end() || !xmpp::ends_push(*r.what)) return true;
  base::log_event(base::severity::info, "chat.push_ended").text("account", bare_.text()).text("service", r.from.text());
  pushes_.erase(known);
  std::vector<storage::shard_command> commands;
  commands.push_back(command(storage::chat::drop_records{record_kind::push, key, false}));
  commit(std::move(commands), [](const commit_done&) {});
  return true;
}

} // namespace rookery::actors
