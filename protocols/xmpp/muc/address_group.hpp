/// Addresses that hear the same, kept as they come and go: who joins or leaves costs itself, not all the others.
///
/// What `all` gave stays as it is: while somebody holds it, the next change is made to a copy. One thread at a time.
#pragma once

#include "protocols/xmpp/jid.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace rookery::xmpp::muc {

using address_list = std::shared_ptr<const std::vector<jid>>;

class address_group {
public:
  void add(const jid&);
  void remove(const jid&);
  void clear();
  bool empty() const noexcept { return all_->empty(); }
  /// In no order that means anything.
  address_list all() const { return all_; }
  /// Addresses that all changes together have written: what they cost, counted.
  std::uint64_t written() const noexcept { return written_; }

private:
  std::vector<jid>& own();

  std::shared_ptr<std::vector<jid>> all_ = std::make_shared<std::vector<jid>>();
  std::unordered_map<jid, std::size_t> places_;
  std::uint64_t written_ = 0;
};

} // namespace rookery::xmpp::muc
