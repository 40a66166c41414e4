/// The messages of mail-parser (Stalwart) with their parse as JSON, each with LF and with CRLF.
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"

#include "base/text.hpp"
#include "tests/protocols/mime/corpus.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace rookery::mime {
namespace {

using json = simdjson::dom::element;

std::string text_of(json e, const char* key) {
  json v;
  std::string_view s;
  if (e[key].get(v) != simdjson::SUCCESS || v.get(s) != simdjson::SUCCESS) return {};
  return std::string(s);
}

std::uint64_t number_of(json e, const char* key) { return e[key].get_uint64().value_unsafe(); }

/// Where we rightly differ: the message is scanned, and nothing is compared.
struct difference {
  std::string_view message, reason;
};
constexpr difference differences[] = {
    {"rfc/008", "RFC 2046 §5.2.1 forbids base64 of message/rfc822; its inner parts have no place in the stored octets"},
    {"rfc/002", "a comment amid a display name is no part of it"},
    {"malformed/000", "a delimiter ends a header that has no empty line, as RFC 2046 §5.1.1 lets a delimiter end anything"},
    {"malformed/001", "RFC 2046 §5.1.2: the outer delimiter ends the inner multipart, although the inner boundary is its begin"},
    {"malformed/002", "a multipart stays one without a single delimiter"},
    {"malformed/004", "the whole line is the delimiter that begins with the boundary (RFC 2046 §5.1.1)"},
    {"malformed/007", "as malformed/000"},
    {"malformed/008", "as malformed/001"},
    {"malformed/009", "as malformed/001"},
    {"malformed/011", "as malformed/001"},
    {"malformed/012", "as malformed/001"},
    {"malformed/013", "a delimiter that nothing follows begins an empty part"},
    {"malformed/014", "as malformed/013"},
    {"malformed/016", "as malformed/001"},
    {"malformed/019", "a multipart that is not closed ends with the message, its last line end included"},
    {"malformed/020", "of two Content-Type fields the first counts"},
    {"malformed/021", "as malformed/020"},
    {"malformed/022", "message/rfc822 stays one whatever it holds: IMAP wants its envelope"},
    {"thirdparty/005", "a delimiter begins a line; it is not looked for within one"},
    {"thirdparty/010", "of two parameters with one name the first counts"},
    {"thirdparty/015", "as malformed/000"},
};

/// One message against its expectation; failures are told with the file's name.
class comparison {
public:
  comparison(std::string name, std::string_view message) : name_(std::move(name)), message_(message) {
    scanner s;
    s.feed(message);
    s.finish();
    tree_ = s.parts();
  }

  void run(json expected) {
    at_ = 0;
    for (const auto& d : differences)
      if (name_.substr(0, name_.find('.')) == d.message) return;
    parts(expected, 0);
    if (at_ != tree_.size()) ADD_FAILURE() << name_ << ": " << tree_.size() << " parts, expected " << at_;
  }

private:
  void parts(json expected, std::size_t) {
    for (json e : expected["parts"].get_array()) part_against(e);
  }

