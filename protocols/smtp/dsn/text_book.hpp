/// The texts of reports: an operator's files before the built-in ones.
///
/// A file is called ACTION.LANGUAGE.txt ("failed.en.txt"); its form: protocols/mime/text_template.hpp. A value.
#pragma once

#include "base/result.hpp"
#include "protocols/smtp/dsn/report.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::smtp::dsn {

inline constexpr std::size_t text_files_max = 200;
/// Texts in one report; further languages are left out.
inline constexpr std::size_t report_languages_max = 5;

class text_book {
public:
  /// The error says what is wrong with the file, for the operator; then the book stays as it was.
  base::result<void, std::string> put(std::string_view file_name, std::string_view content);
  std::size_t size() const noexcept { return texts_.size(); }

  struct chosen {
    std::vector<mime::text_template> texts;   ///< at least one
    std::vector<std::string_view> languages;  ///< of each; views into `wanted`
  };
  /// What a report of this gravity says. `wanted`: languages parted by spaces; those without a text are left
  /// out, and when none has one it is English.
  chosen choose(action, std::string_view wanted) const;

private:
  const mime::text_template* find(action, std::string_view language) const;
  std::map<std::pair<action, std::string>, mime::text_template> texts_;
};

/// In words, for the operator.
std::string_view describe(mime::template_fault) noexcept;

} // namespace rookery::smtp::dsn
