/// What all parts of one mail machine share, and what published pages keep alive: the
/// tree, the rows laid over it, and the cache of text columns.
#pragma once

#include "storage/mail/mail_machine.hpp"
#include "storage/tree/pending_rows.hpp"
#include "storage/mail/share_table.hpp"
#include "storage/mail/text_cache.hpp"
#include "storage/tree/tree.hpp"

#include <memory>
#include <utility>

namespace rookery::storage::mail {

struct mail_store {
  mail_store(std::unique_ptr<tree> t, mail_settings s)
      : rows(std::move(t)), pending(*rows), texts(s.text_cache_octets), settings(s) {}

  std::unique_ptr<tree> rows;
  pending_rows pending;
  text_cache texts;
  const std::shared_ptr<share_table> shares = std::make_shared<share_table>();
  mail_settings settings;
  octets_by_segment lost_bodies;  ///< given up since somebody asked; the shard's thread only
  std::size_t waiting_octets = 0; ///< about what the next flush writes; the shard's thread only
};

} // namespace rookery::storage::mail
