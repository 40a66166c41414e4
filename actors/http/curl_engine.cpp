#include "actors/http/curl_engine.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <curl/curl.h>

namespace rookery::actors {
namespace {

/// libcurl wakes for its own timers before that.
constexpr int idle_milliseconds = 600'000;

fetch_failure kind_of(CURLcode code) {
  switch (code) {
  case CURLE_OK: return fetch_failure::none;
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_URL_MALFORMAT: return fetch_failure::url;
  case CURLE_COULDNT_RESOLVE_HOST: return fetch_failure::name;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR: return fetch_failure::certificate;
  case CURLE_FILESIZE_EXCEEDED:
  case CURLE_WRITE_ERROR: return fetch_failure::too_large;
  default: return fetch_failure::connection;
  }
}

curl_slist* list_of(const std::vector<std::string>& lines) {
  curl_slist* out = nullptr;
  for (const auto& line : lines) out = curl_slist_append(out, line.c_str());
  return out;
}

} // namespace

struct curl_engine::transfer {
  job of;
  fetch_answer answer;
  CURL* easy = nullptr;
  curl_slist *resolve = nullptr, *connect_to = nullptr, *fields = nullptr;
  char fault[CURL_ERROR_SIZE] = {};

  explicit transfer(job j) : of(std::move(j)), easy(curl_easy_init()) { base::check(easy != nullptr, "a transfer can be made"); }
  ~transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(resolve);
    curl_slist_free_all(connect_to);
    curl_slist_free_all(fields);
  }
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  static std::size_t take(char* octets, std::size_t, std::size_t size, void* to) {
    auto& self = *static_cast<transfer*>(to);
    if (self.answer.body.size() + size > self.of.what.octets_max) return 0; // becomes CURLE_WRITE_ERROR
    self.answer.body.append(octets, size);
    return size;
  }
};

curl_engine::curl_engine() {
  static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = begun == CURLE_OK ? curl_multi_init() : nullptr;
  base::check(multi_ != nullptr, "libcurl can be started");
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_MAXCONNECTS, 0L); // nothing is kept open for later
  thread_ = std::thread([this] { run(); });
}

curl_engine::~curl_engine() {
  {
    const std::lock_guard hold(lock_);
    stopping_ = true;
  }
  curl_multi_wakeup(static_cast<CURLM*>(multi_));
  thread_.join();
  for (const auto& t : running_) curl_multi_remove_handle(static_cast<CURLM*>(multi_), t->easy);
  running_.clear();
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void curl_engine::start(job j) {
  {
    const std::lock_guard hold(lock_);
    incoming_.push_back(std::move(j));
  }
  curl_multi_wakeup(static_cast<CURLM*>(multi_));
}

void curl_engine::run() {
  auto* multi = static_cast<CURLM*>(multi_);
  while (true) {
    std::vector<job> fresh;
    {
      const std::lock_guard hold(lock_);
      if (stopping_) return;
      fresh.swap(incoming_);
    }
    for (auto& j : fresh) begin(std::move(j));
    int busy = 0;
    curl_multi_perform(multi, &busy);
    collect();
    curl_multi_poll(multi, nullptr, 0, idle_milliseconds, nullptr);
  }
}

void curl_engine::begin(job j) {
  auto made = std::make_unique<transfer>(std::move(j));
  auto* e = made->easy;
  auto& what = made->of.what;
  curl_easy_setopt(e, CURLOPT_PRIVATE, made.get());
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, made->fault);
  curl_easy_setopt(e, CURLOPT_URL, what.url.c_str());
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_PROXY, "");
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_USERAGENT, "Rookery");
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(e, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(e, CURLOPT_CAINFO, made->of.ca_file.c_str());
  curl_easy_setopt(e, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, static_cast<long>(what.time.count()));
  curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(what.octets_max));
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, transfer::take);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, made.get());
  made->resolve = list_of(made->of.resolved);
  made->connect_to = list_of(made->of.connect_to);
  curl_easy_setopt(e, CURLOPT_RESOLVE, made->resolve);
  curl_easy_setopt(e, CURLOPT_CONNECT_TO, made->connect_to);
  if (!what.body.empty()) {
    made->fields = curl_slist_append(nullptr, ("Content-Type: " + what.content_type).c_str());
    made->fields = curl_slist_append(made->fields, "Expect:");
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, made->fields);
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, what.body.data());
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
  }
  curl_multi_add_handle(static_cast<CURLM*>(multi_), e);
  running_.push_back(std::move(made));
}

void curl_engine::collect() {
  auto* multi = static_cast<CURLM*>(multi_);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto* easy = message->easy_handle;
    const auto code = message->data.result;
    transfer* t = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
    curl_multi_remove_handle(multi, easy);
    auto& answer = t->answer;
    answer.failure = kind_of(code);
    if (code != CURLE_OK) {
      answer.text = base::printable(t->fault[0] != '\0' ? t->fault : curl_easy_strerror(code));
      answer.body.clear();
    } else {
      long status = 0;
      const char* type = nullptr;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
      answer.status = static_cast<std::uint16_t>(status);
      answer.content_type = type != nullptr ? type : "";
    }
    t->of.done(std::move(answer));
    std::erase_if(running_, [t](const auto& one) { return one.get() == t; });
  }
}

} // namespace rookery::actors
