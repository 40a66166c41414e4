// Files for the web service: what may be asked for, where they are, how browsers are told of them.
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/upload.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

std::string read(std::string_view attributes) {
  const auto parsed = xml::parse("<request xmlns='urn:xmpp:http:upload:0' " + std::string(attributes) + "/>");
  const auto* e = std::get_if<element>(&parsed);
  if (e == nullptr) return "no XML";
  const auto r = read_upload_request(*e);
  return r ? r->name + " " + std::to_string(r->octets) + (r->type.empty() ? "" : " " + r->type) : "refused";
}

TEST(Upload, RequestsAreRead) {
  EXPECT_EQ(read("filename='a b.jpg' size='23' content-type='image/jpeg'"), "a b.jpg 23 image/jpeg");
  EXPECT_EQ(read("filename='tr\xc3\xa8s cool.txt' size='1'"), "tr\xc3\xa8s cool.txt 1");
  EXPECT_EQ(read("filename='x' size='1' content-type='text/plain; charset=utf-8'"), "x 1 text/plain; charset=utf-8");
  for (const auto* wrong : {"", "filename='x'", "size='1'", "filename='' size='1'", "filename='x' size='0'", "filename='x' size='-1'", "filename='x' size='1.5'",
                            "filename='a/b' size='1'", "filename='a\\b' size='1'", "filename='..' size='1'", "filename='a&#10;b' size='1'",
                            "filename='x' size='18446744073709551616'", "filename='x' size='1' content-type='image'", "filename='x' size='1' content-type='/x'",
                            "filename='x' size='1' content-type='a/b&#13;&#10;Set-Cookie: x'", "filename='x' size='1' content-type='t/\xc3\xa8'"})
    EXPECT_EQ(read(wrong), "refused") << wrong;
  EXPECT_EQ(read("filename='" + std::string(256, 'n') + "' size='1'"), "refused");
  EXPECT_EQ(read("filename='x' size='1' content-type='a/" + std::string(99, 't') + "'"), "refused");
}

TEST(Upload, PathsLeadToOneFile) {
  for (const std::string name : {"a.jpg", "a b%.txt", "tr\xc3\xa8s.txt", "?#&", "."}) {
    const auto path = upload_target("Abc-_9", name);
    const auto back = read_upload_target(path);
    ASSERT_TRUE(back) << path;
    EXPECT_EQ(back->id, "Abc-_9");
    EXPECT_EQ(back->name, name);
    EXPECT_EQ(path.find_first_of("?# "), std::string::npos) << path;
  }
  EXPECT_EQ(upload_target("i", "a b"), "/upload/i/a%20b");
  for (const auto* wrong : {"", "/", "/upload", "/upload/", "/upload/i", "/upload/i/", "/upload//n", "/upload/../n", "/upload/i.j/n", "/upload/i/%", "/upload/i/%4", "/upload/i/%zz", "/uploads/i/n"})
    EXPECT_FALSE(read_upload_target(wrong)) << wrong;
  EXPECT_FALSE(read_upload_target("/upload/" + std::string(65, 'i') + "/n"));
  EXPECT_FALSE(read_upload_target("/upload/i/" + std::string(256, 'n')));
}

TEST(Upload, FactsAreWrittenAndRead) {
  const upload_facts f{"<n> \xc3\xa8", "image/png", 7, "a12", base::from_milliseconds(1'700'000'000'123)};
  const auto back = read_upload_facts(encode(f));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, f);
  for (const auto* wrong : {"", "<file/>", "<file xmlns='urn:rookery:upload' octets='x' stored='2020-01-01T00:00:00Z'/>", "<file xmlns='urn:rookery:upload' octets='1'/>"})
    EXPECT_FALSE(read_upload_facts(wrong)) << wrong;
}

TEST(Upload, NothingRunsInABrowser) {
  struct row {
    const char *type, *told, *how;
  };
  for (const auto& r : {row{"image/jpeg", "image/jpeg", "inline"}, row{"IMAGE/PNG", "IMAGE/PNG", "inline"}, row{"video/mp4", "video/mp4", "inline"},
                        row{"audio/ogg", "audio/ogg", "inline"}, row{"text/plain;charset=utf-8", "text/plain;charset=utf-8", "inline"},
                        row{"application/pdf", "application/pdf", "attachment"}, row{"", "application/octet-stream", "attachment"},
                        row{"text/html", "application/octet-stream", "attachment"}, row{"Text/HTML; charset=x", "application/octet-stream", "attachment"},
                        row{"image/svg+xml", "application/octet-stream", "attachment"}, row{"application/xhtml+xml", "application/octet-stream", "attachment"},
                        row{"text/xml", "application/octet-stream", "attachment"}, row{"text/javascript", "application/octet-stream", "attachment"},
                        row{"application/javascript", "application/octet-stream", "attachment"}, row{"no type", "application/octet-stream", "attachment"}}) {
    const upload_facts f{"n", r.type, 1, "a1", {}};
    EXPECT_EQ(shown_type(f), r.told) << r.type;
    EXPECT_EQ(disposition(f), std::string(r.how) + "; filename=\"n\"; filename*=UTF-8''n") << r.type;
  }
  EXPECT_EQ(disposition({"a\"b;c \xc3\xa8.jpg", "image/jpeg", 1, "a1", {}}), "inline; filename=\"a_b_c __.jpg\"; filename*=UTF-8''a%22b%3Bc%20%C3%A8.jpg");
}

TEST(Upload, AnswersAreWritten) {
  auto iq = make_iq("get", "u");
  EXPECT_EQ(xml::to_text(upload_slot("https://x/upload/i/n?&")),
            "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://x/upload/i/n?&amp;'/><get url='https://x/upload/i/n?&amp;'/></slot>");
  EXPECT_NE(xml::to_text(upload_too_large(iq, 20)).find("<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>20</max-file-size></file-too-large>"), std::string::npos);
  EXPECT_NE(xml::to_text(upload_later(iq, "x", base::from_milliseconds(0))).find("<retry xmlns='urn:xmpp:http:upload:0' stamp='1970-01-01T00:00:00Z'/>"), std::string::npos);
  EXPECT_EQ(xml::to_text(upload_later(iq, "x", {})).find("<retry"), std::string::npos);
  const auto info = xml::to_text(upload_info(20));
  EXPECT_NE(info.find("<identity category='store' type='file'"), std::string::npos);
  EXPECT_NE(info.find("<feature var='urn:xmpp:http:upload:0'/>"), std::string::npos);
  EXPECT_NE(info.find("<value>20</value>"), std::string::npos);
}

} // namespace
} // namespace rookery::xmpp
