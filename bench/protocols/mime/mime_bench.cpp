/// What a message costs at delivery: the scan with its summary, whole and in pieces; and the searches.
#include "protocols/charset/fold.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace rookery;

std::string plain(std::size_t octets) {
  std::string m = "Return-Path: <anna@example.org>\r\nReceived: from mail.example.org (mail.example.org [192.0.2.1])\r\n\tby mx.example.com with ESMTPS id 4a1b2c3d;\r\n"
                  "\tTue, 1 Jul 2003 10:52:39 +0200\r\nDate: Tue, 1 Jul 2003 10:52:37 +0200\r\nFrom: Anna Example <anna@example.org>\r\n"
                  "To: Bert Example <bert@example.com>, =?utf-8?q?J=C3=B6rg?= <joerg@example.com>\r\nCc: list@example.net\r\n"
                  "Subject: Re: [list] About the benchmark\r\nMessage-ID: <20030701105237.4a1b@example.org>\r\n"
                  "In-Reply-To: <parent@example.com>\r\nReferences: <root@example.com>\r\n <parent@example.com>\r\n"
                  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nUser-Agent: Example 1.0\r\n\r\n";
  while (m.size() < octets) m += "The quick brown fox jumps over the lazy dog, and then it does it once more.\r\n";
  return m;
}

std::string multipart(std::size_t octets) {
  std::string m = plain(0);
  m.replace(m.find("text/plain; charset=utf-8"), 25, "multipart/mixed; boundary=\"----=_Part_123\"");
  m += "------=_Part_123\r\nContent-Type: multipart/alternative; boundary=\"----=_Part_456\"\r\n\r\n------=_Part_456\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  for (int i = 0; i < 30; ++i) m += "The quick brown fox jumps over the lazy dog, and then it does it once more.\r\n";
  m += "------=_Part_456\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>";
  for (int i = 0; i < 50; ++i) m += "<p>The quick brown fox jumps over the lazy dog, and then it does it once more.</p>\r\n";
  m += "</body></html>\r\n------=_Part_456--\r\n------=_Part_123\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n";
  encoding::append_base64_lines(m, std::string((octets - m.size()) * 3 / 4, 'x'));
  return m + "------=_Part_123--\r\n";
}

void summarize(benchmark::State& state, const std::string& message) {
  for (auto _ : state) benchmark::DoNotOptimize(mime::summarize(message));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}

void summarize_plain_4k(benchmark::State& state) { summarize(state, plain(4096)); }
void summarize_multipart_60k(benchmark::State& state) { summarize(state, multipart(60'000)); }
void summarize_multipart_5m(benchmark::State& state) { summarize(state, multipart(5'000'000)); }
BENCHMARK(summarize_plain_4k);
BENCHMARK(summarize_multipart_60k);
BENCHMARK(summarize_multipart_5m);

void scan_multipart_60k_in_pieces(benchmark::State& state) {
  const auto message = multipart(60'000);
  for (auto _ : state) {
    mime::scanner s;
    for (std::string_view rest = message; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(4096, rest.size()))) s.feed(rest.substr(0, 4096));
    s.finish();
    benchmark::DoNotOptimize(s.summarize());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}
BENCHMARK(scan_multipart_60k_in_pieces);

void search_body(benchmark::State& state, const std::string& message) {
  mime::scanner s;
  s.feed(message);
  s.finish();
  const auto needle = charset::fold_for_search("not in there");
  for (auto _ : state) benchmark::DoNotOptimize(mime::search_text(message, s.parts(), needle, true));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}
void search_plain_4k(benchmark::State& state) { search_body(state, plain(4096)); }
void search_multipart_60k(benchmark::State& state) { search_body(state, multipart(60'000)); }
BENCHMARK(search_plain_4k);
BENCHMARK(search_multipart_60k);

void read_stored_parts(benchmark::State& state) {
  const auto stored = mime::summarize(multipart(60'000)).parts;
  for (auto _ : state) benchmark::DoNotOptimize(mime::read_parts(stored));
}
BENCHMARK(read_stored_parts);

void read_stored_sort_keys(benchmark::State& state) {
  const auto stored = mime::summarize(plain(4096)).sort_keys;
  for (auto _ : state) benchmark::DoNotOptimize(mime::read_sort_keys(stored));
}
BENCHMARK(read_stored_sort_keys);

} // namespace
