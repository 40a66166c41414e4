#include "protocols/mime/seven_bit.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/mime/header.hpp"

#include <algorithm>
#include <array>

namespace rookery::mime {

namespace {

/// RFC 5321 §4.5.3.1.6, without CRLF.
constexpr std::uint64_t line_octets_max = 998;
constexpr std::string_view encoding_field = "Content-Transfer-Encoding";
/// 57 octets make one line of base64.
constexpr std::size_t base64_line_octets = 57;

constexpr bool eight_bit(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

constexpr auto plain_octets = [] {
  std::array<bool, 256> t{};
  for (std::size_t i = 1; i < 0x80; ++i) t[i] = i != '\r' && i != '\n';
  return t;
}();

bool may_be_encoded(std::string_view type) {
  return !type.starts_with("multipart/") && type != "message/rfc822" && type != "message/partial" && type != "message/external-body";
}

} // namespace

seven_bit_survey::seven_bit_survey(const limits& l) : limit_(l), scanner_(l) {}

void seven_bit_survey::feed(base::const_bytes octets) {
  scanner_.feed(octets);
  for (const char c : octets) {
    const auto column = at_ - line_begin_;
    if (last_ == '\r' && c != '\n') ++line_count_; // alone
    if (plain_octets[static_cast<unsigned char>(c)]) [[likely]] {
      if (column >= line_octets_max) ++line_count_;
      if (c == '-' && column == line_dashes_ && column < 2) ++line_dashes_;
      ++at_;
    } else if (c == '\n') {
      if (last_ != '\r') ++line_count_;
      ++at_;
      end_line();
    } else {
      if (c != '\r') ++line_count_;
      ++at_;
    }
    last_ = c;
  }
}

void seven_bit_survey::end_line() {
  if (line_count_ > 0) {
    if (!runs_.empty() && runs_.back().end == line_begin_) {
      runs_.back().end = at_;
      runs_.back().count += line_count_;
    } else {
      if (runs_.size() >= trouble_runs_max) merge_runs();
      runs_.push_back({line_begin_, at_, line_count_, dashes_});
    }
    dashes_ = false;
  } else if (line_dashes_ == 2) {
    dashes_ = true;
  }
  line_begin_ = at_;
  line_count_ = 0;
  line_dashes_ = 0;
}

/// Two neighbours become one where they are surely of the same body.
void seven_bit_survey::merge_runs() {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < runs_.size(); ++i) {
    if (!runs_[i].dashes && i % 2 == 1) {
      runs_[kept].end = runs_[i].end;
      runs_[kept].count += runs_[i].count;
    } else {
      runs_[++kept] = runs_[i];
    }
  }
  runs_.resize(kept + 1);
  if (runs_.size() > trouble_runs_max * 3 / 4) refuse(seven_bit_verdict::too_complex), runs_.resize(1);
}

seven_bit_survey::trouble seven_bit_survey::between(std::uint64_t begin, std::uint64_t end) const {
  trouble t;
  auto r = std::partition_point(runs_.begin(), runs_.end(), [&](const run& one) { return one.end <= begin; });
  for (; r != runs_.end() && r->begin < end; ++r) {
    t.any = true;
    t.count += r->count;
  }
  return t;
}

void seven_bit_survey::refuse(seven_bit_verdict v) {
  if (verdict_ == seven_bit_verdict::clean || verdict_ == seven_bit_verdict::convertible) verdict_ = v;
}

void seven_bit_survey::finish() {
  if (last_ == '\r') ++line_count_;
  end_line();
  scanner_.finish();
  estimate_ = at_ + 200;
  plan_.push_back({});
  plan(0, false);
}

void seven_bit_survey::plan_leaf(std::size_t index) {
  const auto& p = scanner_.parts()[index];
  auto& header = plan_.back();
  const auto found = between(p.body_offset, p.body_offset + p.body_octets);
  const bool labelled = p.encoding == transfer_encoding::seven_bit || p.encoding == transfer_encoding::eight_bit ||
                        p.encoding == transfer_encoding::binary;
  what action = what::copy;
  if (!found.any) {
    if (labelled && p.encoding != transfer_encoding::seven_bit) header.encoding = "7bit";
  } else if (!labelled) {
    if (p.encoding == transfer_encoding::unknown || p.encoding == transfer_encoding::uuencode) return refuse(seven_bit_verdict::unknown_encoding);
    action = p.encoding == transfer_encoding::quoted_printable ? what::patch : what::copy;
    refuse(seven_bit_verdict::convertible);
  } else if (!may_be_encoded(p.type) || p.depth + 1 >= limit_.depth || scanner_.parts().size() >= limit_.parts) {
    // Behind the bounds a leaf may be a multipart in truth.
    return refuse(seven_bit_verdict::too_complex);
  } else {
    refuse(seven_bit_verdict::convertible);
    const bool text = p.type.starts_with("text/") || p.type.starts_with("message/");
    // Where most octets would take three, base64 is shorter, and nobody could read it anyway.
    action = text && found.count < p.body_octets / 4 ? what::quoted_printable : what::base64;
    if (text && p.body_octets < 400) action = what::quoted_printable;
    header.encoding = action == what::base64 ? "base64" : "quoted-printable";
    header.default_type = true;
    estimate_ += action == what::base64 ? p.body_octets * 2 / 5 : found.count * 2 + p.body_octets / 25;
  }
  plan_.push_back({p.body_offset, action, {}, p.depth == 0, false});
  plan_.push_back({p.body_offset + p.body_octets, what::copy, {}, false, false});
}

void seven_bit_survey::plan(std::size_t index, bool is_signed) {
  const auto& tree = scanner_.parts();
  const auto& p = tree[index];
  const auto end = p.body_offset + p.body_octets;
  if (is_signed) {
    if (between(p.header_offset, end).any) refuse(seven_bit_verdict::signed_content);
    return;
  }
  if (p.header_octets > limit_.header_octets) return refuse(seven_bit_verdict::too_complex);
  const auto in_header = between(p.header_offset, p.body_offset);
  if (in_header.any) return refuse(seven_bit_verdict::eight_bit_header);
  plan_.push_back({p.header_offset, what::header, {}, p.depth == 0, false});
  const auto header = plan_.size() - 1;
  if (p.kind == part_kind::leaf) {
    plan_leaf(index);
    return;
  }
  // RFC 6532 §3.7: message/global may be encoded; what is inside need not be looked at then.
  if (p.type == "message/global" && between(p.body_offset, end).any) return plan_leaf(index);
  if (p.encoding == transfer_encoding::eight_bit || p.encoding == transfer_encoding::binary) plan_[header].encoding = "7bit";
  if (p.kind == part_kind::multipart && between(p.body_offset, end).any) refuse(seven_bit_verdict::convertible);
  plan_.push_back({p.body_offset, what::copy, {}, false, false});
  for (auto child = index + 1; child <= index + p.descendants; child += tree[child].descendants + 1)
    plan(child, p.type == "multipart/signed");
}

seven_bit_converter::seven_bit_converter(const seven_bit_survey& s) : plan_(s.plan_) {
  const auto v = s.verdict();
  base::check(v == seven_bit_verdict::clean || v == seven_bit_verdict::convertible, "the survey found it convertible");
}

void seven_bit_converter::feed(base::const_bytes octets, std::string& out) {
  while (!octets.empty()) {
    while (now_ + 1 < plan_.size() && plan_[now_ + 1].begin <= at_) {
      end_segment(out);
      ++now_;
    }
    auto n = static_cast<std::uint64_t>(octets.size());
    if (now_ + 1 < plan_.size()) n = std::min(n, plan_[now_ + 1].begin - at_);
    pass(octets.substr(0, static_cast<std::size_t>(n)), out);
    octets.remove_prefix(static_cast<std::size_t>(n));
    at_ += n;
  }
}

void seven_bit_converter::pass(base::const_bytes octets, std::string& out) {
  switch (plan_[now_].action) {
  case what::copy: // delimiters, clean leaves; what nobody reads between parts loses its 8-bit octets
    for (const char c : octets) out += eight_bit(c) || c == '\0' ? '?' : c;
    return;
  case what::header: held_ += octets; return;
  case what::quoted_printable: quoted_printable_.encode(octets, out); return;
  case what::patch:
    for (const char c : octets)
      if (eight_bit(c) || c == '\0') {
        out += '=';
        out += base::to_upper(base::to_hex({&c, 1}));
      } else {
        out += c;
      }
    return;
  case what::base64: {
    held_ += octets;
    if (held_.size() <= base64_line_octets) return;
    // The last line stays, so that its end is in the same output as the segment's.
    const auto whole = (held_.size() - 1) / base64_line_octets * base64_line_octets;
    encoding::append_base64_lines(out, std::string_view(held_).substr(0, whole));
    held_.erase(0, whole);
    return;
  }
  }
}

void seven_bit_converter::end_segment(std::string& out) {
  const auto& s = plan_[now_];
  switch (s.action) {
  case what::header: put_header(s, out); break;
  case what::quoted_printable: quoted_printable_.finish(out); break;
  case what::base64:
    encoding::append_base64_lines(out, held_);
    // The line end before a delimiter is the delimiter's.
    if (!s.root && out.ends_with("\r\n")) out.resize(out.size() - 2);
    break;
  default: break;
  }
  held_.clear();
}

void seven_bit_converter::put_header(const segment& s, std::string& out) {
  const auto field = std::string(encoding_field) + ": " + s.encoding + "\r\n";
  header_reader reader(held_);
  bool labelled = s.encoding.empty(), typed = false, version = false;
  std::size_t octets = 0;
  while (const auto f = reader.next()) {
    octets += f->raw.size();
    typed = typed || base::iequals(f->name, "Content-Type");
    version = version || base::iequals(f->name, "MIME-Version");
    if (s.encoding.empty() || !base::iequals(f->name, encoding_field)) {
      out += f->raw;
    } else if (!labelled) {
      out += field;
      labelled = true;
    }
  }
  const auto rest = std::string_view(held_).substr(octets); // the empty line, if there is one
  if (!s.encoding.empty()) {
    if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
    if (s.root && !version) out += "MIME-Version: 1.0\r\n";
    if (s.default_type && !typed) out += "Content-Type: text/plain; charset=unknown-8bit\r\n";
    if (!labelled) out += field;
    out += rest.empty() ? "\r\n" : rest;
  } else {
    out += rest;
  }
}

void seven_bit_converter::finish(std::string& out) {
  for (;; ++now_) {
    end_segment(out);
    if (now_ + 1 >= plan_.size()) return;
  }
}

std::optional<std::string> to_seven_bit(base::const_bytes message, const limits& l) {
  seven_bit_survey survey(l);
  survey.feed(message);
  survey.finish();
  if (survey.verdict() == seven_bit_verdict::clean) return std::string(message);
  if (survey.verdict() != seven_bit_verdict::convertible) return {};
  seven_bit_converter converter(survey);
  std::string out;
  out.reserve(static_cast<std::size_t>(survey.octets_estimate()));
  converter.feed(message, out);
  converter.finish(out);
  return out;
}

} // namespace rookery::mime
