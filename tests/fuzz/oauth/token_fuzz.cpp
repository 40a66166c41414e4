/// Any token, any claims, any keys: never taken but with all that the rules ask for.
#include "protocols/oauth/access_token.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const oauth::token_rules rules{"issuer", "mail", "email", (data[0] & 4) != 0 ? "all" : ""};
  const base::wall_time now{std::chrono::seconds(1'800'000'000)};
  switch (data[0] & 3) {
  case 0:
    if (oauth::judge(input, {}, rules, now).fault == oauth::token_fault::none) std::abort(); // nobody has signed it
    break;
  case 1: {
    const auto v = oauth::judge_claims(input, rules, now);
    if ((v.fault == oauth::token_fault::none) == v.user.empty()) std::abort();
    break;
  }
  default:
    if (const auto keys = base::public_key::read_all(input)) {
      if (keys->empty()) std::abort();
      for (const auto& k : *keys)
        if (k.verifies("octets", input.substr(0, 64))) std::abort();
    }
  }
  return 0;
}
