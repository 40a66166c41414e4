/// Asks the administration over a small node; for its tests.
#pragma once

#include "actors/admin/admin_api.hpp"
#include "tests/actors/admin/small_node.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace rookery::admin {

namespace dir = storage::directory;

class administration : public ::testing::Test {
protected:
  administration() {
    ask("PUT", "/v1/settings/password.iterations", R"({"value":4096})");
    ask("POST", "/v1/domains", R"({"name":"Example.Test"})");
  }
  response ask(std::string method, std::string_view target, std::string_view body = {}) {
    request what;
    what.method = std::move(method);
    EXPECT_TRUE(parse_target(target, what));
    if (!body.empty()) what.body = json::parse(body).value();
    std::optional<response> got;
    handle(node_, std::move(what), [&](response r) {
      EXPECT_FALSE(got) << "answered twice";
      got = std::move(r);
    });
    EXPECT_TRUE(got) << "not answered";
    return got.value_or(response{});
  }
  static std::string text(const response& r) { return std::string(r.body.get_string("/error/text").value_or("")); }
  std::shared_ptr<small_node> node_ = std::make_shared<small_node>();
};

} // namespace rookery::admin
