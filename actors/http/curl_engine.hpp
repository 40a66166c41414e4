/// libcurl's transfers in one thread, behind plain values.
#pragma once

#include "actors/http/fetcher.hpp"

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rookery::actors {

class curl_engine {
public:
  struct job {
    http_fetch what;
    std::string ca_file;
    std::vector<std::string> resolved;      ///< "host:port:address,address"
    std::vector<std::string> connect_to;
    std::function<void(fetch_answer)> done; ///< in the engine's thread, once
  };
  curl_engine();
  /// What runs is given up without an answer.
  ~curl_engine();
  curl_engine(const curl_engine&) = delete;
  curl_engine& operator=(const curl_engine&) = delete;
  /// Any thread.
  void start(job);

private:
  struct transfer;
  void run();
  void begin(job);
  void collect();

  void* multi_ = nullptr;
  std::mutex lock_;
  std::vector<job> incoming_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<transfer>> running_; ///< of the thread
  std::thread thread_;
};

} // namespace rookery::actors
