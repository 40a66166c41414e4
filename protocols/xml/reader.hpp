/// XML from a stream of octets: the root's opening tag, each of its children when it is complete, the root's end.
///
/// Source: XML 1.0 and Namespaces in XML 1.0, as far as RFC 6120 §11 allows them: UTF-8 alone; no document type, no
/// entities but the five, no comments, no processing instructions.
#pragma once

#include "base/bytes.hpp"
#include "protocols/xml/element.hpp"
#include "protocols/xml/limits.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

namespace rookery::xml {

enum class fault : std::uint8_t {
  not_well_formed,
  restricted,  ///< Well-formed, but of the kinds that are refused.
  encoding,    ///< The XML declaration names another encoding than UTF-8.
  over_limit   ///< Beyond one of xml::limits.
};
std::string_view name(fault) noexcept;

/// The root's opening tag: an element without children. `default_space` is what its xmlns declares.
struct root_opened {
  element root;
  std::string default_space;
};
/// A complete child of the root. Between children only space may stand.
struct child_read { element child; };
struct root_closed {};

using reading = std::variant<root_opened, child_read, root_closed, fault>;

class reader {
public:
  explicit reader(limits = {});
  ~reader();
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;

  struct piece {
    std::optional<reading> what; ///< Nothing, and `used` 0: more is needed.
    std::size_t used = 0;        ///< Octets of `in` that are done with: the next call begins behind them.
  };
  /// Reads up to the next event. The octets behind `used` are given again, with whatever came behind them.
  /// After a fault or root_closed nothing more is read.
  piece read(base::const_bytes in);

  /// Other bounds from now on.
  void bound(limits) noexcept;

  /// A tag or a child of the root is not complete.
  bool in_child() const noexcept;
  /// The root is open, and all that came was read and given: a reader that has read the same opening would go on as this one.
  bool between_children() const noexcept;

private:
  friend std::variant<element, fault> parse(std::string_view document, const limits&);
  struct state;
  std::unique_ptr<state> state_;
};

/// A whole document in memory; nothing behind the root but space. `stanza_octets` bounds it all.
std::variant<element, fault> parse(std::string_view document, const limits& = {});

} // namespace rookery::xml
