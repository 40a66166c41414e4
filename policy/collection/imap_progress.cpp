#include "policy/collection/imap_progress.hpp"

#include "base/text.hpp"
#include "policy/collection/pop3_plan.hpp"

#include <algorithm>

namespace rookery::collection {

void imap_progress::add(std::uint32_t uid) {
  if (uid > last_uid) {
    last_uid = uid;
    return;
  }
  const imap::number_ranges one{{uid, uid}};
  left_out = imap::subtract(left_out, one);
}

void imap_progress::leave_out(std::uint32_t uid) {
  left_out.emplace_back(uid, uid);
  imap::normalize(left_out);
  last_uid = std::max(last_uid, uid);
}

std::string to_text(const imap_progress& p) {
  std::string out("1 ");
  base::append_number(out, p.uid_validity);
  out += ' ';
  base::append_number(out, p.last_uid);
  if (!p.left_out.empty()) out += ' ' + imap::print(p.left_out);
  return out;
}

std::optional<imap_progress> read_progress(std::string_view text) {
  const auto words = base::split(text, ' ');
  if (words.size() < 3 || words.size() > 4 || words[0] != "1") return {};
  const auto validity = base::parse_u32(words[1]), last = base::parse_u32(words[2]);
  if (!validity || !last) return {};
  imap_progress out{*validity, *last, {}};
  if (words.size() == 4) {
    const auto set = imap::parse_sequence_set(words[3], left_out_max + 1);
    if (!set || set->has_star() || set->saved) return {};
    out.left_out = set->resolve(0);
  }
  return out;
}

imap_step judge(const collection_record& c, const imap_progress& p, const remote_message& m, base::wall_time now) noexcept {
  if (p.collected(m.uid)) {
    if (!c.keep_days) return imap_step::leave;
    if (*c.keep_days == 0) return imap_step::remove;
    return m.received && time_is_over(c, *m.received, now) ? imap_step::remove : imap_step::leave;
  }
  return m.octets > c.message_octets_max ? imap_step::too_large : imap_step::fetch;
}

std::uint32_t first_row(const collection_record& c, const imap_progress& p) noexcept {
  if (c.keep_days) return 1;
  const auto next = p.last_uid == UINT32_MAX ? p.last_uid : p.last_uid + 1;
  return p.left_out.empty() ? next : p.left_out.front().first;
}

} // namespace rookery::collection
