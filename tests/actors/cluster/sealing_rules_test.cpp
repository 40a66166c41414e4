#include "actors/cluster/sealing_rules.hpp"

#include "base/crypto/public_box.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

using kind = sealing_step::kind;

const base::sealing_key first{std::string(32, 'a'), false}, second{std::string(32, 'b'), true};
const base::box_keys one = base::make_box_keys(), two = base::make_box_keys(), three = base::make_box_keys();
const std::map<std::string, std::string> all{{"n1", one.public_key}, {"n2", two.public_key}, {"n3", three.public_key}}, left{{"n1", one.public_key}, {"n2", two.public_key}};

std::string id(const base::sealing_key& k) { return base::key_id(k.key); }

sealing_node node(const std::string& uuid, const base::sealing_key& newest = first, bool linked = true) { return {uuid, "name-" + uuid, std::string(64, '0'), linked, id(newest)}; }

agreed_sealing of(std::vector<agreed_key> keys, const base::sealing_key& sealing) { return {id(sealing), std::move(keys)}; }

sealing_step step(std::optional<agreed_sealing> a, std::vector<sealing_node> nodes, bool sealed_otherwise = false, base::wall_time now = base::from_milliseconds(1'000'000)) {
  return next_sealing_step({std::move(a), std::move(nodes), sealed_otherwise, now});
}

TEST(SealingRules, BeginWhenAllHaveToldTheirKeys) {
  EXPECT_EQ(step({}, {node("n1"), node("n2")}).what, kind::begin);
  auto silent = node("n2");
  silent.box.clear();
  const auto waits = step({}, {node("n1"), silent});
  EXPECT_EQ(waits.what, kind::wait);
  EXPECT_EQ(waits.whom, "name-n2");
}

TEST(SealingRules, RestWhileNobodyComesOrGoes) {
  const auto a = of({boxed(first, all)}, first);
  EXPECT_EQ(step(a, {node("n1"), node("n2"), node("n3", second, false)}).what, kind::nothing);
}

TEST(SealingRules, GiveTheKeysToWhoComes) {
  const auto a = of({boxed(first, left)}, first);
  EXPECT_EQ(step(a, {node("n1"), node("n2"), node("n3")}).what, kind::give);
  auto silent = node("n3");
  silent.box.clear();
  EXPECT_EQ(step(a, {node("n1"), node("n2"), silent}).what, kind::nothing) << "nothing can be sealed for it yet";
}

TEST(SealingRules, AnotherKeyIsMadeGivenAndUsedWhenSomebodyHasGone) {
  auto a = of({boxed(first, all)}, first);
  EXPECT_EQ(step(a, {node("n1"), node("n2")}).what, kind::make);
  auto silent = node("n2");
  silent.box.clear();
  EXPECT_EQ(step(a, {node("n1"), silent}).whom, "name-n2") << "it would be without";
  a.keys.insert(a.keys.begin(), boxed(second, left));
  const auto waits = step(a, {node("n1", second), node("n2", first)});
  EXPECT_EQ(waits.what, kind::wait);
  EXPECT_EQ(waits.whom, "name-n2");
  EXPECT_EQ(step(a, {node("n1", second), node("n2", first, false)}).what, kind::turn) << "who is away takes it when it is back";
  EXPECT_EQ(step(a, {node("n1", second), node("n2", second)}).what, kind::turn);
  EXPECT_EQ(step(a, {node("n1", second)}).what, kind::make) << "one more has gone meanwhile";
}

TEST(SealingRules, OldKeysGoLongAfterNothingIsSealedWithThem) {
  const std::vector<sealing_node> nodes{node("n1", second), node("n2", second)};
  auto a = of({boxed(second, left), boxed(first, left)}, second);
  EXPECT_EQ(step(a, nodes, true).what, kind::seal_anew);
  const auto retired = step(a, nodes);
  EXPECT_EQ(retired.what, kind::retire);
  EXPECT_EQ(retired.ids, std::set<std::string>{id(first)});
  const auto at = base::from_milliseconds(5000);
  a.keys[1].unused = at;
  EXPECT_EQ(step(a, nodes, false, at + retired_key_life - std::chrono::seconds(1)).what, kind::nothing);
  const auto gone = step(a, nodes, false, at + retired_key_life);
  EXPECT_EQ(gone.what, kind::forget);
  EXPECT_EQ(gone.ids, std::set<std::string>{id(first)});
  EXPECT_EQ(step(a, nodes, true, at + retired_key_life).what, kind::seal_anew) << "an older picture came back";
}

