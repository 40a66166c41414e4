#include "actors/config/certificate_documents.hpp"

#include "actors/config/config_file.hpp"
#include "base/text.hpp"
#include "protocols/tls/certificate.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

const base::wall_time now = base::from_milliseconds(1'780'000'000'000);
const base::secret_box box{std::string(base::sealing_key_octets, 'k')}, other_box{std::string(base::sealing_key_octets, 'o')};

tls::pem_pair pair_for(const std::string& name) { return tls::make_self_signed({name}, now).value(); }

json::value patch_of(const tls::pem_pair& p) {
  json::value v{json::object{}};
  v.set("chain", p.certificates);
  v.set("key", p.key);
  return v;
}

dir::document document_of(const std::string& name, std::string content) {
  dir::document d;
  d.kind = dir::document_kind::certificate;
  d.key = name;
  d.version = 7;
  d.content = std::move(content);
  return d;
}

std::shared_ptr<const dir::config_table> table_of(const dir::document& d) {
  dir::config_table::editor e{dir::config_table{}};
  e.put(std::make_shared<dir::document>(d));
  return e.finish(7);
}

std::string refusal(const json::value& patch, const std::string& content = {}, const base::secret_box* secrets = &box) {
  const auto r = change_certificate("mail", content, patch, secrets);
  return r ? "" : r.error().client.value;
}

TEST(CertificateDocument, KeepsItsKeySealedForItsName) {
  const auto pair = pair_for("mail.example.org");
  const auto content = change_certificate("mail", {}, patch_of(pair), &box).value();
  EXPECT_EQ(content.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(content.find(pair.key.substr(40, 40)), std::string::npos);
  const auto r = read_certificate_document(document_of("mail", content)).value();
  EXPECT_EQ(r.chain, pair.certificates);
  EXPECT_EQ(open_certificate_key(r, box), pair.key);
  EXPECT_EQ(open_certificate_key(r, other_box), std::nullopt);
  EXPECT_EQ(open_certificate_key(read_certificate_document(document_of("web", content)).value(), box), std::nullopt) << "sealed for another name";
}

TEST(CertificateDocument, RefusesWhatDoesNotFit) {
  const auto pair = pair_for("mail.example.org"), other = pair_for("mail.example.org");
  const auto content = change_certificate("mail", {}, patch_of(pair), &box).value();
  const auto with = [&](const char* member, json::value v) {
    auto p = patch_of(pair);
    p.set(member, std::move(v));
    return p;
  };
  const auto only = [](const char* member, json::value v) {
    json::value p{json::object{}};
    p.set(member, std::move(v));
    return p;
  };
  EXPECT_NE(refusal(with("key", other.key)), "") << "not the chain's";
  EXPECT_NE(refusal(with("key", 7)), "");
  EXPECT_NE(refusal(with("key", "")), "");
  EXPECT_NE(refusal(with("key", std::string(key_octets_max + 1, 'x'))), "");
  EXPECT_NE(refusal(with("chain", "no certificate")), "");
  EXPECT_NE(refusal(with("chain", std::string(chain_octets_max + 1, 'x'))), "");
  EXPECT_NE(refusal(with("default", "yes")), "");
  EXPECT_NE(refusal(with("sealed_key", "AAAA")), "") << "only sealing makes one";
  EXPECT_NE(refusal(only("chain", pair.certificates)), "");
  EXPECT_NE(refusal(only("key", pair.key)), "");
  EXPECT_NE(refusal(only("chain", other.certificates), content), "") << "a chain without its key";
  EXPECT_NE(refusal(only("key", other.key), content), "");
  EXPECT_NE(refusal(json::value(json::object{})), "") << "nothing at all";
  EXPECT_NE(refusal(patch_of(pair), {}, nullptr), "") << "no sealing key";
}

TEST(CertificateDocument, ChangesWhatIsSaidOfItWithoutItsKey) {
  const auto pair = pair_for("mail.example.org");
  const auto content = change_certificate("mail", {}, patch_of(pair), &box).value();
  json::value patch{json::object{}};
  patch.set("default", true);
  const auto r = read_certificate_document(document_of("mail", change_certificate("mail", content, patch, &box).value())).value();
  EXPECT_TRUE(r.is_default);
  EXPECT_EQ(open_certificate_key(r, box), pair.key);
}

TEST(CertificateDocument, IsShownAsFacts) {
  const auto pair = pair_for("mail.example.org");
  const auto shown = show_certificate_document(document_of("mail", change_certificate("mail", {}, patch_of(pair), &box).value()));
  EXPECT_EQ(shown.get_string("sha256"), base::to_hex(tls::read_certificate(pair.certificates)->sha256));
  EXPECT_EQ(json::to_text(shown).find("sealed"), std::string::npos);
  EXPECT_EQ(json::to_text(shown).find("BEGIN"), std::string::npos);
}

TEST(CertificateDocument, DifferencesAndFilesHaveNoSecret) {
  const auto pair = pair_for("mail.example.org"), other = pair_for("mail.example.org");
  const auto content = change_certificate("mail", {}, patch_of(pair), &box).value(), next = change_certificate("mail", content, patch_of(other), &box).value();
  const auto sealed = std::string(json::parse(content)->get_string("sealed_key").value());
  const auto text = json::to_text(show_change({dir::document_kind::certificate, "mail", content, next}));
  EXPECT_NE(text.find(chain_label(pair.certificates)), std::string::npos) << text;
  EXPECT_NE(text.find(chain_label(other.certificates)), std::string::npos) << text;
  EXPECT_EQ(text.find("BEGIN"), std::string::npos) << text;
  EXPECT_EQ(text.find(sealed.substr(0, 20)), std::string::npos) << text;

  const auto table = table_of(document_of("mail", content));
  auto file = export_documents(*table, {});
  EXPECT_EQ(json::to_text(file).find(sealed.substr(0, 20)), std::string::npos);
  const auto same = plan_file(*table, file, false);
  ASSERT_TRUE(same) << same.error().log.value;
  EXPECT_TRUE(same->changes.empty());
  auto changed = json::parse(json::to_text(file)).value();
  for (auto& [member, documents] : *changed.as_object())
    if (member == "documents")
      for (auto& d : *documents.as_array())
        for (auto& [part, content_of] : *d.as_object())
          if (part == "content") content_of.set("chain", other.certificates);
  EXPECT_FALSE(plan_file(*table, changed, false)) << "the chain of another key";
  const dir::config_table empty;
  EXPECT_FALSE(plan_file(empty, file, false)) << "there is no key to be kept";
}

TEST(CertificateName, IsOneOfTheseOrNone) {
  EXPECT_EQ(canonical_certificate_name("Mail.Example.org"), "mail.example.org");
  for (const auto* bad : {"", "a/b", "a b", "*", "ä"}) EXPECT_EQ(canonical_certificate_name(bad), std::nullopt) << bad;
  EXPECT_TRUE(canonical_certificate_name(std::string(255, 'a')));
  EXPECT_FALSE(canonical_certificate_name(std::string(256, 'a')));
}

} // namespace
} // namespace rookery::config
