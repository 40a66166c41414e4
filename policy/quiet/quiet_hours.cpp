#include "policy/quiet/quiet_hours.hpp"

#include <algorithm>

namespace rookery::quiet {

quiet_verdict judge(const quiet_rule& rule, service what, std::string_view account, bool administrator, base::wall_time now) {
  const bool meant = (rule.services & static_cast<std::uint8_t>(what)) != 0 && !(administrator && rule.administrators_exempt) &&
                     std::find(rule.exempt.begin(), rule.exempt.end(), account) == rule.exempt.end();
  if (!meant) return {};
  return {rule.hours.open(now), rule.hours.next_change(now)};
}

quiet_verdict judge(const routing::directory_view& directory, const routing::account_record& account, service what, base::wall_time now) {
  const auto* domain = directory.domain(account.domain());
  return domain == nullptr || domain->quiet == nullptr ? quiet_verdict{} : judge(*domain->quiet, what, account.address, account.admin, now);
}

service service_named(std::string_view protocol) noexcept {
  return protocol == "imap" ? service::imap : protocol == "pop3" ? service::pop3 : protocol == "xmpp" ? service::chat : service::submission;
}

quiet_clock::look_result quiet_clock::look(const routing::directory_view& directory, base::wall_time now) {
  look_result out;
  std::map<std::string, std::shared_ptr<const quiet_rule>, std::less<>> open;
  for (const auto& [name, domain] : directory.domains()) {
    if (domain.quiet == nullptr) continue;
    if (domain.quiet->hours.open(now)) {
      const auto before = open_.find(name);
      out.begun = out.begun || before == open_.end() || before->second != domain.quiet;
      open.emplace(name, domain.quiet);
    }
    if (const auto next = domain.quiet->hours.next_change(now)) out.next = out.next ? std::min(*out.next, *next) : *next;
  }
  open_ = std::move(open);
  return out;
}

} // namespace rookery::quiet
