#include "policy/routing/directory_view.hpp"

#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <unordered_set>

namespace rookery::routing {

namespace {

const std::vector<std::string>& certificates_of(const account_record* a) {
  static const std::vector<std::string> none;
  return a == nullptr || a->further == nullptr ? none : a->further->certificates;
}

} // namespace

directory_view::directory_view()
    : domains_(std::make_shared<const domain_map>()), certificates_(std::make_shared<const certificate_map>()) {}

std::vector<account_ptr> directory_view::with_certificate(std::string_view sha256) const {
  std::vector<account_ptr> out;
  const auto [from, to] = certificates_->equal_range(sha256);
  for (auto at = from; at != to; ++at)
    if (auto a = account(at->second)) out.push_back(std::move(a));
  return out;
}

std::shared_ptr<const address_entry> directory_view::find(std::string_view canonical) const noexcept {
  const auto* row =
      addresses_.find(hash_of(canonical), [&](const address_row& r) { return r.entry->address == canonical; });
  return row == nullptr ? nullptr : row->entry;
}

const address_entry* directory_view::entry(std::string_view canonical) const noexcept {
  const auto* row =
      addresses_.find(hash_of(canonical), [&](const address_row& r) { return r.entry->address == canonical; });
  return row == nullptr ? nullptr : row->entry.get();
}

const domain_record* directory_view::domain(std::string_view canonical_name) const noexcept {
  const auto found = domains_->find(canonical_name);
  return found == domains_->end() ? nullptr : &found->second;
}

account_ptr directory_view::account(base::account_id id) const {
  const auto* row = ids_.find(hash_of(id.value), [&](const id_row& r) { return r.account->id == id; });
  return row == nullptr ? nullptr : row->account;
}

account_ptr directory_view::account(std::string_view address) const {
  const auto canonical = canonical_address(address);
  if (!canonical) return nullptr;
  auto found = find(*canonical);
  if (found == nullptr || found->what != address_entry::kind::account) return nullptr;
  return std::static_pointer_cast<const account_record>(std::move(found));
}

bool sessions_may_stay(const account_record& then, const account_record* now) noexcept {
  if (now == &then) return true;
  // How a session came in is not known here: with a lost certificate they all begin anew.
  const auto& left = certificates_of(now);
  for (const auto& c : certificates_of(&then))
    if (std::find(left.begin(), left.end(), c) == left.end()) return false;
  return now != nullptr && now->id == then.id && now->may_log_in() && now->iterations == then.iterations &&
         now->salt_octets == then.salt_octets && now->salt == then.salt && now->stored_key == then.stored_key &&
         now->server_key == then.server_key;
}

account_ptr directory_view::login(std::string_view name) const {
  std::optional<std::string> canonical;
  if (name.find('@') != std::string_view::npos)
    canonical = canonical_address(name);
  else if (!default_domain_.empty())
    canonical = canonical_address(std::string(name) + '@' + default_domain_);
  if (!canonical) return nullptr;
  auto found = find(*canonical);
  if (found != nullptr && found->what == address_entry::kind::alias) {
    const auto& targets = static_cast<const alias_record&>(*found).targets;
    found = targets.size() == 1 ? find(targets.front()) : nullptr;
  }
  if (found == nullptr || found->what != address_entry::kind::account) return nullptr;
  return std::static_pointer_cast<const account_record>(std::move(found));
}

/// One resolution at work: follows aliases, each once.
class expansion {
public:
  expansion(const directory_view& in, resolution& out) : in_(in), out_(out) {}

  void follow(std::string_view canonical, std::string_view written_detail, unsigned depth) {
    const auto [local, domain_name] = sides(canonical);
    const auto* domain = in_.domain(domain_name);
    if (domain == nullptr) return add_remote(canonical);
    if (auto exact = in_.find(canonical)) return add(std::move(exact), {}, depth);
    const auto [user, detail] = split_detail(local);
    if (user.size() != local.size()) {
      std::string plain(user);
      plain += '@';
      plain += domain_name;
      if (written_detail.empty()) written_detail = detail;
      if (auto base_entry = in_.find(plain)) return add(std::move(base_entry), written_detail, depth);
    }
    if (user == "postmaster" || user == "abuse") return follow_postmaster(*domain, depth);
    if (domain->catch_all.empty()) return;
    if (depth >= alias_depth_max) return give_up();
    out_.through_catch_all = true;
    // Only an address that exists: else a catch-all that went away would lead to itself.
    if (auto caught = in_.find(domain->catch_all)) add(std::move(caught), {}, depth + 1);
    else if (in_.domain(sides(domain->catch_all).domain) == nullptr) add_remote(domain->catch_all);
  }

