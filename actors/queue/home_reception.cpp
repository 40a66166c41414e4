#include "actors/queue/home_reception.hpp"

#include "actors/account/message_gathering.hpp"
#include "actors/queue/asked_volume.hpp"
#include "actors/queue/home_mail.hpp"
#include "actors/queue/local_actor.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/system/held_session.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <functional>
#include <mutex>

namespace rookery::actors {
namespace {

constexpr const char* note_space = "from-homes";
constexpr std::chrono::minutes idle_time{10};      ///< the sender closes earlier, or is gone
constexpr std::chrono::seconds piece_time{20}, commit_time{60};

/// Numbers of messages grow with time: what is forgotten first is the oldest.
std::string note_key(const std::string& from, const home_mail& m, std::size_t i) {
  return message_name(m.message.id) + '/' + from + '/' + std::to_string(m.numbers[i]);
}

/// What the mail machine knows a delivery by: other nodes' messages have numbers as ours.
std::uint64_t origin_of(const std::string& from, base::message_id id) {
  const auto digest = base::sha256("home mail " + from + '/' + message_name(id));
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | digest[i];
  return out | 1;
}

/// Answers for all; nothing when it is not known what was done.
std::optional<std::vector<recipient_result>> deliver(node& n, const std::string& from, home_mail mail, std::shared_ptr<message_gathering> octets, const std::function<bool()>& here) {
  // One at a time: the same message may come again on a second stream while the first still waits for the disk.
  static std::mutex one;
  const std::lock_guard hold(one);
  std::vector<recipient_result> out;
  const auto notes = n.spool->view();
  handed_over_mail handed;
  handed.octets = std::move(octets);
  handed.origin = origin_of(from, mail.message.id);
  handed.numbers = mail.numbers;
  std::vector<std::uint32_t> fresh;
  for (std::uint32_t i = 0; i < mail.numbers.size(); ++i) {
    const auto note = notes->note(note_space, note_key(from, mail, i));
    if (!note) {
      fresh.push_back(i);
      continue;
    }
    const auto happened = base::parse_u64(note->value).value_or(0);
    out.push_back({mail.numbers[i], {delivery::fate::done, "2.1.5", {}, "Delivered"},
                   happened > static_cast<std::uint64_t>(delivery::happened::failed) ? delivery::happened::delivered : static_cast<delivery::happened>(happened)});
  }
  if (fresh.empty()) return out;
  const auto message = std::make_shared<const storage::queue::envelope>(mail.message);
  auto done = deliver_handed_over(n, message, fresh, std::move(handed));
  if (!here()) return {}; // then nobody is at home in it any more, and mail need not wait as if it had been tried
  const auto now = n.clock->wall();
  for (const auto& r : done->recipients) {
    if (r.as.what == delivery::fate::done) {
      auto group = spool_group(now, {storage::queue::put_note{note_space, note_key(from, mail, r.recipient), std::to_string(static_cast<unsigned>(r.here)), now + home_deliveries_kept, home_deliveries_max}});
      for (auto& c : group.commands) done->with.commands.push_back(std::move(c));
    }
    out.push_back({mail.numbers.at(r.recipient), r.as, r.here});
  }
  if (done->with.commands.empty()) return out;
  const auto kept = commit_and_wait(n, std::move(done->with), commit_time, 1, done->keep);
  if (!kept || kept->error) return {}; // nothing of it is done
  return out;
}

} // namespace

void take_home_mail(node& n, std::unique_ptr<cluster::node_stream> stream, const cluster::stream_opening& opening) {
  const asked_volume asked(n, opening);
  if (!asked.accept(*stream)) return;
  const auto here = [&] { return asked.here(); };
  const auto& from = asked.from(); // its spool has the mail
  for (;;) {
    auto first = stream->receive(idle_time);
    if (!first || !*first || (*first)->type != home_mail_type) return;
    auto mail = read_home_mail((*first)->body);
    if (!mail) {
      base::log_event(base::severity::error, "delivery.unreadable").text("from", from).text("error", "mail of another node cannot be read");
      return;
    }
    auto octets = std::make_shared<message_gathering>(n.data_directory + "/spill");
    std::optional<base::error> failed;
    for (;;) {
      auto piece = stream->receive(piece_time);
      if (!piece || !*piece) return;
      if ((*piece)->type == home_end_type) break;
      if ((*piece)->type != home_octets_type) return;
      if (failed) continue;
      if (auto taken = octets->append((*piece)->body); !taken) failed = taken.error();
    }
    std::vector<recipient_result> results;
    if (!here()) return; // it goes to who serves the volume now, and does not wait as mail does that was tried
    if (failed) {
      for (const auto number : mail->numbers) results.push_back({number, delivery::of_trouble(delivery::trouble::local, failed->client.value)});
    } else {
      const volume_work here_now(n);
      if (!here_now) return; // it comes again, to who leads the volume then
      auto done = deliver(n, from, std::move(*mail), std::move(octets), here);
      if (!done) return; // it comes again
      results = std::move(*done);
    }
    if (!stream->send(home_results_type, print(results), piece_time)) return;
  }
}

} // namespace rookery::actors
