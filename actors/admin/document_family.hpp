/// Documents that are listed, added, shown, changed and removed by name in the same way. Private to actors/admin.
#pragma once

#include "actors/admin/call.hpp"
#include "base/crypto/secret_box.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::admin {

/// What differs between the families.
struct family {
  storage::directory::document_kind kind;
  const char* member;  ///< that holds the name
  const char* word;    ///< "queue", in sentences
  std::optional<std::string> (*canonical)(std::string_view);
  base::result<std::string> (*change)(std::string_view name, std::string_view content, const json::value& patch, const base::secret_box*);
  json::value (*show)(const storage::directory::document&);
  std::size_t most = 0; ///< documents; 0: no limit of their own
  /// False, and answered, when the content does not go with what else is there; null: it always does.
  bool (*fits)(const call_ptr&, const std::string& name, const std::string& content) = nullptr;
};

/// A family's `change` for documents whose change depends neither on the name nor on secrets.
template <base::result<std::string> (*Change)(std::string_view content, const json::value& patch)>
base::result<std::string> changed_by(std::string_view, std::string_view content, const json::value& patch, const base::secret_box*) {
  return Change(content, patch);
}

/// The canonical name in the path; nothing, and answered, when it is none.
std::optional<std::string> name_in_path(const call_ptr&, const family&);
/// Null, and answered, when there is none.
const storage::directory::document* find_document(const call_ptr&, const storage::directory::config_table&, const family&, const std::string& name);
/// Writes it and answers with it. `lost`: what the person hears whose change came too late.
void put_document(const call_ptr&, const family&, const std::string& name, std::uint64_t expected, std::string content, unsigned status,
                  std::string lost);

// Whole routes. The family lives as long as the process.
/// `items`: what comes before the documents.
void list_documents(const call_ptr&, const family&, json::array items = {});
void add_document(const call_ptr&, const family&);
void show_document(const call_ptr&, const family&);
void change_document(const call_ptr&, const family&);
void remove_document(const call_ptr&, const family&);

} // namespace rookery::admin
