#include "actors/queue/recall_reception.hpp"

#include "actors/queue/asked_volume.hpp"
#include "actors/queue/copy_removal.hpp"
#include "actors/queue/home_recall.hpp"
#include "actors/queue/messages.hpp"
#include "actors/queue/recall_pass.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/relay/homes.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <mutex>

namespace rookery::actors {
namespace {

using recall::fate;

constexpr const char* note_space = "from-recalls";
constexpr std::chrono::milliseconds frame_time{20'000};
constexpr std::chrono::seconds commit_time{30};
/// What users do to their mail meanwhile is looked at again so many times.
constexpr int passes_max = 5;

/// Numbers of messages grow with time: what is forgotten first is the oldest.
std::string note_key(const std::string& from, const copies_question& q) {
  std::string bodies;
  for (const auto& b : q.bodies) bodies += b;
  return message_name(q.order) + '/' + (q.from.empty() ? from : q.from) + '/' + std::to_string(q.account.value) + '/' + base::to_hex(base::view(base::sha256(bodies)).substr(0, 8));
}

/// The same question may come again on a second stream while the first waits. Who runs an order asks others for copies: these
/// must not wait for who runs one.
std::mutex removing, running;

std::optional<fate> remove_copies(node& n, const std::string& from, const copies_question& q) {
  const auto account = n.directory->get()->account(q.account);
  // A node that does not know of a change yet asks again.
  if (!account || !at_home(n, *account)) return {};
  const std::lock_guard hold(removing);
  const auto key = note_key(from, q);
  auto done = fate::not_found;
  if (const auto note = n.spool->view()->note(note_space, key)) done = read_copies_answer(note->value).value_or(done);
  for (int i = 0; i < passes_max; ++i) {
    const auto found = find_copies(n, q.account, q.bodies, q.sent);
    if (!found) return {};
    copy_removal removal(q.account, q.also_read);
    done = recall::of_two_runs(done, removal.judge(*found));
    if (removal.nothing_to_do()) break;
    const auto now = n.clock->wall();
    auto group = spool_group(now, {storage::queue::put_note{note_space, key, print(done), now + home_recalls_kept, home_recalls_max}});
    const auto before = group.commands.size();
    for (auto& c : removal.commands(n, now)) group.commands.push_back(std::move(c));
    const auto kept = commit_and_wait(n, std::move(group), commit_time);
    if (!kept || kept->error) return {};
    if (kept->results.size() > before && removal.complete(kept->results.data() + before, kept->results.size() - before)) break;
  }
  base::log_event(base::severity::notice, "message.recalled_here")
      .text("from", from).text("order", message_name(q.order)).text("account", account->address).text("fate", recall::word(done));
  return done;
}

sent_answer remembered(const node& n, const sent_question& q) {
  recall::request asked;
  asked.what = q.message_id.empty() ? recall::request::kind::last : recall::request::kind::message;
  asked.message_id = q.message_id;
  auto out = find_sent(*n.spool->view(), asked, q.account, [&](const auto& r) { return r.account == q.account && r.time <= q.before; });
  return out;
}

std::optional<std::vector<recall::recipient_report>> run_here(node& n, const std::string& from, const run_question& q) {
  const recall_run run{q.order, from, q.account, q.received};
  auto sent = recall_begun(n, run);
  if (!sent) {
    const auto key = recall::sent_key(q.sent);
    if (const auto note = n.spool->view()->note(recall::sent_space, key)) sent = recall::decode_sent(key, note->value);
    if (recall::may_recall(recall_rules_of(n), q.account, sent, q.received) != recall::permission::allowed) return {};
  }
  if (sent->account != q.account) return {};
  const std::lock_guard hold(running);
  return run_recall(order_tools{n, n.dispatch}, run, *sent);
}

} // namespace

void take_recall(node& n, std::unique_ptr<cluster::node_stream> stream, const cluster::stream_opening& opening) {
  const asked_volume asked(n, opening);
  if (!asked.accept(*stream)) return;
  const auto& from = asked.from();
  const auto frame = stream->receive(frame_time);
  const volume_work here_now(n);
  if (!frame || !*frame || !here_now) return;
  const auto& body = (*frame)->body;
  const auto answer = [&](recall_frame type, const auto& what) {
    if (what && asked.here()) (void)stream->send(static_cast<std::uint8_t>(type), print(*what), frame_time);
  };
  switch (static_cast<recall_frame>((*frame)->type)) {
  case recall_frame::copies:
    if (const auto q = read_copies_question(body)) return answer(recall_frame::copies_answer, remove_copies(n, from, *q));
    break;
  case recall_frame::sent:
    if (const auto q = read_sent_question(body)) return answer(recall_frame::sent_answer, std::optional<sent_answer>(remembered(n, *q)));
    break;
  case recall_frame::run:
    if (const auto q = read_run_question(body)) return answer(recall_frame::run_answer, run_here(n, from, *q));
    break;
  default: break;
  }
  base::log_event(base::severity::error, "recall.unreadable").text("from", from);
}

} // namespace rookery::actors
