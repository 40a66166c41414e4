/// The search index: cost of a message, octets on disk, and questions over 10,000 and 100,000 messages of 4 kB.
///
/// Texts have the words of a language: 40,000 different ones, frequent and rare ones after Zipf, and numbers and ids
/// that stand in one message alone. At CTest's size a hundredth of that.
#include "protocols/charset/fold.hpp"
#include "protocols/mime/scanner.hpp"
#include "protocols/mime/search.hpp"
#include "protocols/mime/search_texts.hpp"
#include "storage/search/index_store.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <tuple>

namespace {

using namespace rookery;
using namespace rookery::storage::search;

constexpr base::account_id account{1};
constexpr base::mailbox_id inbox{1};
constexpr std::uint32_t batch = 1000;

const std::vector<std::string>& language() {
  static const auto words = [] {
    std::mt19937 random(3);
    std::vector<std::string> all;
    static constexpr std::string_view syllables[] = {"ka", "ro", "mi", "ten", "sa", "ler", "in", "ber", "fo", "du", "gan", "eth", "or", "nu", "pli", "ster"};
    while (all.size() < 40000) {
      std::string w;
      for (auto n = 1 + all.size() / 2500 % 4 + random() % 2; n > 0; --n) w += syllables[random() % std::size(syllables)];
      all.push_back(w);
    }
    return all;
  }();
  return words;
}

const std::string& word(std::mt19937& random) {
  // Zipf, by its inverse.
  const double u = std::generate_canonical<double, 32>(random);
  const auto rank = static_cast<std::size_t>(std::pow(40000.0, u)) - 1;
  return language()[std::min<std::size_t>(rank, 39999)];
}

std::string make_mail(std::uint32_t number) {
  std::mt19937 random(number);
  const auto id = std::to_string(random()) + "." + std::to_string(random());
  std::string m = "Return-Path: <person" + std::to_string(random() % 500) + "@there.example>\r\nReceived: from mx.there.example (mx.there.example [192.0.2." +
                  std::to_string(random() % 256) + "])\r\n\tby mail.example.test with ESMTPS id " + std::to_string(random()) +
                  "\r\n\tfor <u1@example.test>; Sat, 21 Nov 2026 10:" + std::to_string(random() % 60) + ":00 +0000\r\n";
  m += "From: " + word(random) + " " + word(random) + " <person" + std::to_string(random() % 500) + "@there.example>\r\nTo: u1@example.test\r\nSubject:";
  for (int i = 0; i < 6; ++i) m += " " + word(random);
  m += "\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <" + id + "@there.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  std::size_t column = 0;
  while (m.size() < 4090) {
    const auto& w = random() % 100 == 0 ? std::to_string(random() % 1000000) : word(random);
    m += w;
    column += w.size() + 1;
    if (column > 70) m += "\r\n", column = 0;
    else m += ' ';
  }
  return m += "\r\n";
}

struct read_mail {
  std::string octets;
  mime::part_tree parts;
};
read_mail read(std::uint32_t number) {
  read_mail m{make_mail(number), {}};
  mime::scanner s;
  s.feed(m.octets);
  s.finish();
  m.parts = s.parts();
  return m;
}

class into_document final : public mime::search_text_taker {
public:
  explicit into_document(document& to) : to_(to) {}
  bool take(mime::search_text_kind k, std::string_view folded) override { return to_.feed(static_cast<text_source>(k), folded), true; }
  void end() override { to_.end_text(); }

private:
  document& to_;
};

void fill(document& d, const read_mail& m) {
  into_document into(d);
  mime::give_search_texts(m.octets, std::string_view(m.octets).substr(0, m.parts.front().header_octets), m.parts, into);
}

content_key key(std::uint32_t n) {
  content_key k{};
  for (std::size_t i = 0; i < 4; ++i) k[i] = static_cast<char>(n >> i * 8);
  return k;
}

struct mailbox {
  std::string folder;
  std::unique_ptr<index_store> store;
  std::uint32_t messages = 0;

