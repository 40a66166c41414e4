#include "actors/config/sealed_members.hpp"

#include "policy/collection/collection_record.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/json/value.hpp"

#include <gtest/gtest.h>

namespace rookery::config {
namespace {

namespace dir = storage::directory;

const base::sealing_key first{std::string(32, 'a'), false}, second{std::string(32, 'b'), true}, third{std::string(32, 'c'), true};
const auto before_ = base::make_secret_box({first}), now_ = base::make_secret_box({second, first}), other_ = base::make_secret_box({third});
const auto &before = *before_, &now = *now_, &other = *other_;

std::string sealed(const base::secret_box& box, std::string_view secret, std::string_view purpose) { return encoding::base64_encode(box.seal(secret, purpose)); }

dir::document document(std::string key, std::string content) {
  dir::document d;
  d.key = std::move(key);
  d.content = std::move(content);
  return d;
}

std::string member(const std::string& name, const std::string& text) { return "{\"" + name + "\":\"" + text + "\"}"; }

std::optional<std::string> opened(const base::secret_box& box, const std::string& content, std::string_view path, std::string_view purpose) {
  const auto v = json::parse(content);
  const auto text = v ? v->get_string(path) : std::nullopt;
  return text ? box.open(encoding::base64_decode(*text).value_or(""), purpose) : std::nullopt;
}

TEST(SealedMembers, AreSealedAnewForWhatTheyWere) {
  const auto made_new = base::make_secret_box({second});
  const auto& only_new = *made_new;
  const struct {
    const char* member;
    std::string purpose;
  } cases[] = {{"sealed_password", std::string(delivery::password_purpose)}, {"sealed_password", std::string(collection::password_purpose)},
               {"sealed_key", certificate_key_purpose("mail")}, {"authority_key", std::string(authority_purpose)}};
  for (const auto& c : cases) {
    const auto d = document("mail", member(c.member, sealed(before, "secret", c.purpose)));
    const auto made = sealed_anew(d, now);
    ASSERT_EQ(made.state, sealed_state::old) << c.purpose;
    EXPECT_EQ(opened(only_new, made.content, c.member, c.purpose), "secret");
    EXPECT_FALSE(opened(before, made.content, c.member, c.purpose)) << "who has the old key alone";
    EXPECT_EQ(sealed_anew(document("mail", made.content), now).state, sealed_state::settled) << "once";
  }
}

TEST(SealedMembers, AreFoundInAnyDepthAndNothingElseIsChanged) {
  const auto d = document("u1@example.test", R"({"z":1,"forward":{"host":"h","sealed_password":")" + sealed(before, "p", delivery::password_purpose) + R"("},"list":[{"sealed_password":")" +
                                                 sealed(before, "q", delivery::password_purpose) + R"("},7,null],"a":"sealed_password"})");
  const auto made = sealed_anew(d, now);
  ASSERT_EQ(made.state, sealed_state::old);
  EXPECT_EQ(opened(now, made.content, "/forward/sealed_password", delivery::password_purpose), "p");
  EXPECT_EQ(opened(now, made.content, "/list/0/sealed_password", delivery::password_purpose), "q");
  auto was = json::parse(d.content).value(), is = json::parse(made.content).value();
  for (auto* v : {&was, &is}) {
    v->as_object()->find("forward")->as_object()->erase("sealed_password");
    v->as_object()->find("list")->as_array()->front().as_object()->erase("sealed_password");
  }
  EXPECT_EQ(was, is);
}

TEST(SealedMembers, ThatCannotBeOpenedStay) {
  const auto text = member("sealed_password", sealed(other, "secret", delivery::password_purpose));
  EXPECT_EQ(sealed_anew(document("x", text), now).state, sealed_state::unreadable);
  EXPECT_EQ(sealed_anew(document("x", member("sealed_key", sealed(before, "secret", certificate_key_purpose("mail")))), now).state, sealed_state::unreadable) << "of another document";
  for (const std::string& nothing : {std::string("{}"), std::string("no JSON sealed_key"), member("sealed_key", ""), member("sealed_key", "!"), std::string(R"({"sealed_key":7})"), std::string()})
    EXPECT_EQ(sealed_anew(document("x", nothing), now).state, sealed_state::settled) << nothing;
}

} // namespace
} // namespace rookery::config