  bool cut_short() const noexcept { return cut_short_; }

private:
  void add(std::shared_ptr<const address_entry> entry, std::string_view detail, unsigned depth) {
    if (entry->what == address_entry::kind::account)
      return add_account(std::static_pointer_cast<const account_record>(std::move(entry)), detail);
    const auto& alias = static_cast<const alias_record&>(*entry);
    if (!alias.folder.empty()) return add_folder(alias);
    if (depth >= alias_depth_max || !followed_.insert(entry.get()).second) return give_up();
    out_.through_alias = true;
    kept_.push_back(entry);
    for (const auto& target : alias.targets) {
      if (out_.accounts.size() + out_.remote.size() >= alias_targets_max) return give_up();
      follow_target(target, detail, depth + 1);
    }
  }
  void add_folder(const alias_record& alias) {
    const auto* domain = in_.domain(sides(alias.address).domain);
    auto owner = domain == nullptr || domain->public_account.empty() ? nullptr : in_.account(domain->public_account);
    if (owner == nullptr || !folders_.insert(alias.address).second) return;
    out_.through_alias = true;
    out_.accounts.push_back({std::move(owner), {}, alias.folder, alias.address});
  }
  void follow_target(std::string_view target, std::string_view detail, unsigned depth) {
    if (auto exact = in_.find(target)) return add(std::move(exact), detail, depth);
    follow(target, {}, depth);
  }
  void follow_postmaster(const domain_record& domain, unsigned depth) {
    if (!domain.postmaster.empty()) {
      if (auto named = in_.find(domain.postmaster)) return add(std::move(named), {}, depth + 1);
      if (in_.domain(sides(domain.postmaster).domain) == nullptr) return add_remote(domain.postmaster);
    }
    if (auto admin = in_.account(domain.first_admin)) return add_account(std::move(admin), {});
    if (auto first = in_.account(domain.first_account)) return add_account(std::move(first), {});
    // A domain of aliases only: whoever answers for the default domain.
    const auto* fallback = in_.domain(in_.default_domain());
    if (fallback != nullptr && fallback != &domain && depth < alias_depth_max) follow_postmaster(*fallback, depth + 1);
  }
  void add_account(account_ptr account, std::string_view detail) {
    if (!accounts_.insert(account->id.value).second) return;
    out_.accounts.push_back({std::move(account), std::string(detail), {}, {}});
  }
  void add_remote(std::string_view address) {
    if (remotes_.emplace(address).second) out_.remote.emplace_back(address);
  }
  void give_up() noexcept { cut_short_ = true; }

  /// Most addresses lead to one account: a set that allocates only from the second on.
  class small_set {
  public:
    struct answer { bool second; };
    answer insert(std::uint64_t id) {
      if (first_ == 0) return first_ = id, answer{true};
      if (first_ == id) return {false};
      return {rest_.insert(id).second};
    }

  private:
    std::uint64_t first_ = 0;
    std::unordered_set<std::uint64_t> rest_;
  };

