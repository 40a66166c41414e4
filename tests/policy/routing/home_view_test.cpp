#include "policy/routing/home_view.hpp"
#include "tests/policy/routing/small_directory.hpp"

#include <gtest/gtest.h>

namespace rookery::routing {
namespace {

std::shared_ptr<const directory_view> directory() {
  directory_builder b{directory_view{}};
  b.put_domain(make_domain(1, "founded.test"));
  b.put_domain(make_domain(2, "second.test"));
  b.put_account(make_account(1, "ann@founded.test"));
  b.put_account(make_account(2, "bob@second.test"));
  b.put_account(make_account(3, "cem@second.test"));
  return b.finish(1);
}

std::shared_ptr<const chosen_homes> chosen() {
  return std::make_shared<const chosen_homes>(chosen_homes{{{"second.test", 6}}, {{base::account_id{3}, 8}}});
}

TEST(HomeView, alone_everything_is_here) {
  const auto d = directory();
  const home_view alone;
  for (const auto* name : {"ann@founded.test", "bob@second.test", "cem@second.test"}) {
    EXPECT_TRUE(alone.here(*d->account(name)));
    EXPECT_EQ(alone.volume_of(*d->account(name)), 0u);
    EXPECT_EQ(alone.place_of(*d->account(name)), nullptr);
  }
}

TEST(HomeView, the_account_counts_before_its_domain_before_the_smallest_volume) {
  const auto d = directory();
  const home_view view({{8, 8, 1, "c", false}, {4, 4, 1, "a", true}, {6, 4, 2, "a", true}}, chosen());
  EXPECT_EQ(view.volume_of(*d->account("ann@founded.test")), 4u);
  EXPECT_EQ(view.volume_of(*d->account("bob@second.test")), 6u);
  EXPECT_EQ(view.volume_of(*d->account("cem@second.test")), 8u);
  EXPECT_TRUE(view.here(*d->account("ann@founded.test")));
  EXPECT_TRUE(view.here(*d->account("bob@second.test"))); // taken over
  EXPECT_FALSE(view.here(*d->account("cem@second.test")));
  EXPECT_EQ(view.place_of(*d->account("cem@second.test"))->leader, 8u);
}

TEST(HomeView, an_account_whose_volume_is_gone_is_nowhere) {
  const auto d = directory();
  const home_view view({{4, 4, 1, "a", true}}, chosen());
  EXPECT_FALSE(view.here(*d->account("bob@second.test")));
  EXPECT_EQ(view.place_of(*d->account("bob@second.test")), nullptr);
  EXPECT_TRUE(view.here(*d->account("ann@founded.test")));
}

} // namespace
} // namespace rookery::routing
