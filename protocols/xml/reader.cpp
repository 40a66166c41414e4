#include "protocols/xml/reader.hpp"

#include "base/text.hpp"

#include <expat.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace rookery::xml {
namespace {

/// Between a namespace and a name as expat gives them; no XML character.
constexpr char separator = '\x01';
/// An unfinished tag is only looked at again when a '>' or so many octets have come.
constexpr std::size_t look_again_octets = 4096;
/// Given to expat at once: it keeps what it has not read yet.
constexpr std::size_t piece_octets = 8192;

struct release {
  void operator()(XML_Parser p) const noexcept { XML_ParserFree(p); }
};
using parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, release>;

} // namespace

std::string_view name(fault f) noexcept {
  switch (f) {
  case fault::not_well_formed: return "not well-formed";
  case fault::restricted: return "restricted";
  case fault::encoding: return "encoding";
  case fault::over_limit: return "over limit";
  }
  return "fault";
}

struct reader::state {
  state(limits l, bool gives_children) : bounds(l), child_depth(gives_children ? 2 : 1), expat(XML_ParserCreateNS("UTF-8", separator)) {
    if (!expat) throw std::bad_alloc();
    XML_SetUserData(expat.get(), this);
    XML_SetElementHandler(expat.get(), on_start, on_end);
    XML_SetCharacterDataHandler(expat.get(), on_text);
    XML_SetStartNamespaceDeclHandler(expat.get(), on_namespace);
    XML_SetXmlDeclHandler(expat.get(), on_declaration);
    // RFC 6120 §11.1
    XML_SetStartDoctypeDeclHandler(expat.get(), [](void* s, const XML_Char*, const XML_Char*, const XML_Char*, int) { of(s).refuse(fault::restricted); });
    XML_SetCommentHandler(expat.get(), [](void* s, const XML_Char*) { of(s).refuse(fault::restricted); });
    XML_SetProcessingInstructionHandler(expat.get(), [](void* s, const XML_Char*, const XML_Char*) { of(s).refuse(fault::restricted); });
  }

  static state& of(void* s) { return *static_cast<state*>(s); }

  std::uint64_t position() const {
    const auto index = XML_GetCurrentByteIndex(expat.get());
    return index < 0 ? 0 : static_cast<std::uint64_t>(index);
  }

  void refuse(fault f) {
    if (failed) return;
    failed = f;
    XML_StopParser(expat.get(), XML_FALSE);
  }

  void give(reading what) {
    events.push_back(std::move(what));
    XML_ParsingStatus status;
    XML_GetParsingStatus(expat.get(), &status);
    // An empty tag calls both of its handlers: the parser may stand already.
    if (status.parsing == XML_PARSING) XML_StopParser(expat.get(), XML_TRUE);
  }

  std::uint64_t token_octets() const { return static_cast<std::uint64_t>(XML_GetCurrentByteCount(expat.get())); }
  bool too_long() const { return position() + token_octets() - child_begin > bounds.stanza_octets; }
  /// Of a tag, or of what stands before the root.
  bool tag_too_long() const { return token_octets() > bounds.tag_octets || (depth == 0 && position() > bounds.tag_octets); }

  bool split(const XML_Char* from, std::string& name, std::string& space) {
    const std::string_view text(from);
    const auto at = text.rfind(separator);
    if (at == std::string_view::npos) {
      name = text;
      space.clear();
    } else {
      space = text.substr(0, at);
      name = text.substr(at + 1);
    }
    return name.size() <= bounds.name_octets && space.size() <= bounds.name_octets;
  }

  static void on_namespace(void* s, const XML_Char* prefix, const XML_Char* uri) {
    auto& me = of(s);
    if (++me.namespaces > me.bounds.namespaces) return me.refuse(fault::over_limit);
    if (me.depth == 0 && prefix == nullptr && uri != nullptr) me.default_space = uri;
  }