  const directory_view& in_;
  resolution& out_;
  small_set accounts_;
  std::unordered_set<std::string> remotes_, folders_;
  std::unordered_set<const address_entry*> followed_;
  std::vector<std::shared_ptr<const address_entry>> kept_; ///< targets are views into these
  bool cut_short_ = false;
};

resolution directory_view::resolve(std::string_view address) const {
  resolution out;
  std::string completed;
  if (base::iequals(address, "postmaster") && !default_domain_.empty()) {
    completed = "postmaster@" + default_domain_;
    address = completed;
  }
  auto canonical = canonical_address(address);
  if (!canonical) return out;
  out.address = std::move(*canonical);
  const auto* named = domain(sides(out.address).domain);
  if (named == nullptr || !named->enabled) {
    out.what = named == nullptr ? resolved::foreign_domain : resolved::domain_off;
    return out;
  }
  const auto written = sides(address).local;
  expansion run(*this, out);
  // The canonical form has lost the case that a folder's name should keep.
  run.follow(out.address, written.front() == '"' ? std::string_view() : split_detail(written).detail, 0);
  if (!out.accounts.empty() || !out.remote.empty()) out.what = resolved::found;
  else out.what = run.cut_short() ? resolved::loop : resolved::unknown_user;
  return out;
}

directory_builder::directory_builder(const directory_view& from) : view_(from), edit_(next_edit()) {}

directory_view::domain_map& directory_builder::domains() {
  if (own_domains_ == nullptr) {
    own_domains_ = std::make_shared<directory_view::domain_map>(*view_.domains_);
    view_.domains_ = own_domains_;
  }
  return *own_domains_;
}

void directory_builder::put_domain(domain_record record) {
  auto& at = domains()[record.name];
  record.first_account = at.first_account;
  record.first_admin = at.first_admin;
  if (at.name.empty()) recount_ = true;
  at = std::move(record);
}

void directory_builder::remove_domain(std::string_view name) {
  auto& all = domains();
  if (const auto found = all.find(name); found != all.end()) all.erase(found);
}

void directory_builder::count_in(const account_record& a) {
  ++view_.account_count_;
  const auto* before = view_.domain(a.domain());
  if (before == nullptr) return;
  const auto comes_first = [&](base::account_id first) { return first.value == 0 || a.id < first; };
  const bool first = comes_first(before->first_account);
  const bool first_admin = a.admin && comes_first(before->first_admin);
  if (!first && !first_admin) return;
  auto& d = domains().find(a.domain())->second;
  if (first) d.first_account = a.id;
  if (first_admin) d.first_admin = a.id;
}

void directory_builder::count_out(const account_record& a) {
  --view_.account_count_;
  const auto* before = view_.domain(a.domain());
  if (before != nullptr && (before->first_account == a.id || before->first_admin == a.id)) recount_ = true;
}

/// The map is copied when certificates change, which is rare, and only then.
void directory_builder::change_certificates(const account_record* before, const account_record* now) {
  const auto &old = certificates_of(before), &fresh = certificates_of(now);
  if (old.empty() && fresh.empty()) return;
  if (before != nullptr && now != nullptr && before->id == now->id && old == fresh) return;
  auto all = std::make_shared<directory_view::certificate_map>(*view_.certificates_);
  for (const auto& c : old) {
    const auto [from, to] = all->equal_range(c);
    const auto own = std::find_if(from, to, [&](const auto& row) { return row.second == before->id; });
    if (own != to) all->erase(own);
  }
  for (const auto& c : fresh) all->emplace(c, now->id);
  view_.certificates_ = std::move(all);
}

void directory_builder::put_entry(std::shared_ptr<const address_entry> entry) {
  const auto hash = hash_of(std::string_view(entry->address));
  const std::string& address = entry->address;
  view_.addresses_.put(edit_, {hash, entry},
                       [&](const directory_view::address_row& r) { return r.entry->address == address; });
}

void directory_builder::put_account(account_record record) {
  record.what = address_entry::kind::account;
  const auto* old = view_.entry(record.address);
  if (old != nullptr && old->what == address_entry::kind::account) {
    const auto& before = static_cast<const account_record&>(*old);
    count_out(before);
    if (before.id != record.id) {
      const auto id = before.id;
      view_.ids_.remove(edit_, hash_of(id.value), [&](const directory_view::id_row& r) { return r.account->id == id; });
    }
  }
  change_certificates(old != nullptr && old->what == address_entry::kind::account ? static_cast<const account_record*>(old) : nullptr, &record);
  count_in(record);
  auto entry = std::make_shared<const account_record>(std::move(record));
  put_entry(entry);
  view_.ids_.put(edit_, {hash_of(entry->id.value), entry},
                 [&](const directory_view::id_row& r) { return r.account->id == entry->id; });
}

void directory_builder::put_alias(alias_record record) {
  record.what = address_entry::kind::alias;
  const auto* old = view_.entry(record.address);
  if (old != nullptr && old->what == address_entry::kind::account) return; // an account is never hidden
  put_entry(std::make_shared<const alias_record>(std::move(record)));
}

void directory_builder::remove_account(std::string_view address) {
  const auto old = view_.find(address);
  if (old == nullptr || old->what != address_entry::kind::account) return;
  const auto& record = static_cast<const account_record&>(*old);
  count_out(record);
  change_certificates(&record, nullptr);
  view_.ids_.remove(edit_, hash_of(record.id.value), [&](const directory_view::id_row& r) {
    return r.account->id == record.id && r.account->address == address;
  });
  view_.addresses_.remove(edit_, hash_of(address),
                          [&](const directory_view::address_row& r) { return r.entry->address == address; });
}

void directory_builder::remove_alias(std::string_view address) {
  const auto old = view_.find(address);
  if (old == nullptr || old->what != address_entry::kind::alias) return;
  view_.addresses_.remove(edit_, hash_of(address),
                          [&](const directory_view::address_row& r) { return r.entry->address == address; });
}

std::shared_ptr<const directory_view> directory_builder::finish(std::uint64_t version) {
  if (recount_) {
    auto& all = domains();
    for (auto& [name, d] : all) d.first_account = d.first_admin = base::account_id{};
    view_.ids_.for_each([&](const directory_view::id_row& r) {
      const auto found = all.find(r.account->domain());
      if (found == all.end()) return;
      const auto take = [&](base::account_id& first) {
        if (first.value == 0 || r.account->id < first) first = r.account->id;
      };
      take(found->second.first_account);
      if (r.account->admin) take(found->second.first_admin);
    });
  }
  view_.default_domain_ = chosen_default_;
  if (view_.domain(chosen_default_) == nullptr) {
    view_.default_domain_.clear();
    base::domain_id lowest;
    for (const auto& [name, d] : *view_.domains_)
      if (lowest.value == 0 || d.id < lowest) {
        lowest = d.id;
        view_.default_domain_ = name;
      }
  }
  view_.version_ = version;
  own_domains_.reset();
  edit_ = next_edit();
  recount_ = false;
  return std::make_shared<const directory_view>(view_);
}

} // namespace rookery::routing
