#include "server/certificates.hpp"

#include "actors/config/certificate_documents.hpp"
#include "protocols/tls/certificate.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <stdlib.h>

namespace rookery::server {
namespace {

namespace dir = storage::directory;

const base::wall_time now = base::system_clock().wall();
const base::secret_box box{std::string(base::sealing_key_octets, 'k')}, other_box{std::string(base::sealing_key_octets, 'o')};

/// A directory of its own, gone at the end.
struct place {
  std::string path;
  place() {
    char name[] = "/tmp/certificates_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~place() { std::filesystem::remove_all(path); }
};

class certificates_of_a_node : public ::testing::Test {
protected:
  certificate_entry file(const std::string& host, const std::string& name) {
    const auto pair = tls::make_self_signed({name}, now).value();
    const auto at = folder_.path + "/" + name;
    std::ofstream(at + ".crt") << pair.certificates;
    std::ofstream(at + ".key") << pair.key;
    prints_[tls::read_certificate(pair.certificates)->sha256] = name;
    return {host, at + ".crt", at + ".key"};
  }
  void document(const std::string& key, const std::vector<std::string>& names, bool is_default = false, const base::secret_box& with = box) {
    const auto pair = tls::make_self_signed(names, now).value();
    json::value patch{json::object{}};
    patch.set("chain", pair.certificates);
    patch.set("key", pair.key);
    patch.set("default", is_default);
    auto d = std::make_shared<dir::document>();
    d->kind = dir::document_kind::certificate;
    d->key = key;
    d->content = config::change_certificate(key, {}, patch, &with).value();
    prints_[tls::read_certificate(pair.certificates)->sha256] = key;
    dir::config_table::editor e(*table_);
    e.put(std::move(d));
    table_ = e.finish(table_->version() + 1);
  }
  /// Whose certificate a client gets that asks for this name; "" asks for none.
  std::string served(const std::string& name) const {
    const auto first = keys_.current();
    if (!first) return "none";
    const auto chosen = name.empty() || !first->chooser() ? nullptr : first->chooser()(name);
    const auto found = prints_.find((chosen ? chosen : first)->server_end_point());
    return found == prints_.end() ? "unknown" : found->second;
  }

  place folder_;
  certificates keys_;
  std::shared_ptr<const dir::config_table> table_ = std::make_shared<dir::config_table>();
  std::map<std::string, std::string> prints_; ///< of leaves, to what they are called here
};

TEST_F(certificates_of_a_node, FilesAloneServeTheirHosts) {
  EXPECT_EQ(served(""), "none");
  ASSERT_TRUE(keys_.load({file("", "first"), file("a.example", "second"), file("*.b.example", "third")}));
  EXPECT_EQ(served(""), "first");
  EXPECT_EQ(served("a.example"), "second");
  EXPECT_EQ(served("x.b.example"), "third");
  EXPECT_EQ(served("x.y.b.example"), "first") << "a wildcard is for one label";
}

TEST_F(certificates_of_a_node, DocumentsServeTheNamesInThemBeforeFiles) {
  ASSERT_TRUE(keys_.load({file("", "first"), file("a.example", "second")}));
  document("mail", {"a.example", "*.c.example"});
  EXPECT_TRUE(keys_.follow(*table_, box).empty());
  EXPECT_EQ(served(""), "first");
  EXPECT_EQ(served("a.example"), "mail");
  EXPECT_EQ(served("x.c.example"), "mail");
  document("all", {"first", "a.example"}, true);
  EXPECT_TRUE(keys_.follow(*table_, box).empty());
  EXPECT_EQ(served(""), "all");
  EXPECT_EQ(served("unknown.example"), "all");
  ASSERT_TRUE(keys_.load({file("", "fourth")})) << "read anew beside documents";
  EXPECT_EQ(served(""), "all");
  EXPECT_TRUE(keys_.follow(dir::config_table{}, box).empty());
  EXPECT_EQ(served(""), "fourth");
  EXPECT_EQ(served("a.example"), "fourth");
}

TEST_F(certificates_of_a_node, WhatCannotBeOpenedIsLeftOutAndNamed) {
  document("good", {"a.example"});
  document("strange", {"b.example"}, true, other_box);
  const auto faults = keys_.follow(*table_, box);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].find("certificate strange"), std::string::npos) << faults[0];
  EXPECT_EQ(served(""), "good") << "the only one there is";
}

TEST_F(certificates_of_a_node, AFileThatCannotBeReadLeavesWhatWasThere) {
  ASSERT_TRUE(keys_.load({file("", "first")}));
  EXPECT_FALSE(keys_.load({{"", folder_.path + "/missing.crt", folder_.path + "/missing.key"}}));
  EXPECT_EQ(served(""), "first");
}

} // namespace
} // namespace rookery::server
