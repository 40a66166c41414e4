#include "protocols/xmpp/upload.hpp"

#include "base/text.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/date_time.hpp"

#include <algorithm>
#include <array>

namespace rookery::xmpp {
namespace {

constexpr std::string_view facts_space = "urn:rookery:upload";
constexpr std::size_t id_octets_max = 64;

bool is_plain(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_'; }
bool is_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= id_octets_max && std::all_of(id.begin(), id.end(), [](char c) { return is_plain(c) && c != '.'; });
}
bool is_type(std::string_view t) noexcept {
  const auto slash = t.find('/');
  return t.size() <= upload_type_octets_max && slash != std::string_view::npos && slash > 0 && slash + 1 < t.size() &&
         std::all_of(t.begin(), t.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != ',' && c != '<' && c != '>'; });
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) out += c;
    else out.append({'%', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]});
  }
  return out;
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return {};
    const int high = hex(text[i + 1]), low = hex(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// Without parameters, in lower case.
std::string essence(std::string_view type) { return base::to_lower(type.substr(0, type.find(';'))); }

bool may_be_shown(std::string_view type) {
  const auto t = essence(type);
  // SVG and the like carry scripts.
  if (t.find("xml") != std::string::npos || t.find("svg") != std::string::npos) return false;
  return t.starts_with("image/") || t.starts_with("video/") || t.starts_with("audio/") || t == "text/plain";
}

} // namespace

std::optional<upload_request> read_upload_request(const element& e) {
  upload_request r;
  r.name = e.get("filename");
  const auto octets = base::parse_u64(e.get("size"));
  r.type = e.get("content-type");
  const bool named = !r.name.empty() && r.name.size() <= upload_name_octets_max && r.name != "." && r.name != ".." &&
                     std::none_of(r.name.begin(), r.name.end(), [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!named || !octets || *octets == 0 || (!r.type.empty() && !is_type(r.type))) return {};
  r.octets = *octets;
  return r;
}

element upload_slot(std::string_view url) {
  element slot("slot", upload_space);
  slot.add("put").set("url", url);
  slot.add("get").set("url", url);
  return slot;
}

element upload_too_large(const element& iq, std::uint64_t octets_max) {
  auto answer = error_reply(iq, condition::not_acceptable, "The file is too large");
  answer.child("error", answer.space)->add("file-too-large", upload_space).add("max-file-size").add_text(std::to_string(octets_max));
  return answer;
}

element upload_later(const element& iq, std::string_view text, std::optional<base::wall_time> when) {
  auto answer = error_reply(iq, condition::resource_constraint, text);
  if (when) answer.child("error", answer.space)->add("retry", upload_space).set("stamp", date_time(*when));
  return answer;
}

element upload_info(std::uint64_t octets_max) {
  element q("query", space::disco_info);
  q.add("identity").set("category", "store").set("type", "file").set("name", "Files");
  for (const auto var : {space::disco_info, space::ping, upload_space}) q.add("feature").set("var", var);
  data_form form;
  form.type = "result";
  form.hidden(upload_space).text("max-file-size", {}, std::to_string(octets_max), {});
  q.add(to_element(form));
  return q;
}

std::string upload_target(std::string_view id, std::string_view name) {
  return std::string(upload_path).append(id).append("/").append(percent_encoded(name));
}

std::optional<upload_place> read_upload_target(std::string_view path) {
  if (!path.starts_with(upload_path)) return {};
  path.remove_prefix(upload_path.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos || !is_id(path.substr(0, slash))) return {};
  auto name = percent_decoded(path.substr(slash + 1));
  if (!name || name->empty() || name->size() > upload_name_octets_max) return {};
  return upload_place{std::string(path.substr(0, slash)), std::move(*name)};
}

std::string encode(const upload_facts& f) {
  element e("file", facts_space);
  e.set("name", f.name).set("type", f.type).set("octets", std::to_string(f.octets)).set("owner", f.owner).set("stored", date_time(f.stored));
  return xml::to_text(e);
}

std::optional<upload_facts> read_upload_facts(std::string_view text) {
  const auto read = xml::parse(text);
  const auto* e = std::get_if<element>(&read);
  if (e == nullptr || !e->is("file", facts_space)) return {};
  const auto octets = base::parse_u64(e->get("octets"));
  const auto stored = read_date_time(e->get("stored"));
  if (!octets || !stored) return {};
  return upload_facts{std::string(e->get("name")), std::string(e->get("type")), *octets, std::string(e->get("owner")), *stored};
}

std::string_view shown_type(const upload_facts& f) noexcept {
  constexpr std::string_view octets = "application/octet-stream";
  if (f.type.empty() || !is_type(f.type)) return octets;
  const auto t = essence(f.type);
  constexpr std::array<std::string_view, 5> scripts{"text/html", "text/javascript", "text/css", "application/javascript", "text/ecmascript"};
  const bool runs = std::find(scripts.begin(), scripts.end(), t) != scripts.end() || t.find("xml") != std::string::npos || t.find("svg") != std::string::npos;
  return runs ? octets : std::string_view(f.type);
}

std::string disposition(const upload_facts& f) {
  std::string plain;
  for (const char c : f.name) plain += is_plain(c) || c == ' ' ? c : '_';
  return std::string(may_be_shown(f.type) ? "inline" : "attachment") + "; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encoded(f.name);
}

} // namespace rookery::xmpp
