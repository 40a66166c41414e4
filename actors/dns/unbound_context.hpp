/// libunbound behind a face of ours: questions go in from any thread, answers come out in a
/// thread of its own.
#pragma once

#include "actors/dns/resolver_actor.hpp"
#include "base/result.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

struct ub_ctx;
struct ub_result;

namespace rookery::actors {

class unbound_context {
public:
  using answered = std::function<void(dns::answer)>;

  /// Fails when a setting makes no sense to libunbound: which one is in the log text.
  static base::result<std::unique_ptr<unbound_context>> open(const resolver_settings&);
  /// Waits for its threads; what is under way is not answered.
  ~unbound_context();
  unbound_context(const unbound_context&) = delete;
  unbound_context& operator=(const unbound_context&) = delete;

  /// `then` is called once, in the thread of this context. False, and it is not called: it could not be asked.
  bool ask(const std::string& name, dns::record_type, answered then);

private:
  struct question;
  unbound_context() = default;
  void run();
  void forget(question*);

  ub_ctx* context_ = nullptr;
  int stop_ = -1;                       ///< readable when the thread is to end
  std::thread thread_;
  std::mutex lock_;
  std::unordered_set<question*> open_;  ///< not answered yet
};

} // namespace rookery::actors