  void part_against(json e) {
    if (at_ == tree_.size()) {
      ADD_FAILURE() << name_ << ": a part is missing at " << number_of(e, "offset_header");
      return;
    }
    const auto index = at_++;
    const auto& p = tree_[index];
    const auto where = name_ + " part " + std::to_string(index) + " " + p.type;
    EXPECT_EQ(p.header_offset, number_of(e, "offset_header")) << where;
    EXPECT_EQ(p.body_offset, number_of(e, "offset_body")) << where;
    EXPECT_EQ(p.body_offset + p.body_octets, number_of(e, "offset_end")) << where;
    headers(e, p, where);
    for (auto [key, value] : e["body"].get_object()) {
      if (key == "Multipart") {
        EXPECT_EQ(p.kind, part_kind::multipart) << where;
      } else if (key == "Message") {
        EXPECT_EQ(p.kind, part_kind::message) << where;
        parts(value, p.body_offset);
      } else if (key == "Text" || key == "Html") {
        EXPECT_EQ(p.kind, part_kind::leaf) << where;
        if (e["is_encoding_problem"].get_bool().value_unsafe()) continue;
        const std::string expected(value.get_string().value_unsafe());
        if (!guessed(expected) && decodes(p)) {
          EXPECT_EQ(decoded_text(message_, p), expected) << where;
        }
      } else {
        EXPECT_EQ(p.kind, part_kind::leaf) << where;
        if (e["is_encoding_problem"].get_bool().value_unsafe()) continue;
        std::string octets;
        for (auto o : value.get_array()) octets.push_back(static_cast<char>(o.get_uint64().value_unsafe()));
        if (decodes(p)) {
          EXPECT_TRUE(decode_transfer(p.encoding, message_.substr(p.body_offset, p.body_octets)) == octets) << where;
        }
      }
    }
  }

  void headers(json e, const part& p, const std::string& where) {
    header_reader r(message_.substr(p.header_offset, p.header_octets));
    for (json h : e["headers"].get_array()) {
      auto f = r.next();
      while (f && f->name.empty()) f = r.next();
      if (!f) {
        ADD_FAILURE() << where << ": a field is missing";
        return;
      }
      const auto offset = [&](const char* at) { return static_cast<std::uint64_t>(at - message_.data()); };
      const auto field = where + " " + std::string(f->name);
      EXPECT_EQ(offset(f->raw.data()), number_of(h, "offset_field")) << field;
      EXPECT_EQ(offset(f->value.data()), number_of(h, "offset_start")) << field;
      EXPECT_EQ(offset(f->raw.data()) + f->raw.size(), number_of(h, "offset_end")) << field;
      json v;
      if (h["value"]["Text"].get(v) == simdjson::SUCCESS) text(f->value, v, field);
      if (h["value"]["Address"].get(v) == simdjson::SUCCESS) addresses(f->value, v, field);
      if (h["value"]["DateTime"].get(v) == simdjson::SUCCESS) date(f->value, v, field);
      if (h["value"]["ContentType"].get(v) == simdjson::SUCCESS) content(f->value, v, field);
    }
  }

  /// Unlabelled 8-bit octets: mail-parser gives replacement characters, we read windows-1252.
  static bool guessed(std::string_view expected) { return expected.find("\xEF\xBF\xBD") != std::string_view::npos; }
  /// mail-parser does not undo uuencode.
  static bool decodes(const part& p) { return p.encoding != transfer_encoding::uuencode; }

  /// Without white space: folds between words are kept in different forms; and without the brackets
  /// that mail-parser takes off some fields.
  static std::string squeezed(std::string_view s) {
    std::string out;
    for (const char c : s)
      if (!base::is_space(c) && c != '<' && c != '>') out.push_back(c);
    return out;
  }

  void text(std::string_view value, json v, const std::string& field) {
    auto expected = std::string(v.get_string().value_unsafe());
    std::string got;
    // mail-parser gives ids without brackets.
    if (field.ends_with("-ID") || field.ends_with("-Id") || field.ends_with("References") || field.ends_with("-To")) {
      std::size_t at = 0;
      if (const auto id = next_message_id(value, at)) got = *id;
      if (got.empty()) return;
    } else {
      got = encoding::decode_words(value);
    }
    if (!guessed(expected)) {
      EXPECT_EQ(squeezed(got), squeezed(expected)) << field;
    }
  }

