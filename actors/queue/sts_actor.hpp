/// Knows what domains say about TLS to their mail hosts (MTA-STS): one actor a node.
///
///   self->request(node.sts, caf::infinite, sts_question{"example.org"}).then([](const sts_answer& a) { … });
///
/// Asks for the record, fetches the policy when it is new, keeps it over restarts, and answers every
/// question. A policy that is known and still the same is answered at once and looked at again behind
/// that once a day. Rules: protocols/mailauth/mta_sts.hpp (RFC 8461 §3.3, §5.1).
#pragma once

#include "base/clock.hpp"
#include "protocols/mailauth/mta_sts.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rookery::actors {

struct sts_question {
  std::string domain;               ///< A-labels, lower case
};

struct sts_answer {
  enum class state : std::uint8_t {
    none,        ///< no policy, or one of mode "none"
    unavailable, ///< announced, but neither to be had nor in the cache: mail goes as if there were none
    testing,
    enforce
  } what = state::none;
  std::shared_ptr<const mailauth::sts_policy> policy; ///< with testing and enforce
  std::string failure;              ///< RFC 8460 §4.3 of the last fetch, also beside a policy from the cache; or ""
};

/// Where entries are kept over restarts. Both may be called in the actor's thread and may read the disk.
struct sts_parts {
  caf::actor resolver, fetcher;
  const base::clock* clock = &base::system_clock();
  std::function<std::optional<std::string>(const std::string& domain)> recall;
  std::function<void(caf::local_actor&, const std::string& domain, std::string entry, base::wall_time until)> keep;
};

/// Entries in memory; beyond, one that is not in use is forgotten and recalled when it is asked for.
inline constexpr std::size_t sts_entries_max = 10'000;
/// Domains that are asked about at the same time; for more the cache must do.
inline constexpr std::size_t sts_questions_max = 5'000;

caf::actor spawn_sts(caf::actor_system&, std::shared_ptr<sts_parts>);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::sts_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::sts_answer)
