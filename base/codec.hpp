/// Binary encoding of stored structures: little-endian integers, varints, counted octets.
///
/// Used for log commands and stored records. A reader never reads beyond its
/// input: after any failure `ok()` is false and every further read gives zero,
/// so that a caller checks once at the end.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rookery::base {

class encoder {
public:
  explicit encoder(std::string& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { raw(v); }
  void u32(std::uint32_t v) { raw(v); }
  void u64(std::uint64_t v) { raw(v); }
  void i64(std::int64_t v) { raw(static_cast<std::uint64_t>(v)); }
  /// Little-endian base-128.
  void varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_.push_back(static_cast<char>(v | 0x80));
    out_.push_back(static_cast<char>(v));
  }
  /// A varint count, then the octets.
  void bytes(std::string_view v) {
    varint(v.size());
    out_.append(v);
  }
  std::string& out() { return out_; }

private:
  template <class T>
  void raw(T v) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    char octets[sizeof v];
    std::memcpy(octets, &v, sizeof v);
    out_.append(octets, sizeof v);
  }
  std::string& out_;
};

class decoder {
public:
  explicit decoder(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return raw<std::uint8_t>(); }
  std::uint16_t u16() { return raw<std::uint16_t>(); }
  std::uint32_t u32() { return raw<std::uint32_t>(); }
  std::uint64_t u64() { return raw<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(raw<std::uint64_t>()); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto octet = u8();
      v |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
      if (octet < 0x80) return v;
    }
    ok_ = false;
    return 0;
  }
  /// A view into the input.
  std::string_view bytes() {
    const auto n = varint();
    if (!ok_ || n > in_.size()) {
      ok_ = false;
      return {};
    }
    const auto v = in_.substr(0, n);
    in_.remove_prefix(n);
    return v;
  }
  std::string_view rest() const { return in_; }
  bool ok() const { return ok_; }
  /// True when everything was read and nothing failed.
  bool done() const { return ok_ && in_.empty(); }

private:
  template <class T>
  T raw() {
    T v{};
    if (!ok_ || in_.size() < sizeof v) {
      ok_ = false;
      return T{};
    }
    std::memcpy(&v, in_.data(), sizeof v);
    in_.remove_prefix(sizeof v);
    return v;
  }
  std::string_view in_;
  bool ok_ = true;
};

} // namespace rookery::base