  void addresses(std::string_view value, json v, const std::string& field) {
    std::string expected, got;
    // "(comment)" alone is no address for us.
    if (read_addresses(value).empty()) return;
    const auto one = [&](json a) { expected += text_of(a, "name") + "<" + text_of(a, "address") + ">"; };
    json list;
    if (v["List"].get(list) == simdjson::SUCCESS) {
      for (json a : list.get_array()) one(a);
    } else if (v["Group"].get(list) == simdjson::SUCCESS) {
      for (json g : list.get_array()) {
        if (!text_of(g, "name").empty()) expected += "[" + text_of(g, "name") + "]";
        for (json a : g["addresses"].get_array()) one(a);
      }
    }
    for (const auto& a : read_addresses(value)) {
      if (a.kind == address_kind::group_begin) got += "[" + a.display_name() + "]";
      if (a.kind == address_kind::mailbox) got += a.display_name() + "<" + (a.domain.empty() ? a.mailbox : a.mailbox + "@" + a.domain) + ">";
    }
    if (!guessed(expected)) {
      EXPECT_EQ(squeezed(got), squeezed(expected)) << field << ": " << value;
    }
  }

  void date(std::string_view value, json v, const std::string& field) {
    const auto d = read_date(value);
    ASSERT_TRUE(d) << field << ": " << value;
    EXPECT_EQ(static_cast<std::uint64_t>(d->year), number_of(v, "year")) << field;
    EXPECT_EQ(d->month, number_of(v, "month")) << field;
    EXPECT_EQ(d->day, number_of(v, "day")) << field;
    EXPECT_EQ(d->hour, number_of(v, "hour")) << field;
    EXPECT_EQ(d->minute, number_of(v, "minute")) << field;
    const auto zone = static_cast<std::int64_t>(number_of(v, "tz_hour") * 60 + number_of(v, "tz_minute"));
    EXPECT_EQ(d->zone_minutes, v["tz_before_gmt"].get_bool().value_unsafe() ? -zone : zone) << field << ": " << value;
  }

  void content(std::string_view value, json v, const std::string& field) {
    std::string expected = text_of(v, "c_type"), got;
    if (!text_of(v, "c_subtype").empty()) expected += "/" + text_of(v, "c_subtype");
    json list;
    if (v["attributes"].get(list) == simdjson::SUCCESS && list.is_array())
      for (json a : list.get_array()) expected += ";" + text_of(a, "name") + "=" + text_of(a, "value");
    const auto print = [&](const auto& parameters) {
      for (const auto& p : parameters) got += ";" + p.name + "=" + p.decoded();
    };
    if (field.ends_with("isposition")) {
      const auto d = read_content_disposition(value);
      got = d.kind;
      print(d.parameters);
    } else {
      const auto t = read_content_type(value);
      got = t.type + "/" + t.subtype;
      print(t.parameters);
    }
    if (!guessed(expected)) {
      EXPECT_EQ(base::to_lower(squeezed(got)), base::to_lower(squeezed(expected))) << field << ": " << value;
    }
  }

  std::string name_;
  std::string_view message_;
  part_tree tree_;
  std::size_t at_ = 0;
};

TEST(MailParserCorpus, PartsFieldsAndTextsAreTheSame) {
  const auto folder = corpus_folder();
  if (!folder) GTEST_SKIP() << "no corpus here";
  std::size_t compared = 0;
  simdjson::dom::parser parser;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder / "mail-parser")) {
    if (entry.path().extension() != ".eml") continue;
    const auto message = read_file(entry.path());
    const auto name = entry.path().parent_path().filename().string() + "/" + entry.path().stem().string();
    for (const auto* kind : {".json", ".crlf.json"}) {
      auto file = entry.path();
      file.replace_extension(kind);
      if (!std::filesystem::exists(file)) continue;
      // The files have either; the expectations are of all LF and all CRLF.
      const auto octets = kind == std::string_view(".json") ? without_cr(message) : with_crlf(message);
      simdjson::dom::element document;
      ASSERT_EQ(parser.load(file.string()).get(document), simdjson::SUCCESS) << file;
      comparison(name + kind, octets).run(document);
      ++compared;
    }
  }
  EXPECT_GT(compared, 100u);
}

} // namespace
} // namespace rookery::mime
