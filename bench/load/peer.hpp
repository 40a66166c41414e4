/// Client connections for load makers: non-blocking, many in one thread, TLS if wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_st SSL;

namespace rookery::load {

/// One connection. What arrives is kept in `in` until the owner takes it.
class peer {
public:
  /// Connects at once (loopback does not wait), from `source` if given. Ends the program when it cannot.
  peer(const std::string& host, std::uint16_t port, bool tls, const std::string& source = {});
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  void send(std::string_view octets);
  /// Takes a line (without CRLF) from what has arrived.
  bool line(std::string& out);
  /// Sends, and waits for a line that begins with `until`. Ends the program after 10 s.
  void say_and_wait(const std::string& what, const std::string& until);
  /// Waits until something can be read or written, and does it. Ends the program after a minute.
  void wait();
  /// Reads and writes what is possible now.
  void move();

  int descriptor() const { return fd_; }
  bool closed() const { return closed_; }
  bool wants_write() const { return !out_.empty(); }
  std::string in;

private:
  void start_tls();
  int fd_ = -1;
  bool closed_ = false;
  SSL* ssl_ = nullptr;
  std::string out_;
};

/// As many open files as this process may have.
void raise_file_limit();

/// Waits for any of many peers.
class crowd {
public:
  crowd();
  ~crowd();
  void add(peer&, std::size_t number);
  /// Waits up to `milliseconds`; moves the octets of each that is ready and calls `ready(number)`.
  void wait(int milliseconds, const std::vector<std::unique_ptr<peer>>&, const std::function<void(std::size_t)>& ready);

private:
  int epoll_;
};

/// "--name value" and "--flag" of the command line.
class options {
public:
  options(int argc, char** argv) : all_(argv + 1, argv + argc) {}
  std::string text(const std::string& name, const std::string& otherwise) const;
  long number(const std::string& name, long otherwise) const;
  bool flag(const std::string& name) const;

private:
  std::vector<std::string> all_;
};

} // namespace rookery::load
