// Parsing commands, printing FETCH rows of 10,000 messages, searching them by flag.
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/response_writer.hpp"
#include "protocols/imap/search_matcher.hpp"
#include "protocols/imap/sequence_map.hpp"
#include "protocols/imap/sort.hpp"

#include <benchmark/benchmark.h>

#include <array>

namespace rookery::imap {
namespace {

constexpr std::uint32_t messages = 10000;

void parse(benchmark::State& state, std::string_view text) {
  const server_limits limits;
  for (auto _ : state) {
    const auto head = read_head(text);
    word_reader reader(text, {&limits, false});
    reader.skip(head.octets);
    auto asked = read_arguments(head, reader, {});
    benchmark::DoNotOptimize(asked);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(parse, noop, "a1 NOOP");
BENCHMARK_CAPTURE(parse, fetch_flags, "a1 UID FETCH 1:* (FLAGS)");
BENCHMARK_CAPTURE(parse, fetch_headers,
                  "a1 UID FETCH 1:500 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID "
                  "Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)])");
BENCHMARK_CAPTURE(parse, store, "a1 UID STORE 1:100,200 +FLAGS.SILENT (\\Seen $Junk)");
BENCHMARK_CAPTURE(parse, search, "a1 UID SEARCH RETURN (ALL COUNT) UNSEEN SINCE 1-Feb-1994 NOT FROM \"Smith\"");

void fetch_flags(benchmark::State& state) {
  const std::vector<std::string> keywords{"$Junk", "$NotJunk"};
  base::buffer out;
  for (auto _ : state) {
    const flag_printer printer(keywords);
    response_writer writer(out, {});
    for (std::uint32_t n = 1; n <= messages; ++n) writer.fetch(n).flags(printer, n % 32).uid(n * 3).end();
    benchmark::DoNotOptimize(out.view().data());
    out.clear();
  }
  state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK(fetch_flags)->Unit(benchmark::kMicrosecond);

void fetch_envelope(benchmark::State& state) {
  const std::string envelope(
      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" ((\"Terry Gray\" NIL \"gray\" "
      "\"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) NIL ((NIL NIL \"imap\" \"example.org\")) "
      "NIL NIL NIL \"<B27397-0100000@cac.washington.edu>\")");
  base::buffer out;
  for (auto _ : state) {
    response_writer writer(out, {});
    for (std::uint32_t n = 1; n <= messages; ++n) writer.fetch(n).envelope(envelope).end();
    benchmark::DoNotOptimize(out.view().data());
    out.clear();
  }
  state.SetItemsProcessed(state.iterations() * messages);
  state.SetBytesProcessed(state.iterations() * messages * static_cast<std::int64_t>(envelope.size()));
}
BENCHMARK(fetch_envelope)->Unit(benchmark::kMicrosecond);

void search_rows(benchmark::State& state, std::string_view keys) {
  const server_limits limits;
  word_reader reader(keys, {&limits, false});
  search s;
  read_search(reader, s, {});
  search_context context;
  context.largest_number = context.largest_uid = messages;
  const search_matcher matcher(s.program, context);
  std::vector<std::uint32_t> hits;
  for (auto _ : state) {
    hits.clear();
    search_row row;
    for (std::uint32_t n = 1; n <= messages; ++n) {
      row.number = row.uid = n;
      row.flags = n % 32;
      row.size = n * 7;
      if (matcher.test(row).match) hits.push_back(n);
    }
    benchmark::DoNotOptimize(hits.data());
  }
  state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK_CAPTURE(search_rows, unseen, " UNSEEN")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(search_rows, unseen_undeleted_larger, " UNSEEN UNDELETED LARGER 20000")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(search_rows, either, " OR (SEEN LARGER 20000) (NOT FLAGGED SMALLER 300)")->Unit(benchmark::kMicrosecond);

void print_search(benchmark::State& state) {
  std::vector<std::uint32_t> hits;
  for (std::uint32_t n = 1; n <= messages; ++n) hits.push_back(n * 2);
  base::buffer out;
  for (auto _ : state) {
    response_writer(out, {}).search("a", search{}, hits);
    benchmark::DoNotOptimize(out.view().data());
    out.clear();
  }
  state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK(print_search)->Unit(benchmark::kMicrosecond);

void sort_subjects(benchmark::State& state, std::string_view beginning) {
  std::vector<std::string> subjects;
  for (std::uint32_t n = 0; n < messages; ++n) subjects.push_back(std::string(beginning) + std::to_string(n * 7919 % messages));
  sort_columns columns;
  columns.messages = messages;
  columns.subject.assign(subjects.begin(), subjects.end());
  const sort_key keys[] = {{sort_criterion::subject, false}};
  for (auto _ : state) {
    auto order = sorted_order(columns, keys);
    benchmark::DoNotOptimize(order.data());
  }
  state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK_CAPTURE(sort_subjects, different, "")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sort_subjects, same_beginning, "a subject as many begin ")->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace rookery::imap