  explicit mailbox(std::uint32_t n) {
    auto name = (std::filesystem::temp_directory_path() / "rookery_search_bench.XXXXXX").string();
    folder = ::mkdtemp(name.data());
    store = std::make_unique<index_store>(storage::posix_file_system(), folder, "bench", storage::log_position{9, 9});
    while (messages < n) add(std::min(batch, n - messages));
  }
  ~mailbox() { std::filesystem::remove_all(folder); }
  void add(std::uint32_t n) {
    auto b = store->begin(account, {});
    for (; n > 0; --n) {
      document d;
      fill(d, read(++messages));
      b.place(inbox, messages, *b.add(key(messages), d));
    }
    if (!store->commit(account, std::move(b), {1, 1})) std::abort();
  }
};

/// Made once for each size.
mailbox& of_size(std::uint32_t n) {
  static std::map<std::uint32_t, std::unique_ptr<mailbox>> all;
  auto& m = all[n];
  if (!m) m = std::make_unique<mailbox>(n);
  return *m;
}

std::uint32_t size(const benchmark::State& state) {
  static const bool small = std::getenv("ROOKERY_SEARCH_FULL") == nullptr;
  return static_cast<std::uint32_t>(state.range(0)) / (small ? 100 : 1);
}

/// A message from its octets to words: MIME, charsets, folding, cutting.
void collect(benchmark::State& state) {
  const auto m = read(1);
  for (auto _ : state) {
    document d;
    fill(d, m);
    benchmark::DoNotOptimize(d.octets());
  }
}
BENCHMARK(collect);

/// Messages into an empty index, with commits and merges.
void build(benchmark::State& state) {
  const auto n = size(state);
  std::uint64_t octets = 0;
  for (auto _ : state) {
    mailbox m(n);
    octets = m.store->open(account)->octets();
  }
  state.SetItemsProcessed(state.iterations() * n);
  state.counters["octets_a_message"] = static_cast<double>(octets) / n;
}
BENCHMARK(build)->Arg(10000)->Unit(benchmark::kMillisecond);

void ask(benchmark::State& state, question::scope in, std::string_view text) {
  auto& m = of_size(size(state));
  const auto index = m.store->open(account);
  question q{in, "", charset::fold_for_search(text)};
  std::size_t hits = 0, open = 0;
  for (auto _ : state) {
    const auto answers = index->ask(q);
    if (!answers) std::abort();
    hits = open = 0;
    for (const auto& p : *index->places_of(inbox)) {
      const auto v = answers->of(p.document);
      hits += v == verdict::yes;
      open += v == verdict::undecided;
    }
  }
  state.counters["hits"] = static_cast<double>(hits);
  state.counters["to_be_read"] = static_cast<double>(open);
}
const bool asked = [] {
  using scope = question::scope;
  static constexpr std::tuple<const char*, scope, std::string_view> questions[] = {
      {"subject", scope::subject, "ster"},           {"body_rare_word", scope::body, "plistergan"}, {"text_common_syllable", scope::text, "ster"},
      {"text_one_letter", scope::text, "s"},         {"text_two_words", scope::text, "mi ten"},     {"text_address", scope::text, "person77@there"},
      {"text_nothing", scope::text, "nosuchword"}};
  for (const auto& [name, in, text] : questions)
    benchmark::RegisterBenchmark(("ask/" + std::string(name)).c_str(), [in = in, text = text](benchmark::State& s) { ask(s, in, text); })
        ->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);
  return true;
}();

/// The same without an index: the text of each message, in memory.
void scan(benchmark::State& state) {
  const auto m = read(1);
  const auto needle = charset::fold_for_search("nosuchword");
  for (auto _ : state) benchmark::DoNotOptimize(mime::search_text(m.octets, m.parts, needle, true));
}
BENCHMARK(scan);

/// A mail more: the words that are beside it do not matter.
void commit_128(benchmark::State& state) {
  auto& m = of_size(size(state));
  for (auto _ : state) m.add(128);
  state.SetItemsProcessed(state.iterations() * 128);
}
BENCHMARK(commit_128)->Arg(10000)->Unit(benchmark::kMillisecond);

} // namespace