TEST(SealingRules, ManyChangesInAShortTimeForgetTheOldest) {
  std::vector<agreed_key> keys;
  for (std::size_t i = 0; i < agreed_keys_max; ++i) {
    keys.push_back(boxed({std::string(32, static_cast<char>(i)), true}, left));
    keys.back().unused = base::from_milliseconds(1000);
  }
  const base::sealing_key newest{std::string(32, '\0'), true};
  const auto s = step(agreed_sealing{id(newest), keys}, {node("n1", newest), node("n2", newest)}, false, base::from_milliseconds(2000));
  EXPECT_EQ(s.what, kind::forget);
  EXPECT_EQ(s.ids, std::set<std::string>{keys.back().id});
}

TEST(SealingKeys, AreTakenByThoseTheyAreFor) {
  const auto a = of({boxed(second, left), boxed(first, all)}, second);
  const auto mine = followed_keys(a, {first}, "n2", two.private_key);
  ASSERT_TRUE(mine);
  EXPECT_EQ(*mine, (base::sealing_keys{second, first}));
  EXPECT_FALSE(followed_keys(a, {first}, "n3", three.private_key)) << "it was removed before";
  EXPECT_FALSE(followed_keys(a, {first}, "n1", two.private_key)) << "a key of another node";
  EXPECT_FALSE(followed_keys(a, {first}, "n2", "")) << "none";
  EXPECT_EQ(followed_keys(a, {second, first}, "n2", ""), mine) << "what it has needs no box";
  EXPECT_EQ(followed_keys(of(a.keys, first), {first}, "n2", two.private_key), (base::sealing_keys{first, second})) << "the agreed one seals";
  EXPECT_EQ(followed_keys(of({a.keys[0]}, second), {second, first}, "n2", ""), base::sealing_keys{second}) << "what is forgotten goes";
}

TEST(SealingKeys, ThatAreNotWhatTheySayAreNotTaken) {
  auto a = of({boxed(second, left), boxed(first, all)}, second);
  auto swapped = boxed({std::string(32, 'x'), true}, left);
  // A box that holds another key than the one that was agreed on, under its name.
  a.keys[0].boxes["n2"] = *base::seal_for(two.public_key, std::string(32, 'x'), box_purpose(id(second), "n2"));
  EXPECT_FALSE(followed_keys(a, {first}, "n2", two.private_key));
  a.keys[0].boxes["n2"] = *base::seal_for(two.public_key, "short", box_purpose(id(second), "n2"));
  EXPECT_FALSE(followed_keys(a, {first}, "n2", two.private_key));
  a.keys[0].boxes["n2"] = swapped.boxes["n2"];
  EXPECT_FALSE(followed_keys(a, {first}, "n2", two.private_key)) << "a box of another key";
  a.keys[0].boxes["n2"] = boxed(second, left).boxes["n2"].substr(0, 60);
  EXPECT_FALSE(followed_keys(a, {first}, "n2", two.private_key)) << "cut";
}

TEST(SealingDocument, IsReadAsItWasPrinted) {
  auto a = of({boxed(second, left), boxed(first, all)}, first);
  a.keys[1].unused = base::from_milliseconds(123);
  EXPECT_EQ(read_sealing(print(a)), a);
  EXPECT_EQ(print(a).find(base::to_hex(first.key)), std::string::npos);
  const std::string key = R"({"id":"0011223344556677","boxes":{}})";
  EXPECT_TRUE(read_sealing(R"({"sealing":"0011223344556677","keys":[)" + key + "]}"));
  for (const auto& wrong : {std::string(), std::string("{}"), std::string(R"({"sealing":"0011223344556677","keys":[]})"), R"({"sealing":"0011223344556678","keys":[)" + key + "]}",
                            R"({"sealing":"0011223344556677","keys":[)" + key + "," + key + "]}", std::string(R"({"sealing":"0011223344556677","keys":[{"id":"0011223344556677"}]})"),
                            std::string(R"({"sealing":"0011223344556677","keys":[{"id":"0011223344556677","boxes":{"n":7}}]})"), std::string(R"({"sealing":"0011223344556677","keys":[{"id":"0011223344556677","boxes":{"n":"!"}}]})"),
                            std::string(R"({"sealing":"00","keys":[{"id":"00","boxes":{}}]})")})
    EXPECT_FALSE(read_sealing(wrong)) << wrong;
}

} // namespace
} // namespace rookery::actors
