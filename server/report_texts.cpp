#include "server/report_texts.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace rookery::server {

report_texts load_report_texts(const std::string& data_directory) {
  namespace fs = std::filesystem;
  report_texts out;
  auto book = std::make_shared<smtp::dsn::text_book>();
  const auto folder = fs::path(data_directory) / "templates";
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().filename().native().starts_with('.')) continue;
    files.push_back(at->path());
    if (files.size() > smtp::dsn::text_files_max) {
      out.faults.push_back(folder.native() + ": there are too many files");
      break;
    }
  }
  if (failed && failed != std::errc::no_such_file_or_directory) out.faults.push_back(folder.native() + ": " + failed.message());
  std::sort(files.begin(), files.end()); // which of two that name the same counts is no accident
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text(mime::template_octets_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad() || (text.empty() && !in.eof())) {
      out.faults.push_back(file.native() + ": it cannot be read");
      continue;
    }
    if (const auto taken = book->put(file.filename().native(), text); !taken) out.faults.push_back(file.native() + ": " + taken.error());
  }
  out.texts = std::move(book);
  return out;
}

} // namespace rookery::server
