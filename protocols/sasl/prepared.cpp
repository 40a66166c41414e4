#include "protocols/sasl/prepared.hpp"

#include <unicode/ustring.h>
#include <unicode/usprep.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace rookery::sasl {

namespace {

/// ICU's profiles are immutable and may be used from every thread.
const UStringPrepProfile* profile() {
  static const UStringPrepProfile* const opened = [] {
    UErrorCode code = U_ZERO_ERROR;
    UStringPrepProfile* p = usprep_openByType(USPREP_RFC4013_SASLPREP, &code);
    return U_SUCCESS(code) ? p : nullptr;
  }();
  return opened;
}

} // namespace

std::string prepared(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii || text.size() > 4096 || profile() == nullptr) return std::string(text);
  UErrorCode code = U_ZERO_ERROR;
  std::vector<UChar> wide(text.size() + 1);
  std::int32_t length = 0;
  u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &code);
  if (U_FAILURE(code)) return std::string(text);
  // NFKC can make one character into eighteen.
  std::vector<UChar> out(static_cast<std::size_t>(length) * 18 + 1);
  const std::int32_t prepared_length = usprep_prepare(profile(), wide.data(), length, out.data(),
                                                      static_cast<std::int32_t>(out.size()), USPREP_DEFAULT, nullptr, &code);
  if (U_FAILURE(code)) return std::string(text);
  std::string octets(static_cast<std::size_t>(prepared_length) * 3 + 1, '\0');
  std::int32_t count = 0;
  u_strToUTF8(octets.data(), static_cast<std::int32_t>(octets.size()), &count, out.data(), prepared_length, &code);
  if (U_FAILURE(code)) return std::string(text);
  octets.resize(static_cast<std::size_t>(count));
  return octets;
}

} // namespace rookery::sasl
