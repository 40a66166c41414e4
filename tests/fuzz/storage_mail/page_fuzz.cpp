// Rows of pages and records: damage is refused, never read out of bounds. The first octet chooses.
#include "base/check.hpp"
#include "storage/mail/page_rows.hpp"
#include "storage/mail/records.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage::mail;
  if (size == 0) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 8) {
    case 0: {
      page p;
      const auto covered = read_hot(octets, p);
      page again;
      if (read_hot(encode_hot(p, covered), again) != covered || again.uid != p.uid || again.flags != p.flags) std::abort();
      break;
    }
    case 1: read_statics(octets, *empty_statics()); break;
    case 2: {
      text_rows rows;
      read_text(octets, rows);
      for (std::uint32_t slot = 0; slot < page_slots; ++slot) (void)rows.row(slot);
      break;
    }
    case 3:
      for (const auto cold : read_run(octets).cold)
        for (std::size_t i = 0; i < text_column_count; ++i) (void)cold_row(cold).text(static_cast<text_column>(i));
      break;
    case 4: (void)read_mailbox_record(octets); break;
    case 5: (void)read_account_record(octets); break;
    case 6: (void)read_ranges(octets); break;
    default: (void)read_body_row(octets); break;
    }
  } catch (const rookery::base::broken&) {
  }
  return 0;
}
