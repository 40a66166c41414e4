#include "tests/support/dialogue.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace rookery::support {

namespace {

struct step {
  enum class kind { feed, expect, expect_begin, expect_up_to, event, answer, clock, closed, open, wants_input, no_input } what;
  std::string text; ///< escapes still in it
  bool crlf = true;
  std::size_t line = 0;
};

struct transcript {
  dialogue_head head;
  std::vector<step> steps;
  std::string fault;
};

/// Escapes and repetitions; names in {{}} are left to `bindings`.
std::string expanded(std::string_view text, const std::map<std::string, std::string, std::less<>>& bindings) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[i + 1];
      const auto hex = c == 'x' ? base::from_hex(text.substr(i + 2, 2)) : std::nullopt;
      if (c == 'r') out += '\r';
      else if (c == 'n') out += '\n';
      else if (c == 't') out += '\t';
      else if (c == '0') out += '\0';
      else if (c == '\\') out += '\\';
      else if (hex && hex->size() == 1) out += *hex, i += 2;
      else {
        out += '\\';
        continue;
      }
      ++i;
      continue;
    }
    const auto end = text.substr(i).starts_with("{{") ? text.find("}}", i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += text[i];
      continue;
    }
    const auto inside = text.substr(i + 2, end - i - 2);
    const auto star = inside.find('*');
    const auto count = star == std::string_view::npos ? std::nullopt : base::parse_u64(inside.substr(0, star));
    if (count) {
      const auto one = expanded(inside.substr(star + 1), bindings);
      for (std::uint64_t n = 0; n < *count; ++n) out += one;
    } else if (const auto bound = bindings.find(inside); bound != bindings.end()) {
      out += bound->second;
    } else {
      out += text.substr(i, end + 2 - i); // not yet bound: left for `matches`
    }
    i = end + 1;
  }
  return out;
}

std::string shown(std::string_view octets) {
  std::string out;
  for (const char c : octets.substr(0, 600)) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '\r') out += "\\r";
    else if (c == '\n') out += "\\n";
    else if (u < 0x20 || u == 0x7f) out += "\\x" + base::to_hex({&c, 1});
    else out += c;
  }
  return octets.size() > 600 ? out + "..." : out;
}

transcript read(const std::string& path) {
  transcript t;
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (text.empty()) t.fault = "cannot be read, or is empty";
  std::size_t number = 0;
  for (auto line : base::split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const auto add = [&](step::kind what, std::string_view rest, bool crlf = true) {
      t.steps.push_back({what, std::string(rest), crlf, number});
    };
    const auto rest = [&](std::size_t n) {
      auto r = line.substr(std::min(n, line.size()));
      return r.starts_with(' ') ? r.substr(1) : r;
    };
    const bool client = t.head.value("side") == "client";
    const char peer = client ? 'S' : 'C', self = client ? 'C' : 'S';
    const auto is = [&line](char who, char how) { return line.size() > 1 && line[0] == who && line[1] == how; };
    if (is(peer, ':')) add(step::kind::feed, rest(2));
    else if (is(peer, '-')) add(step::kind::feed, rest(2), false);
    else if (is(self, ':')) add(step::kind::expect, rest(2));
    else if (is(self, '-')) add(step::kind::expect, rest(2), false);
    else if (is(self, '*')) add(step::kind::expect_begin, rest(2));
    else if (is(self, '>')) add(step::kind::expect_up_to, rest(2));
    else if (line.starts_with("! ")) add(step::kind::answer, rest(1));
    else if (line.starts_with("@ ")) add(step::kind::clock, base::trim(line.substr(2)));
    else if (line == "closed") add(step::kind::closed, "");
    else if (line == "open") add(step::kind::open, "");
    else if (line == "wants_input") add(step::kind::wants_input, "");
    else if (line == "no_input") add(step::kind::no_input, "");
    else if (line.starts_with("? ")) {
      const auto bang = line.find("  ! ");
      auto event = line.substr(2, bang == std::string_view::npos ? bang : bang - 2);
      while (event.ends_with(' ')) event.remove_suffix(1);
      add(step::kind::event, event);
      if (bang != std::string_view::npos) add(step::kind::answer, line.substr(bang + 4));
    } else if (const auto colon = line.find(':'); t.steps.empty() && colon != std::string_view::npos) {
      t.head.lines.emplace_back(base::trim(line.substr(0, colon)), base::trim(line.substr(colon + 1)));
    } else {
      t.fault = "line " + std::to_string(number) + ": not a step: " + std::string(line);
    }
  }
  return t;
}