  static void on_declaration(void* s, const XML_Char*, const XML_Char* encoding, int) {
    if (encoding != nullptr && !base::iequals(encoding, "utf-8")) of(s).refuse(fault::encoding);
  }

  static void on_start(void* s, const XML_Char* name, const XML_Char** attributes) {
    auto& me = of(s);
    if (me.failed) return;
    bool fits = !me.tag_too_long();
    ++me.depth;
    element e;
    fits = fits && me.split(name, e.name, e.space) && me.depth <= me.bounds.depth + 1 && ++me.elements <= me.bounds.elements && !me.too_long();
    std::size_t count = 0;
    while (attributes[2 * count] != nullptr) ++count;
    fits = fits && count <= me.bounds.attributes;
    if (!fits) return me.refuse(fault::over_limit);
    e.attributes.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto& a = e.attributes[i];
      if (!me.split(attributes[2 * i], a.name, a.space)) return me.refuse(fault::over_limit);
      a.value = attributes[2 * i + 1];
    }
    if (me.depth < me.child_depth) return me.give(root_opened{std::move(e), me.default_space});
    if (me.depth == me.child_depth) {
      me.child = std::move(e);
      me.open.assign(1, &me.child);
    } else {
      me.open.push_back(&me.open.back()->add(std::move(e)));
    }
  }

  static void on_end(void* s, const XML_Char*) {
    auto& me = of(s);
    if (me.failed) return;
    if (me.tag_too_long()) return me.refuse(fault::over_limit);
    --me.depth;
    if (me.depth + 1 < me.child_depth) return me.give(root_closed{});
    if (me.too_long()) return me.refuse(fault::over_limit);
    me.open.pop_back();
    if (me.depth + 1 == me.child_depth) me.give(child_read{std::move(me.child)});
  }

  static void on_text(void* s, const XML_Char* text, int octets) {
    auto& me = of(s);
    if (me.failed) return;
    const std::string_view piece(text, static_cast<std::size_t>(octets));
    if (me.depth >= me.child_depth) {
      if (me.too_long()) return me.refuse(fault::over_limit);
      me.open.back()->add_text(piece);
    } else if (std::all_of(piece.begin(), piece.end(), base::is_space)) {
      me.child_begin = me.position();
    } else {
      me.refuse(fault::not_well_formed);
    }
  }

  /// What expat says of the present piece.
  void judge(XML_Status status) {
    if (failed || status != XML_STATUS_ERROR) return;
    switch (XML_GetErrorCode(expat.get())) {
    case XML_ERROR_UNDEFINED_ENTITY:
    case XML_ERROR_RECURSIVE_ENTITY_REF:
    case XML_ERROR_BINARY_ENTITY_REF:
    case XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF:
    case XML_ERROR_EXTERNAL_ENTITY_HANDLING: failed = fault::restricted; break;
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING: failed = fault::encoding; break;
    case XML_ERROR_NO_MEMORY: failed = fault::over_limit; break;
    default: failed = fault::not_well_formed;
    }
  }

  piece next_of(std::size_t used) {
    piece p{std::move(events.front()), used};
    events.erase(events.begin());
    if (std::holds_alternative<root_closed>(*p.what)) ended = true;
    namespaces = 0;
    elements = 0;
    return p;
  }

  limits bounds;
  std::size_t child_depth; ///< The depth at which an element is given: 2 below a root, 1 for a document.
  parser expat;
  std::vector<reading> events;
  std::optional<fault> failed;
  bool ended = false, suspended = false;
  std::uint64_t unfinished = 0;  ///< Octets of a tag that expat has and did not see the end of.
  std::size_t depth = 0, namespaces = 0, elements = 0;
  std::size_t ahead = 0;         ///< Octets that expat has and the caller still counts as unused.
  std::uint64_t given = 0;       ///< Octets that expat was given.
  std::uint64_t child_begin = 0; ///< Where the present child, or the space before it, begins.
  std::string default_space;
  element child;
  std::vector<element*> open;
};

