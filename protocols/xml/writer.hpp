/// Elements as octets.
///
/// Source: XML 1.0 §2.2, §2.4, §2.10, §3.3.3; Namespaces in XML 1.0.
#pragma once

#include "protocols/xml/element.hpp"

#include <string>
#include <string_view>

namespace rookery::xml {

/// Appends `e`. `default_space` is the default namespace where it is put: elements in it carry no xmlns.
/// Text and attribute values must be UTF-8 to come out as well-formed XML; characters that XML cannot
/// have (controls) become U+FFFD.
void write(std::string& out, const element& e, std::string_view default_space = {});
std::string to_text(const element& e, std::string_view default_space = {});

/// `text` as it may stand in an element or in an attribute's value in either quotes.
void append_escaped(std::string& out, std::string_view text);
std::string escaped(std::string_view text);

} // namespace rookery::xml
