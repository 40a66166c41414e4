#include "actors/queue/copy_finder.hpp"

#include "storage/mail/mailbox_view.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::mail::mailbox_view;

constexpr std::chrono::seconds answer_time{30};
/// How far clocks may have been put back between sending and saving.
constexpr std::chrono::hours clock_doubt{24};

std::shared_ptr<storage::mail::mailbox_cell> open(node& n, caf::scoped_actor& self, base::account_id account, base::mailbox_id mailbox, bool& answered) {
  std::shared_ptr<storage::mail::mailbox_cell> out;
  self->request(n.shard_actor(account), answer_time, open_mailbox{account, mailbox})
      .receive([&](const opened_mailbox& o) { out = o.cell; }, [&](const caf::error&) { answered = false; });
  return out;
}

void look_through(const mailbox_view& view, const std::vector<std::string>& bodies, std::int64_t from, std::vector<found_copy>& out) {
  for (auto p = view.pages.rbegin(); p != view.pages.rend(); ++p) {
    const auto& page = **p;
    const auto& known = storage::mail::load_statics(page);
    bool recent = false;
    for (std::size_t row = 0; row < page.rows(); ++row) {
      const auto slot = page.slot[row];
      recent = recent || known.save_date[slot] >= from;
      const auto id = base::view(known.body[slot].id);
      if (std::find(bodies.begin(), bodies.end(), id) != bodies.end())
        out.push_back({view.status.id, page.uid[row], (page.flags[row] & storage::mail::flag::seen) != 0});
    }
    if (!recent) return; // messages are saved in the order of their UIDs
  }
}

} // namespace

std::optional<std::vector<found_copy>> find_copies(node& n, base::account_id account, const std::vector<std::string>& bodies, base::wall_time from) {
  std::vector<found_copy> out;
  caf::scoped_actor self{*n.system};
  std::shared_ptr<storage::mail::account_cell> list;
  self->request(n.shard_actor(account), answer_time, open_account{account, nullptr, nullptr})
      .receive([&](const account_handles& h) { list = h.cell; }, [](const caf::error&) {});
  if (!list) return std::nullopt;
  bool answered = true;
  const auto mailboxes = list->view()->mailboxes;
  for (const auto& m : mailboxes) {
    if (m->messages == 0) continue;
    const auto cell = open(n, self, account, m->id, answered);
    if (!answered) return std::nullopt;
    if (cell) look_through(*cell->view(), bodies, base::to_milliseconds(from - clock_doubt), out);
  }
  return out;
}

} // namespace rookery::actors