reader::reader(limits l) : state_(std::make_unique<state>(l, true)) {}
reader::~reader() = default;
reader::reader(reader&&) noexcept = default;
reader& reader::operator=(reader&&) noexcept = default;

void reader::bound(limits l) noexcept { state_->bounds = l; }

bool reader::in_child() const noexcept { return state_->unfinished > 0 || state_->depth >= state_->child_depth; }

bool reader::between_children() const noexcept {
  const auto& s = *state_;
  return s.depth + 1 == s.child_depth && s.unfinished == 0 && s.ahead == 0 && !s.suspended && s.events.empty() && !s.failed && !s.ended;
}

reader::piece reader::read(base::const_bytes in) {
  auto& s = *state_;
  if (!s.events.empty()) return s.next_of(0);
  if (s.failed) return {*s.failed, 0};
  if (s.ended) return {};
  auto status = XML_STATUS_OK;
  const bool resumes = s.suspended;
  if (resumes) {
    status = XML_ResumeParser(s.expat.get());
  } else {
    const auto fresh = in.substr(s.ahead);
    if (fresh.empty()) return {};
    if (s.unfinished > 0 && fresh.size() < look_again_octets && fresh.find('>') == base::const_bytes::npos) {
      if (s.unfinished + fresh.size() > s.bounds.tag_octets) s.failed = fault::over_limit;
      return s.failed ? piece{*s.failed, 0} : piece{};
    }
    auto taken = fresh.substr(0, piece_octets);
    // expat would guess UTF-16 from a byte order mark or a zero, whatever encoding it is told.
    taken = taken.substr(0, taken.find('\0'));
    if (taken.empty() || (s.given == 0 && static_cast<unsigned char>(taken.front()) >= 0xfe)) {
      s.failed = fault::not_well_formed;
      return {*s.failed, 0};
    }
    s.given += taken.size();
    s.ahead += taken.size();
    status = XML_Parse(s.expat.get(), taken.data(), static_cast<int>(taken.size()), XML_FALSE);
  }
  s.judge(status);
  s.suspended = status == XML_STATUS_SUSPENDED && !s.failed;
  if (s.failed && s.events.empty()) return {*s.failed, 0};
  if (s.suspended || !s.events.empty()) {
    const auto at = s.position() + static_cast<std::uint64_t>(XML_GetCurrentByteCount(s.expat.get()));
    const auto left = static_cast<std::size_t>(s.given - at);
    const auto used = s.ahead - left;
    s.ahead = left;
    s.child_begin = at;
    s.unfinished = 0;
    return s.next_of(used);
  }
  s.unfinished = s.given - std::min(s.given, s.position());
  if (s.unfinished > s.bounds.tag_octets) {
    s.failed = fault::over_limit;
    return {*s.failed, 0};
  }
  const auto used = std::exchange(s.ahead, 0);
  if (!resumes || used == in.size()) return {std::nullopt, used};
  auto next = read(in.substr(used)); // what expat does not have yet
  next.used += used;
  return next;
}

std::variant<element, fault> parse(std::string_view document, const limits& l) {
  if (document.size() > l.stanza_octets) return fault::over_limit;
  if (document.find('\0') != std::string_view::npos || document.empty() || static_cast<unsigned char>(document.front()) >= 0xfe)
    return fault::not_well_formed;
  auto bounds = l;
  bounds.tag_octets = l.stanza_octets;
  reader::state s(bounds, false);
  s.judge(XML_Parse(s.expat.get(), document.data(), static_cast<int>(document.size()), XML_TRUE));
  if (s.failed) return *s.failed;
  // The parser stands behind the root's end; what follows is judged by going on.
  if (s.events.empty()) return fault::not_well_formed;
  s.judge(XML_ResumeParser(s.expat.get()));
  if (s.failed) return *s.failed;
  return std::move(std::get<child_read>(s.events.front()).child);
}

} // namespace rookery::xml
