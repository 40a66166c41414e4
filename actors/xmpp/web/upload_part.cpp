#include "actors/xmpp/web/upload_part.hpp"

#include "actors/xmpp/web/foreign_files.hpp"
#include "protocols/http/date.hpp"
#include "protocols/http/range.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/owner.hpp"
#include "storage/chat/upload_owner.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

constexpr std::chrono::seconds answer_time{120};
constexpr std::string_view methods = "GET, HEAD, PUT, OPTIONS";

web_answer said(std::uint16_t status, std::string text) {
  return {status, open_to_all({{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}), std::move(text) + "\n"};
}

/// A file comes. Its place is in this volume, or in one that another node leads. Owns: the piece that is not given on.
class upload_task final : public web_task, public std::enable_shared_from_this<upload_task> {
public:
  upload_task(node& n, upload_service& service, std::shared_ptr<foreign_files> foreign, xmpp::upload_place place)
      : node_(n), service_(service), foreign_(std::move(foreign)), place_(std::move(place)) {}
  // Who leaves in the middle leaves nothing that is waited for.
  ~upload_task() override {
    if (!begun_ || complete_) return;
    if (member_ == 0) service_.slots().release(place_.id);
    else foreign_->give_up(member_, place_.id);
  }

  std::uint64_t body_octets_max() const override {
    if (begun_) return octets_;
    const auto slot = service_.slots().find(place_.id);
    return slot ? slot->what.octets : ~std::uint64_t{0}; // nothing is taken before it is known
  }
  void begin(web_exchange& x) override {
    length_ = x.call().length;
    if (const auto slot = service_.slots().begin(place_.id, place_.name, node_.clock->now())) return begun(x, 0, slot->what.octets);
    x.hold_body(true);
    const auto found = std::make_shared<std::optional<upload_slots::slot>>();
    const bool taken = node_.readers->run(
        x.connection(), [found, &service = service_, place = place_] { *found = service.begin(place.id, place.name); },
        [self = weak_from_this(), &x, &service = service_, id = place_.id, found] {
          if (const auto here = self.lock()) return *found ? here->begun(x, 0, (*found)->what.octets) : here->look_elsewhere(x);
          if (*found) service.slots().release(id);
        });
    if (!taken) refuse(x, 503, "busy");
  }
  void body(web_exchange& x, base::const_bytes more) override {
    if (refused_) return;
    came_ += more.size();
    piece_.append(more);
    if (begun_ && piece_.size() >= upload_piece_octets) go_on(x);
  }
  void body_over(web_exchange& x) override {
    over_ = true;
    if (begun_) complete_body(x);
  }

private:
  void refuse(web_exchange& x, std::uint16_t status, std::string text) {
    refused_ = true;
    piece_.clear();
    x.hold_body(false);
    x.reply(said(status, std::move(text)));
  }
  void look_elsewhere(web_exchange& x) {
    const bool taken = foreign_->bring(x.connection(), 0, {file_step::kind::begin, place_.id, place_.name, 0, false, {}},
                                       [self = weak_from_this(), foreign = std::weak_ptr(foreign_), id = place_.id, &x](const foreign_files::answer& a) {
                                         if (const auto here = self.lock()) {
                                           if (a.done) return here->begun(x, a.member, a.octets);
                                           if (a.all_asked) return here->refuse(x, 404, "no file is expected here");
                                           return here->refuse(x, 503, "it may be expected by a node that does not answer now");
                                         }
                                         if (const auto to = foreign.lock(); to && a.done) to->give_up(a.member, id);
                                       });
    if (!taken) refuse(x, 503, "busy");
  }
  void begun(web_exchange& x, std::uint64_t member, std::uint64_t octets) {
    begun_ = true;
    member_ = member;
    octets_ = octets;
    if ((length_ && *length_ != octets_) || came_ > octets_) return refuse(x, 400, "another size was announced");
    x.hold_body(false);
    if (over_) complete_body(x);
    else if (piece_.size() >= upload_piece_octets) go_on(x);
  }
  void complete_body(web_exchange& x) {
    if (refused_) return;
    if (came_ != octets_) return refuse(x, 400, "another size was announced");
    go_on(x);
  }

  /// One piece at a time is on its way; all but the last have the same size.
  void go_on(web_exchange& x) {
    if (asking_) return x.hold_body(true);
    const bool last = over_ && piece_.size() <= upload_piece_octets;
    if (!last && piece_.size() < upload_piece_octets) return x.hold_body(false);
    auto octets = std::make_shared<const std::string>(piece_.substr(0, upload_piece_octets));
    piece_.erase(0, octets->size());
    asking_ = true;
    if (!over_) x.hold_body(true);
    if (member_ != 0) {
      const bool taken = foreign_->bring(x.connection(), member_, {file_step::kind::piece, place_.id, {}, number_++, last, *octets},
                                         [self = weak_from_this(), &x, last](const foreign_files::answer& a) {
                                           if (const auto here = self.lock()) here->kept(x, a.done, last);
                                         });
      if (!taken) refuse(x, 503, "busy");
      return;
    }
    x.connection().ask<upload_kept>(
        service_.actor(), answer_time, upload_piece{place_.id, number_++, std::move(octets), last},
        [self = weak_from_this(), &x, last](const upload_kept& k) {
          if (const auto here = self.lock()) here->kept(x, k.kept, last);
        },
        [self = weak_from_this(), &x] {
          if (const auto here = self.lock()) here->kept(x, false, false);
        });
  }
  void kept(web_exchange& x, bool good, bool last) {
    asking_ = false;
    if (refused_) return;
    if (!good) return refuse(x, 503, "the file cannot be stored now");
    if (!last) return go_on(x);
    complete_ = true;
    x.reply({201, open_to_all({{"Content-Type", "text/plain; charset=utf-8"}}), "stored\n"});
  }

  node& node_;
  upload_service& service_;
  std::shared_ptr<foreign_files> foreign_;
  xmpp::upload_place place_;
  std::string piece_;
  std::optional<std::uint64_t> length_;    ///< as the request has it
  std::uint64_t member_ = 0;               ///< the node that takes it; 0: this volume
  std::uint64_t octets_ = 0, came_ = 0, number_ = 0;
  bool begun_ = false, complete_ = false, asking_ = false, over_ = false, refused_ = false;
};

/// A file is given, from this volume or by the node that has it.
class download_task final : public web_task, public std::enable_shared_from_this<download_task> {
public:
  download_task(node& n, foreign_files& foreign, xmpp::upload_place place)
      : node_(n), foreign_(foreign), place_(std::move(place)), owner_(storage::chat::upload_owner(place_.id)) {}

  std::uint64_t body_octets_max() const override { return 64 * 1024; }
  void begin(web_exchange& x) override {
    head_ = x.call().method == "HEAD";
    // The fields are there now only.
    for (const auto& f : x.call().fields)
      if (http::find({&f, 1}, "range") != nullptr || http::find({&f, 1}, "if-range") != nullptr || http::find({&f, 1}, "if-none-match") != nullptr)
        asked_.emplace_back(f.name, f.value);
    const auto found = std::make_shared<std::optional<storage::chat::stored_record>>();
    const bool taken = node_.readers->run(
        x.connection(), [found, owner = owner_, &n = node_] { *found = n.chat_of(owner).record(owner, record_kind::upload, {}); },
        [self = weak_from_this(), &x, found] {
          const auto here = self.lock();
          if (!here) return;
          if (*found) here->give_head(x, xmpp::read_upload_facts((*found)->value));
          else here->look_elsewhere(x);
        });
    if (!taken) x.reply(said(503, "busy"));
  }
  bool produce(web_exchange& x) override {
    if (left_ == 0 || asking_) return false;
    if (!ready_.empty()) {
      const auto piece = std::move(ready_.front());
      ready_.pop_front();
      give_piece(x, piece);
      return true;
    }
    asking_ = true;
    if (member_ != 0) return fetch(x);
    const auto piece = std::make_shared<std::optional<storage::chat::stored_record>>();
    const auto number = next_ / upload_piece_octets;
    const bool taken = node_.readers->run(
        x.connection(), [piece, number, owner = owner_, &n = node_] { *piece = n.chat_of(owner).record(owner, record_kind::upload, upload_piece_key(number)); },
        [self = weak_from_this(), &x, piece] {
          if (const auto here = self.lock()) here->give_piece(x, *piece ? std::string_view((*piece)->value) : std::string_view());
        });
    if (!taken) x.connection().abort("no reader is free");
    return false;
  }

private:
  /// Another volume of the cluster may have it.
  void look_elsewhere(web_exchange& x) {
    const bool taken = foreign_.ask(x.connection(), 0, {place_.id, 0, 0}, [self = weak_from_this(), &x](const foreign_files::answer& a) {
      const auto here = self.lock();
      if (!here) return;
      here->member_ = a.member;
      if (!a.facts && !a.all_asked) return x.reply(said(503, "it may be on a node that does not answer now"));
      here->give_head(x, a.facts);
    });
    if (!taken) x.reply(said(503, "busy"));
  }
  bool fetch(web_exchange& x) {
    const bool taken = foreign_.ask(x.connection(), member_, {place_.id, next_ / upload_piece_octets, foreign_pieces_max}, [self = weak_from_this(), &x](const foreign_files::answer& a) {
      const auto here = self.lock();
      if (!here) return;
      here->ready_.assign(a.pieces.begin(), a.pieces.end());
      if (here->ready_.empty()) return x.connection().abort("the file's node does not give it");
      here->asking_ = false;
      here->produce(x);
    });
    if (!taken) x.connection().abort("too many files are fetched");
    return false;
  }
  void give_head(web_exchange& x, const std::optional<xmpp::upload_facts>& facts) {
    if (!facts || facts->name != place_.name) return x.reply(said(404, "there is nothing here"));
    std::vector<http::field> fields;
    for (const auto& [name, value] : asked_) fields.push_back({name, value});
    auto a = http::answer_for_file(fields, facts->octets, "\"" + place_.id.substr(0, 16) + "\"", !head_);
    auto out = open_to_all(std::move(a.fields));
    out.push_back({"Content-Type", std::string(xmpp::shown_type(*facts))});
    out.push_back({"Content-Disposition", xmpp::disposition(*facts)});
    out.push_back({"Last-Modified", http::date_text(facts->stored)});
    out.push_back({"X-Content-Type-Options", "nosniff"});
    out.push_back({"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"});
    out.push_back({"Cross-Origin-Resource-Policy", "cross-origin"});
    out.push_back({"Cache-Control", "private, max-age=86400, immutable"});
    if (a.status == 304 || a.status == 416) return x.reply({a.status, std::move(out), {}});
    next_ = a.first;
    left_ = head_ ? 0 : a.length;
    x.begin(a.status, std::move(out), a.length);
    if (head_) return x.end();
    produce(x);
  }
  void give_piece(web_exchange& x, std::string_view octets) {
    asking_ = false;
    const auto skip = static_cast<std::size_t>(next_ % upload_piece_octets);
    // It has been removed meanwhile: the length was told, so the connection is all that can be broken off.
    if (octets.size() <= skip) return x.connection().abort("the file has gone");
    const auto part = octets.substr(skip, static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size() - skip)));
    next_ += part.size();
    left_ -= part.size();
    x.write(part);
    if (left_ == 0) x.end();
  }

  node& node_;
  foreign_files& foreign_;
  xmpp::upload_place place_;
  std::string owner_;
  std::uint64_t member_ = 0;               ///< the node that has it; 0: this one
  std::deque<std::string> ready_;          ///< came from there
  std::vector<std::pair<std::string, std::string>> asked_;
  std::uint64_t next_ = 0, left_ = 0;
  bool head_ = false, asking_ = false;
};

} // namespace

web_part make_upload_part(node& n, upload_service& service) {
  return [&n, &service, foreign = std::make_shared<foreign_files>(n)](const http_call& call) -> std::shared_ptr<web_task> {
    if (!call.path.starts_with(xmpp::upload_path)) return nullptr;
    auto place = xmpp::read_upload_target(call.path);
    if (call.method == "PUT" && place) return std::make_shared<upload_task>(n, service, foreign, std::move(*place));
    if (call.reads() && place) return std::make_shared<download_task>(n, *foreign, std::move(*place));
    return reading_part([place = place.has_value()](const http_call& c) -> std::optional<web_answer> {
      if (!place) return said(404, "there is nothing here");
      if (c.method == "OPTIONS") return preflight(std::string(methods));
      auto refusal = said(405, "files come by PUT and go by GET");
      refusal.fields.push_back({"Allow", std::string(methods)});
      return refusal;
    })(call);
  };
}

} // namespace rookery::actors
