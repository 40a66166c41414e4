/// CRC-32C (Castagnoli): the checksum of log records.
/// Source: RFC 3720 Appendix B.4 (polynomial 0x1EDC6F41, reflected).
#pragma once

#include <cstdint>
#include <string_view>

namespace rookery::base {

/// Continues `crc` (0 to begin) over `octets`. Uses SSE 4.2 where the machine has it.
std::uint32_t crc32c(std::string_view octets, std::uint32_t crc = 0) noexcept;

} // namespace rookery::base
