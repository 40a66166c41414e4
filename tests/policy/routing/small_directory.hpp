/// The directory that the policy tests ask.
#pragma once

#include "policy/routing/directory_view.hpp"

namespace rookery::routing {

inline account_record make_account(std::uint64_t id, std::string address) {
  account_record a;
  a.id = base::account_id{id};
  a.address = std::move(address);
  a.iterations = 1;
  return a;
}
inline alias_record make_alias(std::string address, std::vector<std::string> targets) {
  alias_record a;
  a.address = std::move(address);
  a.targets = std::move(targets);
  return a;
}
inline domain_record make_domain(std::uint64_t id, std::string name, std::string catch_all = {}, std::string postmaster = {}) {
  domain_record d;
  d.id = base::domain_id{id};
  d.name = std::move(name);
  d.catch_all = std::move(catch_all);
  d.postmaster = std::move(postmaster);
  return d;
}

/// example.test: ann (1, first), bob (2, frozen, folders made), cem (3, disabled), dee (4, admin, existing folders),
/// a bücher domain, a catch-all domain, aliases of all kinds.
inline std::shared_ptr<const directory_view> small_directory() {
  directory_builder b{directory_view{}};
  b.put_domain(make_domain(1, "example.test"));
  b.put_domain(make_domain(2, "xn--bcher-kva.example"));
  b.put_domain(make_domain(3, "all.test", "dee@example.test", "ann@example.test"));
  b.put_domain(make_domain(4, "aliases.test"));
  auto off = make_domain(5, "off.test");
  off.enabled = false;
  b.put_domain(off);
  b.put_account(make_account(1, "ann@example.test"));
  auto bob = make_account(2, "bob@example.test");
  bob.state = account_state::frozen;
  bob.details = detail_folders::created;
  b.put_account(bob);
  auto cem = make_account(3, "cem@example.test");
  cem.state = account_state::disabled;
  b.put_account(cem);
  auto dee = make_account(4, "dee@example.test");
  dee.admin = true;
  dee.details = detail_folders::existing;
  dee.may_send_as = {"@all.test", "shop@partner.example"};
  b.put_account(dee);
  b.put_account(make_account(5, "eva@xn--bcher-kva.example"));
  b.put_alias(make_alias("info@example.test", {"ann@example.test"}));
  b.put_alias(make_alias("team@example.test", {"ann@example.test", "bob@example.test", "team@example.test", "ext@else.example"}));
  auto open_group = make_alias("crew@example.test", {"ann@example.test", "bob@example.test"});
  open_group.members_may_send = true;
  b.put_alias(open_group);
  b.put_alias(make_alias("x@example.test", {"y@example.test"}));
  b.put_alias(make_alias("y@example.test", {"x@example.test"}));
  b.put_alias(make_alias("away@example.test", {"me@else.example"}));
  b.put_alias(make_alias("gone@example.test", {"nobody@example.test"}));
  b.put_alias(make_alias("a+b@example.test", {"dee@example.test"}));
  b.put_alias(make_alias("dead@example.test", {"cem@example.test"}));
  return b.finish(1);
}

} // namespace rookery::routing
