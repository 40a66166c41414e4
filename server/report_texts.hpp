/// The operator's texts of delivery reports: files in the folder `templates` of the data directory.
#pragma once

#include "protocols/smtp/dsn/text_book.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::server {

struct report_texts {
  std::shared_ptr<const smtp::dsn::text_book> texts; ///< never null
  std::vector<std::string> faults;                   ///< of files that are not in it, each with its name
};
/// Reads the folder; no folder is no fault. Files whose name begins with a dot are left alone.
report_texts load_report_texts(const std::string& data_directory);

} // namespace rookery::server
