#include "protocols/xmpp/user_search.hpp"

#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <utility>

namespace rookery::xmpp {
namespace {

constexpr std::string_view instructions = "Fill in what you know. % stands for any characters.";

struct parts {
  std::string first, last;
};
parts parted(const std::string& name) {
  const auto cut = name.rfind(' ');
  return cut == std::string::npos ? parts{name, {}} : parts{name.substr(0, cut), name.substr(cut + 1)};
}

bool fits_a_word(std::string_view pattern, const std::string& name) {
  if (fits(pattern, name)) return true;
  for (const auto word : base::split(name, ' '))
    if (!word.empty() && fits(pattern, word)) return true;
  return false;
}

} // namespace

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

bool search_wish::fits(const search_person& who) const {
  using charset::fold_for_search;
  if (!address.empty()) {
    const auto folded = fold_for_search(who.address);
    const auto at = folded.rfind('@');
    if (!xmpp::fits(address, folded) && !xmpp::fits(address, std::string_view(folded).substr(0, at)) && !xmpp::fits(address, fold_for_search(who.where.text())))
      return false;
  }
  if (!name.empty() && !fits_a_word(name, fold_for_search(who.name)) && !xmpp::fits(name, fold_for_search(who.where.local))) return false;
  if (first.empty() && last.empty()) return true;
  const auto [given, family] = parted(fold_for_search(who.name));
  return (first.empty() || fits_a_word(first, given)) && (last.empty() || xmpp::fits(last, family));
}

std::optional<search_wish> read_search(const xml::element& query) {
  if (!query.is("query", search_space)) return {};
  search_wish w;
  const auto take = [&](std::string_view field, std::string_view said) {
    auto text = charset::fold_for_search(base::trim(said));
    if (text.empty()) return true;
    if (text.size() > search_text_max || static_cast<std::size_t>(std::count(text.begin(), text.end(), '%')) > search_wildcards_max) return false;
    if (field == "first") w.first = std::move(text);
    else if (field == "last") w.last = std::move(text);
    else if (field == "nick" || field == "name") w.name = std::move(text);
    else if (field == "email" || field == "jid" || field == "user") w.address = std::move(text);
    return true;
  };
  if (const auto* x = query.child("x", space::forms)) {
    const auto form = read_form(*x);
    if (!form || form->type != "submit") return {};
    w.as_form = true;
    for (const auto& f : form->fields)
      if (!take(f.name, f.value())) return {};
    return w;
  }
  for (const auto* e : query.elements())
    if (!take(e->name, e->text())) return {};
  return w;
}

xml::element search_form() {
  xml::element q("query", search_space);
  q.add("instructions").add_text(instructions);
  for (const auto* field : {"first", "last", "nick", "email"}) q.add(field);
  data_form form;
  form.type = "form";
  form.title = "Search for people";
  form.instructions = instructions;
  form.hidden(search_space);
  form.text("nick", "Name", {}).text("first", "Given name", {}).text("last", "Family name", {}).text("email", "Address", {});
  q.add(to_element(form));
  return q;
}

xml::element search_answer(const search_wish& w, const std::vector<search_person>& all) {
  xml::element q("query", search_space);
  if (!w.as_form) {
    for (const auto& who : all) {
      const auto [given, family] = parted(who.name);
      auto& item = q.add("item");
      item.set("jid", who.where.text());
      item.add("first").add_text(given);
      item.add("last").add_text(family);
      item.add("nick").add_text(who.name);
      item.add("email").add_text(who.address);
    }
    return q;
  }
  data_form form;
  form.type = "result";
  form.hidden(search_space);
  auto x = to_element(form);
  auto& reported = x.add("reported");
  for (const auto& [name, label] : {std::pair{"jid", "Chat address"}, std::pair{"nick", "Name"}, std::pair{"first", "Given name"},
                                    std::pair{"last", "Family name"}, std::pair{"email", "Address"}})
    reported.add("field").set("var", name).set("label", label).set("type", std::string_view(name) == "jid" ? "jid-single" : "text-single");
  for (const auto& who : all) {
    const auto [given, family] = parted(who.name);
    auto& item = x.add("item");
    for (const auto& [name, value] : {std::pair<std::string_view, std::string>{"jid", who.where.text()}, {"nick", who.name}, {"first", given}, {"last", family}, {"email", who.address}})
      item.add("field").set("var", name).add("value").add_text(value);
  }
  q.add(std::move(x));
  return q;
}

} // namespace rookery::xmpp
