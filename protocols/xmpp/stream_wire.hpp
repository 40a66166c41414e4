/// How a stream's elements are written on what carries it: as one XML document over TCP, as messages of a WebSocket, in
/// the bodies of HTTP requests. The stream session is the same on each.
///
/// Source: RFC 6120 §4 (`xml_wire`). Owned and called by one stream_session.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "protocols/xml/limits.hpp"
#include "protocols/xml/reader.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

class stream_wire {
public:
  virtual ~stream_wire() = default;

  virtual void feed(base::const_bytes, base::instant now) = 0;
  virtual void tick(base::instant) {}
  virtual std::optional<base::instant> deadline() const { return {}; }
  /// A stream begins, the first or one behind a login: what is read next is its opening, within these bounds.
  virtual void restart(const xml::limits&) = 0;
  /// The same stream goes on within other bounds: behind a login that opens no new one.
  virtual void widen(const xml::limits&) = 0;
  /// What came next, as if it were one XML document, and how many octets it took. Nothing and 0: more is needed.
  virtual xml::reader::piece read() = 0;
  /// Octets that came and are not read.
  virtual std::size_t waiting() const = 0;
  virtual void drop_input() = 0;
  /// The peer is gone or broke the rules of the wire, and said nothing about the stream.
  virtual bool over() const { return false; }

  /// Opens our side. `from` may be empty.
  virtual void open(std::string_view id, std::string_view from) = 0;
  /// One element as octets, written for a place where the default namespace is jabber:client and `stream` a prefix.
  virtual void put(std::string_view) = 0;
  virtual void close() = 0;
  /// Something that a living peer's machine answers: so that the death of the other side is found out.
  virtual void nudge() = 0;

  virtual base::const_bytes output() const = 0;
  virtual void sent(std::size_t) = 0;
  /// Octets that wait for the peer to read.
  virtual std::size_t pending() const { return output().size(); }
  virtual void drop_output() = 0;

  // So that the same stream goes on elsewhere, when all of our output was sent:
  /// By which word another node knows such a wire; empty: it stays where it is. "bosh" stays, and is joined to a stream of
  /// XML there (wire_bridge).
  virtual std::string_view kind() const { return {}; }
  /// The present stream's opening as it came; octets that came and are not read.
  virtual std::string opening() const { return {}; }
  virtual base::const_bytes rest() const { return {}; }
  /// Instead of reading the opening; behind `restart`. Empty: there was nothing special in it.
  virtual void adopt(std::string_view opening) { static_cast<void>(opening); }
};

/// `put` in a place of its own, where no namespace and no prefix is declared.
std::string standing_alone(std::string_view octets);

/// An XML reader costs 11 kB: a stream from which nothing came for so long has none. The next octets make one that reads the
/// stream's opening again, some microseconds of work.
inline constexpr std::chrono::seconds reader_rest{2};

/// The wire of RFC 6120.
class xml_wire final : public stream_wire {
public:
  void feed(base::const_bytes in, base::instant now) override {
    heard_ = now;
    input_.append(in);
  }
  void tick(base::instant now) override;
  std::optional<base::instant> deadline() const override {
    return may_rest() ? std::optional(heard_ + reader_rest) : std::nullopt;
  }
  void restart(const xml::limits& bounds) override {
    bounds_ = bounds;
    reader_.emplace(bounds);
    opening_.clear();
    opened_ = false;
  }
  void widen(const xml::limits& bounds) override {
    bounds_ = bounds;
    if (reader_) reader_->bound(bounds);
  }
  xml::reader::piece read() override;
  std::size_t waiting() const override { return input_.size(); }
  void drop_input() override {
    input_.clear();
    input_.release();
  }
  void open(std::string_view id, std::string_view from) override;
  void put(std::string_view octets) override { output_.append(octets); }
  void close() override { output_.append("</stream:stream>"); }
  void nudge() override { output_.push_back(' '); } // RFC 6120 §4.6.1
  base::const_bytes output() const override { return output_.view(); }
  void sent(std::size_t octets) override {
    output_.consume(octets);
    if (rests()) output_.release(); // it hears now and then, and says nothing
  }
  void drop_output() override {
    output_.clear();
    output_.release();
  }
  std::string_view kind() const override { return "xmpp"; }
  std::string opening() const override { return opened_ ? opening_ : std::string(); }
  base::const_bytes rest() const override { return input_.view(); }
  void adopt(std::string_view opening) override;

  /// It has no reader at the moment.
  bool rests() const noexcept { return !reader_ && opened_; }

private:
  bool may_rest() const noexcept { return reader_ && opened_ && input_.empty() && reader_->between_children(); }
  void read_opening();

  base::buffer input_, output_;
  std::optional<xml::reader> reader_; ///< nothing while the stream rests
  xml::limits bounds_;
  base::instant heard_{}; ///< when octets came last
  std::string opening_; ///< of the peer's present stream
  bool opened_ = false; ///< all of it
};

} // namespace rookery::xmpp