std::optional<base::duration> read_wait(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = base::parse_u64(text.substr(0, digits));
  if (!number) return {};
  const auto unit = digits == std::string_view::npos ? std::string_view("s") : text.substr(digits);
  const auto n = static_cast<std::int64_t>(*number);
  if (unit == "ms") return std::chrono::milliseconds(n);
  if (unit == "s") return std::chrono::seconds(n);
  if (unit == "m") return std::chrono::minutes(n);
  if (unit == "h") return std::chrono::hours(n);
  return {};
}

enum class cutting { whole, octets, random };

class playing {
public:
  playing(const transcript& t, dialogue_subject& subject, base::instant now, cutting how, unsigned seed)
      : t_(t), s_(subject), now_(now), how_(how), dice_(seed) {}

  std::string run() {
    for (std::size_t i = 0; i < t_.steps.size(); ++i) {
      const auto& st = t_.steps[i];
      if (st.what == step::kind::feed) {
        std::string octets;
        for (; i < t_.steps.size() && t_.steps[i].what == step::kind::feed; ++i)
          octets += expanded(t_.steps[i].text, bindings_) + (t_.steps[i].crlf ? "\r\n" : "");
        --i;
        feed(octets);
      } else if (auto difference = play(st); !difference.empty()) {
        return "line " + std::to_string(st.line) + ": " + difference;
      }
    }
    pump();
    if (!events_.empty()) return "at the end: event left over: " + shown(events_.front());
    if (!s_.output().empty()) return "at the end: output left over: " + shown(s_.output());
    return {};
  }

private:
  void feed(std::string_view octets) {
    while (!octets.empty()) {
      std::size_t n = octets.size();
      if (how_ == cutting::octets) n = 1;
      else if (how_ == cutting::random) n = std::min<std::size_t>(n, std::uniform_int_distribution<std::size_t>(1, 40)(dice_));
      // A copy of its own for each piece, so that a session that keeps views is found out.
      const std::string piece(octets.substr(0, n));
      s_.feed(piece, now_);
      octets.remove_prefix(n);
      pump();
    }
  }

  void pump() {
    while (auto line = s_.next()) {
      if (line->empty()) continue;
      if (line->starts_with("body ") && !events_.empty() && events_.back().starts_with("body ")) events_.back() += line->substr(5);
      else events_.push_back(std::move(*line));
    }
  }

  std::string play(const step& st) {
    switch (st.what) {
    case step::kind::expect: return expect(expanded(st.text, bindings_) + (st.crlf ? "\r\n" : ""));
    case step::kind::expect_begin: return expect_begin(expanded(st.text, bindings_));
    case step::kind::expect_up_to: return expect_up_to(expanded(st.text, bindings_));
    case step::kind::event: return event(expanded(st.text, bindings_));
    case step::kind::answer: {
      const auto text = expanded(st.text, bindings_);
      const bool known = s_.answer(text, now_);
      pump();
      return known ? "" : "the adapter knows no answer: " + text;
    }
    case step::kind::clock: return clock(st.text);
    case step::kind::closed: return s_.closed() ? "" : "the session is not closed";
    case step::kind::open: return s_.closed() ? "the session is closed" : "";
    case step::kind::wants_input: return s_.wants_input() ? "" : "the session wants no input";
    case step::kind::no_input: return s_.wants_input() ? "the session wants input" : "";
    case step::kind::feed: break;
    }
    return {};
  }

  /// Octets of `out` that `pattern` takes, binding names; npos: it does not match.
  std::size_t matches(std::string_view pattern, std::string_view out) {
    std::size_t at = 0;
    while (!pattern.empty()) {
      const auto end = pattern.starts_with("{{") ? pattern.find("}}") : std::string_view::npos;
      if (end == std::string_view::npos) {
        if (at >= out.size() || out[at] != pattern.front()) return std::string_view::npos;
        ++at;
        pattern.remove_prefix(1);
        continue;
      }
      const std::string name(pattern.substr(2, end - 2));
      pattern.remove_prefix(end + 2);
      const auto stop = pattern.empty() ? out.size() : out.find(pattern.front(), at);
      if (stop == std::string_view::npos) return stop;
      const auto value = out.substr(at, stop - at);
      const auto [bound, fresh] = bindings_.try_emplace(name, value);
      if (!fresh && bound->second != value) return std::string_view::npos;
      at = stop;
    }
    return at;
  }

