// Certificates for clients' connections: those of the node file, and those of the configuration.
#include "actors/admin/document_family.hpp"
#include "actors/config/certificate_documents.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

constexpr family agreed = {dir::document_kind::certificate, "name", "certificate", config::canonical_certificate_name,
                           config::change_certificate, config::show_certificate_document, config::certificates_max};

} // namespace

void list_certificates(const call_ptr& c) {
  reply_from_worker(c, [node = c->node, table = c->node->table()]() -> base::result<json::value> {
    const auto files = node->certificates();
    if (!files) return base::fail(files.error());
    json::array items;
    if (const auto* rows = files->get_array("items")) items = *rows;
    table->for_each(agreed.kind, {}, [&](const dir::document_ptr& d) {
      items.push_back(agreed.show(*d));
      return true;
    });
    const auto total = items.size();
    return page_body(std::move(items), {}, total);
  });
}

void add_certificate(const call_ptr& c) { add_document(c, agreed); }
void show_certificate(const call_ptr& c) { show_document(c, agreed); }
void change_certificate(const call_ptr& c) { change_document(c, agreed); }
void remove_certificate(const call_ptr& c) { remove_document(c, agreed); }

void reload_certificates(const call_ptr& c) {
  reply_from_worker(c, [node = c->node] { return node->reload_certificates(); });
}

} // namespace rookery::admin
