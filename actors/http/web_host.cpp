#include "actors/http/web_host.hpp"

#include "base/metrics.hpp"

#include <limits>
#include <utility>

namespace rookery::actors {
namespace {

http::limits limits_for_strangers() {
  http::limits out;
  // Each task has its own bound.
  out.body_octets = std::numeric_limits<std::uint64_t>::max() / 2;
  out.requests = 100'000; // a client of BOSH makes many
  return out;
}

/// Of a body that nobody asked for: it is read over, so that the connection stays.
constexpr std::uint64_t unasked_octets_max = 64 * 1024;

class ready_answer final : public web_task {
public:
  explicit ready_answer(web_answer a) : answer_(std::move(a)) {}
  void begin(web_exchange& x) override { x.reply(std::move(answer_)); }
  std::uint64_t body_octets_max() const override { return unasked_octets_max; }

private:
  web_answer answer_;
};

/// Owns: the session and the task of the request in hand. Understands: nothing beyond the connection's own.
/// Ends with its connection.
class web_host final : public http_host, private web_exchange {
public:
  web_host(const base::clock& clock, std::shared_ptr<const web_parts> parts, const connection_facts& facts)
      : http_host(clock, facts, limits_for_strangers()), parts_(std::move(parts)) {}

  bool produce() override {
    past_.reset();
    if (!task_ || !streaming_) return false;
    const auto keep = task_;
    return keep->produce(*this);
  }
  base::const_bytes rest() const override { return session_.rest(); }
  void gone() override {
    task_.reset();
    past_.reset();
  }

private:
  // Whole requests go to the task piece by piece.
  void asked(http_call&) override {}

  void began(http_call& call) override {
    static auto& answered = base::counter_named("rookery_web_requests_total", "answer=\"found\"", "Requests to the public web service");
    static auto& unknown = base::counter_named("rookery_web_requests_total", "answer=\"not_found\"", "Requests to the public web service");
    call_ = &call;
    past_.reset();
    task_.reset();
    answering_ = true;
    streaming_ = false;
    came_ = 0;
    for (const auto& part : *parts_)
      if ((task_ = part(call))) {
        answered.add();
        if (call.length.value_or(0) > task_->body_octets_max()) return refuse_length();
        const auto keep = task_;
        return keep->begin(*this);
      }
    unknown.add();
    if (call.length.value_or(0) > unasked_octets_max) return refuse_length();
    reply({404, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}, "there is nothing here\n"});
  }
  void body(base::const_bytes octets) override {
    const auto keep = task_;
    if (!keep) return;
    came_ += octets.size();
    if (came_ > keep->body_octets_max()) return refuse_length();
    keep->body(*this, octets);
  }
  void body_over() override {
    if (const auto keep = task_) keep->body_over(*this);
  }
  void over() override { finish(); }

  void refuse_length() {
    reply({413, open_to_all({{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}), "too large\n"});
  }
  /// A task is in the middle of one of its functions: it is let go later.
  void finish() {
    answering_ = streaming_ = false;
    past_ = std::move(task_);
    task_.reset();
  }

  const http_call& call() const override { return *call_; }
  const connection_facts& peer() const override { return session_.facts(); }
  net::connection& connection() override { return link(); }
  void reply(web_answer a) override {
    if (!answering_ || streaming_) return;
    http_host::reply(a.status, std::move(a.fields), a.body);
    finish();
  }
  void begin(std::uint16_t status, http::field_list fields, std::optional<std::uint64_t> length) override {
    if (!answering_ || streaming_) return;
    streaming_ = true;
    session_.begin_response(status, dated(std::move(fields)), length);
  }
  void write(base::const_bytes octets) override {
    if (streaming_) session_.write_body(octets);
  }
  void end() override {
    if (!streaming_) return;
    session_.end_response();
    finish();
  }
  void hold_body(bool held) override { session_.hold_body(held); }
  bool may_upgrade() const override { return session_.may_upgrade(); }
  void upgrade(http::field_list fields, std::unique_ptr<net::protocol> next) override {
    session_.upgrade(fields);
    link().turn_over(std::move(next));
    finish();
  }

  // `begin` of a protocol and of an exchange have one name.
  using http_host::begin;

  std::shared_ptr<const web_parts> parts_;
  const http_call* call_ = nullptr;
  std::shared_ptr<web_task> task_, past_;
  std::uint64_t came_ = 0;   ///< octets of the body
  bool streaming_ = false;
};

} // namespace

web_part reading_part(web_reader read) {
  return [read = std::move(read)](const http_call& call) -> std::shared_ptr<web_task> {
    auto answer = read(call);
    return answer ? std::make_shared<ready_answer>(std::move(*answer)) : nullptr;
  };
}

http::field_list open_to_all(http::field_list fields) {
  fields.push_back({"Access-Control-Allow-Origin", "*"});
  return fields;
}

web_answer preflight(std::string methods) {
  return {204, open_to_all({{"Access-Control-Allow-Methods", std::move(methods)},
                            {"Access-Control-Allow-Headers", "Content-Type, Content-Length, Authorization, X-Requested-With"},
                            {"Access-Control-Max-Age", "86400"}}), {}};
}

std::unique_ptr<net::protocol> make_web_host(const base::clock& clock, std::shared_ptr<const web_parts> parts, const connection_facts& facts) {
  return std::make_unique<web_host>(clock, std::move(parts), facts);
}

} // namespace rookery::actors
