#include "actors/admin/document_family.hpp"
#include "actors/config/archive_documents.hpp"

namespace rookery::admin {
namespace {

constexpr family archives = {storage::directory::document_kind::archive, "name", "archive", config::canonical_archive,
                             changed_by<config::change_archive>, config::show_archive, archiving::archive_rules_max};

} // namespace

void list_archives(const call_ptr& c) { list_documents(c, archives); }
void add_archive(const call_ptr& c) { add_document(c, archives); }
void show_archive(const call_ptr& c) { show_document(c, archives); }
void change_archive(const call_ptr& c) { change_document(c, archives); }
void remove_archive(const call_ptr& c) { remove_document(c, archives); }

} // namespace rookery::admin
