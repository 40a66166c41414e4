/// Plays a transcript against a session and reports the first difference.
///
/// A file, one scenario (tests/dialogues/<family>/<what_happens>.dialogue):
///
///   # RFC 5321 §4.5.3.1.10: why it exists
///   session: mx                        head lines, up to the first step: the adapter reads them
///   limits: recipients = 2, errors = 3
///   S: 220 mx.example.org ESMTP        octets that must come out, with CRLF
///   C: EHLO client.example.net         octets that are fed, with CRLF
///   ? mail_from ann@example.net    ! accept    an event that must come, and the answer to it;
///   ! accept                           the answer may also stand in a line of its own
///   @ +6m                              the clock goes on (ms, s, m, h); deadlines are met on the way
///   closed                             the session is closed now  (also: open, wants_input, no_input)
///
/// With "side: client" in the head the session is the client's: S lines are fed, C lines must come out.
///
/// `C-` and `S-` are the same without the CRLF; `S*` gives only how a line begins; `S>` drops lines up
/// to and with one that begins so. In texts \r \n \t
/// \0 \xHH \\ mean one octet (any other backslash is itself, so "\Seen" may stand), {{1000*ab}} is
/// "ab" a thousand times, and {{name}} binds in an S line what stands there at its first use and is
/// that text afterwards, in C lines too. At the end nothing may be left over.
///
/// Each file is played whole (all C lines between two other steps in one piece), octet by octet, and
/// cut at random under a printed seed.
///
/// An adapter is a class like this; one is made for each playing:
///
///   struct pop3_dialogue {
///     using session_type = pop3::server_session;
///     pop3_dialogue(const dialogue_head& head, base::instant now);   // head.value("session"), head.number("limits", "errors") …
///     session_type& session();
///     // One line for an event: its name, then what matters. "" = not shown. Octets of a body as
///     // "body " and the octets: runs of them are joined, so that cuts do not matter.
///     std::string print(session_type::event&);
///     // The host's answer, as written behind "!". False: no such answer.
///     bool answer(std::string_view text, base::instant now);
///   };
///
/// and its test:
///
///   class Pop3Dialogues : public testing::TestWithParam<std::string> {};
///   TEST_P(Pop3Dialogues, GoAsWritten) { EXPECT_EQ("", play_dialogue<pop3_dialogue>(GetParam())); }
///   INSTANTIATE_TEST_SUITE_P(Pop3, Pop3Dialogues, testing::ValuesIn(dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/pop3")),
///                            [](const auto& file) { return dialogue_name(file.param); });
///
/// (house_test(… USES test_dialogue …))
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::support {

/// What stands before the first step.
struct dialogue_head {
  std::vector<std::pair<std::string, std::string>> lines;

  /// The text behind "key:", or "".
  std::string value(std::string_view key) const;
  /// Is `word` one of the comma-separated entries of that line?
  bool has(std::string_view key, std::string_view word) const;
  /// "name = text" among the comma-separated entries of that line.
  std::optional<std::string> text(std::string_view key, std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view key, std::string_view name) const;
};

/// A session as the runner drives it.
class dialogue_subject {
public:
  virtual ~dialogue_subject() = default;
  virtual void feed(base::const_bytes, base::instant) = 0;
  virtual void tick(base::instant) = 0;
  virtual std::optional<std::string> next() = 0; ///< the next event's line, "" for one not shown
  virtual base::const_bytes output() = 0;
  virtual void sent(std::size_t) = 0;
  virtual std::optional<base::instant> deadline() = 0;
  virtual bool wants_input() = 0;
  virtual bool closed() = 0;
  virtual bool answer(std::string_view, base::instant) = 0;
};

using make_subject = std::function<std::unique_ptr<dialogue_subject>(const dialogue_head&, base::instant)>;

/// "" when all three playings go as written, else the first difference.
std::string play_dialogue_file(const std::string& path, const make_subject& make);
/// All *.dialogue files of a folder, sorted.
std::vector<std::string> dialogue_files(const std::string& folder);
/// The file's name as a test name.
std::string dialogue_name(const std::string& path);

template <class Adapter>
class dialogue_session final : public dialogue_subject {
public:
  dialogue_session(const dialogue_head& head, base::instant now) : adapter_(head, now) {}
  void feed(base::const_bytes octets, base::instant now) override { adapter_.session().feed(octets, now); }
  void tick(base::instant now) override { adapter_.session().tick(now); }
  std::optional<std::string> next() override {
    auto event = adapter_.session().next_event();
    if (!event) return {};
    return adapter_.print(*event);
  }
  base::const_bytes output() override { return adapter_.session().output(); }
  void sent(std::size_t n) override { adapter_.session().sent(n); }
  std::optional<base::instant> deadline() override { return adapter_.session().deadline(); }
  bool wants_input() override { return adapter_.session().wants_input(); }
  bool closed() override { return adapter_.session().closed(); }
  bool answer(std::string_view text, base::instant now) override { return adapter_.answer(text, now); }

private:
  Adapter adapter_;
};

template <class Adapter>
std::string play_dialogue(const std::string& path) {
  return play_dialogue_file(path, [](const dialogue_head& head, base::instant now) {
    return std::make_unique<dialogue_session<Adapter>>(head, now);
  });
}

} // namespace rookery::support
