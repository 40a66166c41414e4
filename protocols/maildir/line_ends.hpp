/// Line ends of a message's file: mostly LF, while mail here has CRLF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::maildir {

/// A file whose first line ends with CRLF is taken as it is; else LF becomes CRLF where no CR is.
class to_mail {
public:
  /// Appends to `out`.
  void add(std::string& out, std::string_view octets);

private:
  bool decided_ = false, as_it_is_ = false, last_cr_ = false;
};

/// CRLF becomes LF; of several CR before an LF all stay, so that `to_mail` gives the same mail again.
class to_file {
public:
  void add(std::string& out, std::string_view octets);
  void end(std::string& out);

private:
  std::uint64_t cr_ = 0; ///< that are held
};

} // namespace rookery::maildir
