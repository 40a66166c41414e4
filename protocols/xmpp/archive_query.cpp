#include "protocols/xmpp/archive_query.hpp"

#include "base/text.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "protocols/xmpp/message_rules.hpp"

#include <algorithm>

namespace rookery::xmpp {
namespace {

constexpr std::size_t ids_max = 100;

} // namespace

std::optional<archive_query> read_archive_query(const element& query, condition& why) {
  why = condition::bad_request;
  archive_query q;
  q.query_id = query.get("queryid");
  if (const auto* form = query.child("x", space::forms)) {
    for (const auto* field : form->elements("field", space::forms)) {
      const auto var = field->get("var");
      const auto value = field->child_text("value", space::forms);
      q.narrowed = q.narrowed || var != "FORM_TYPE";
      if (var == "FORM_TYPE") {
        if (value != space::archive) return {};
      } else if (var == "start" || var == "end") {
        const auto t = read_date_time(value);
        if (!t) return {};
        (var == "start" ? q.start : q.end) = t;
      } else if (var == "with") {
        q.with = read_jid(value);
        if (!q.with) return {};
      } else if (var == "before-id" || var == "after-id") {
        const auto id = base::parse_u64(value);
        if (!id) {
          why = condition::item_not_found;
          return {};
        }
        if (var == "before-id") q.before_id = std::min(q.before_id, *id);
        else q.after_id = std::max(q.after_id, *id);
      } else if (var == "ids") {
        for (const auto* v : field->elements("value", space::forms)) {
          const auto id = base::parse_u64(v->text());
          if (!id || q.ids.size() >= ids_max) {
            why = condition::item_not_found;
            return {};
          }
          q.ids.push_back(*id);
        }
      } else {
        // XEP-0313 §4.1.1: what is not known must not be passed over.
        why = condition::feature_not_implemented;
        return {};
      }
    }
  }
  q.flipped = query.child("flip-page", space::archive) != nullptr;
  const auto* set = query.child("set", space::result_sets);
  if (set == nullptr) return q;
  if (const auto* max = set->child("max", space::result_sets)) {
    const auto n = base::parse_u32(max->text());
    if (!n) return {};
    q.max = std::min<std::size_t>(*n, archive_page_most);
  }
  if (const auto* before = set->child("before", space::result_sets)) {
    q.backwards = true;
    if (const auto text = before->text(); !text.empty()) {
      const auto id = base::parse_u64(text);
      why = condition::item_not_found;
      if (!id) return {};
      q.before_id = std::min(q.before_id, *id);
    }
  }
  if (const auto* after = set->child("after", space::result_sets)) {
    if (const auto text = after->text(); !text.empty()) {
      const auto id = base::parse_u64(text);
      why = condition::item_not_found;
      if (!id) return {};
      q.after_id = std::max(q.after_id, *id);
    }
  }
  return q;
}

element archive_result(const archive_query& q, std::uint64_t id, base::wall_time when, const element& stanza) {
  element message("message", space::client);
  auto& result = message.add("result", space::archive);
  if (!q.query_id.empty()) result.set("queryid", q.query_id);
  result.set("id", std::to_string(id));
  result.add(forwarded(stanza, &when));
  return message;
}

element archive_fin(std::uint64_t first, std::uint64_t last, bool any, bool complete, std::optional<std::uint64_t> count) {
  element fin("fin", space::archive);
  if (complete) fin.set("complete", "true");
  auto& set = fin.add("set", space::result_sets);
  if (any) {
    set.add("first").add_text(std::to_string(first));
    set.add("last").add_text(std::to_string(last));
  }
  if (count) set.add("count").add_text(std::to_string(*count));
  return fin;
}

element archive_form() {
  element query("query", space::archive);
  auto& form = query.add("x", space::forms);
  form.set("type", "form");
  const auto field = [&form](std::string_view type, std::string_view var) -> element& {
    auto& f = form.add("field");
    f.set("type", type).set("var", var);
    return f;
  };
  field("hidden", "FORM_TYPE").add("value").add_text(space::archive);
  field("jid-single", "with");
  field("text-single", "start");
  field("text-single", "end");
  field("text-single", "before-id");
  field("text-single", "after-id");
  field("list-multi", "ids").add("validate", "http://jabber.org/protocol/xdata-validate").set("datatype", "xs:string").add("open");
  return query;
}

} // namespace rookery::xmpp
