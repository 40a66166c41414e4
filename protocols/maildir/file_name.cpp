#include "protocols/maildir/file_name.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::maildir {

namespace {

constexpr std::string_view forwarded = "$Forwarded";

} // namespace

std::optional<file_name> read_file_name(std::string_view name) noexcept {
  if (name.empty() || name.front() == '.' || name.front() == ':') return {};
  file_name out;
  const auto colon = name.find(':');
  out.unique = name.substr(0, colon);
  out.base = out.unique.substr(0, out.unique.find(','));
  out.delivered = base::parse_u64(out.unique.substr(0, out.unique.find('.')));
  if (colon == std::string_view::npos) return out;
  const auto info = name.substr(colon + 1);
  if (!info.starts_with("2,")) return out;
  for (const char c : info.substr(2)) {
    switch (c) {
    case 'P': out.passed = true; break;
    case 'R': out.system |= mbox::flag::answered; break;
    case 'S': out.system |= mbox::flag::seen; break;
    case 'T': out.system |= mbox::flag::deleted; break;
    case 'D': out.system |= mbox::flag::draft; break;
    case 'F': out.system |= mbox::flag::flagged; break;
    default:
      if (c >= 'a' && c <= 'z') out.letters |= 1u << (c - 'a');
      if (c == ',') return out; // fields of other programs follow
    }
  }
  return out;
}

std::string info_of(std::uint64_t system, bool passed, std::uint32_t letters) {
  std::string out(":2,");
  if ((system & mbox::flag::draft) != 0) out += 'D';
  if ((system & mbox::flag::flagged) != 0) out += 'F';
  if (passed) out += 'P';
  if ((system & mbox::flag::answered) != 0) out += 'R';
  if ((system & mbox::flag::seen) != 0) out += 'S';
  if ((system & mbox::flag::deleted) != 0) out += 'T';
  for (unsigned k = 0; k < keyword_letters_max; ++k)
    if ((letters >> k & 1) != 0) out += static_cast<char>('a' + k);
  return out;
}

keyword_letters read_keywords(std::string_view file) {
  keyword_letters out;
  for (auto line : base::split(file, '\n')) {
    line = base::trim(line);
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto n = base::parse_u32(line.substr(0, blank));
    const auto word = line.substr(blank + 1);
    if (!n || *n >= keyword_letters_max || !mbox::is_keyword(word)) continue;
    if (out.size() <= *n) out.resize(*n + 1);
    out[*n] = word;
  }
  return out;
}

std::string write_keywords(const keyword_letters& all) {
  std::string out;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (!all[k].empty()) out += std::to_string(k) + ' ' + all[k] + '\n';
  return out;
}

mbox::message_state state_of(const file_name& name, const keyword_letters& all) {
  mbox::message_state out;
  out.system = name.system;
  if (name.passed) out.keywords.emplace_back(forwarded);
  for (std::size_t k = 0; k < all.size(); ++k)
    if ((name.letters >> k & 1) != 0 && !all[k].empty() && !(name.passed && base::iequals(all[k], forwarded))) out.keywords.push_back(all[k]);
  return out;
}

std::uint32_t letters_for(const std::vector<std::string>& keywords, keyword_letters& all) {
  std::uint32_t out = 0;
  for (const auto& word : keywords) {
    if (!mbox::is_keyword(word)) continue;
    auto found = std::find_if(all.begin(), all.end(), [&](const auto& k) { return base::iequals(k, word); });
    if (found == all.end()) {
      if (all.size() >= keyword_letters_max) continue;
      found = all.insert(all.end(), word);
    }
    out |= 1u << (found - all.begin());
  }
  return out;
}

} // namespace rookery::maildir