  std::string expect(const std::string& text) {
    pump();
    const auto taken = matches(text, s_.output());
    if (taken == std::string_view::npos)
      return "expected\n  " + shown(text) + "\nbut the output is\n  " + shown(s_.output()) + waiting_event();
    s_.sent(taken);
    return {};
  }

  std::string expect_begin(const std::string& text) {
    pump();
    const auto end = s_.output().find("\r\n");
    if (end == std::string_view::npos || matches(text, s_.output().substr(0, end)) == std::string_view::npos)
      return "expected a line that begins\n  " + shown(text) + "\nbut the output is\n  " + shown(s_.output()) + waiting_event();
    s_.sent(end + 2);
    return {};
  }

  std::string expect_up_to(const std::string& text) {
    pump();
    for (;;) {
      const auto out = s_.output();
      const auto end = out.find("\r\n");
      if (end == std::string_view::npos) return "no line begins\n  " + shown(text) + waiting_event();
      const bool found = matches(text, out.substr(0, end)) != std::string_view::npos;
      s_.sent(end + 2);
      if (found) return {};
    }
  }

  std::string waiting_event() const { return events_.empty() ? "" : "\nan event waits: " + shown(events_.front()); }

  std::string event(const std::string& text) {
    pump();
    if (events_.empty()) return "expected the event\n  " + shown(text) + "\nbut there is none; the output is\n  " + shown(s_.output());
    const auto got = std::move(events_.front());
    events_.pop_front();
    if (got != text) return "expected the event\n  " + shown(text) + "\nbut it is\n  " + shown(got);
    return {};
  }

  std::string clock(std::string_view text) {
    const auto wait = read_wait(text);
    if (!wait) return "no time: " + std::string(text);
    const auto until = now_ + *wait;
    for (int i = 0; i < 1000; ++i) {
      const auto due = s_.deadline();
      if (!due || *due > until) break;
      now_ = std::max(now_, *due);
      s_.tick(now_);
      pump();
      if (s_.closed()) break;
    }
    now_ = until;
    s_.tick(now_);
    pump();
    return {};
  }

  const transcript& t_;
  dialogue_subject& s_;
  base::instant now_;
  cutting how_;
  std::mt19937 dice_;
  std::deque<std::string> events_;
  std::map<std::string, std::string, std::less<>> bindings_;
};

} // namespace

std::string dialogue_head::value(std::string_view key) const {
  for (const auto& [k, v] : lines)
    if (k == key) return v;
  return {};
}

bool dialogue_head::has(std::string_view key, std::string_view word) const {
  for (const auto& [k, v] : lines)
    if (k == key)
      for (const auto entry : base::split(v, ','))
        if (base::trim(entry) == word) return true;
  return false;
}

std::optional<std::string> dialogue_head::text(std::string_view key, std::string_view name) const {
  for (const auto& [k, v] : lines)
    if (k == key)
      for (const auto entry : base::split(v, ',')) {
        const auto equals = entry.find('=');
        if (equals != std::string_view::npos && base::trim(entry.substr(0, equals)) == name)
          return std::string(base::trim(entry.substr(equals + 1)));
      }
  return {};
}

std::optional<std::uint64_t> dialogue_head::number(std::string_view key, std::string_view name) const {
  const auto found = text(key, name);
  return found ? base::parse_u64(*found) : std::nullopt;
}

std::string play_dialogue_file(const std::string& path, const make_subject& make) {
  const auto t = read(path);
  if (!t.fault.empty()) return path + ": " + t.fault;
  const unsigned seed = std::random_device()();
  const base::instant begin = base::instant() + std::chrono::hours(1);
  static constexpr const char* names[] = {"whole", "octet by octet", "cut at random, seed "};
  for (const auto how : {cutting::whole, cutting::octets, cutting::random}) {
    const auto subject = make(t.head, begin);
    const auto difference = playing(t, *subject, begin, how, seed).run();
    if (difference.empty()) continue;
    return path + ", played " + names[static_cast<int>(how)] + (how == cutting::random ? std::to_string(seed) : "") + ", " + difference;
  }
  return {};
}

std::vector<std::string> dialogue_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error))
    if (entry.path().extension() == ".dialogue") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

std::string dialogue_name(const std::string& path) {
  auto name = std::filesystem::path(path).stem().string();
  for (char& c : name)
    if (!base::is_alnum(c)) c = '_';
  return name;
}

} // namespace rookery::support
