#include "actors/queue/borrowed_connection.hpp"

#include "actors/net/connection.hpp"
#include "actors/net/messages.hpp"
#include "actors/queue/destination_actor.hpp"
#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/lent_frames.hpp"
#include "actors/queue/lent_octets.hpp"
#include "actors/queue/mail_over_stream.hpp"
#include "actors/system/held_session.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace rookery::actors {
namespace {

using milliseconds = std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

/// The other end of what is waited for is looked at so often.
constexpr milliseconds look_time{100};
constexpr queueing::connection_number connection = 1; ///< there is one here

class borrowed_connection {
public:
  borrowed_connection(volume_ptr volume, std::vector<std::unique_ptr<net::reactor>>& reactors, cluster::node_stream& stream)
      : volume_(std::move(volume)), reactors_(reactors), stream_(stream), self_(*volume_->system) {}

  void serve() {
    auto first = stream_.receive(lent_silence);
    if (!first || !*first || (*first)->type != static_cast<std::uint8_t>(lent_frame::way)) return;
    auto way = read_way((*first)->body, *volume_->delivery->get());
    if (!way) return say_over(unreached("this node has another configuration now"));
    const volume_work here(*volume_);
    if (!here) return say_over(unreached("this node closes"));
    open(std::move(*way));
    heard_ = said_ = steady::now();
    while (!done_) {
      hear(lenders_turn() ? look_time : milliseconds(0));
      if (!done_) attend(lenders_turn() ? milliseconds(0) : look_time);
      if (!done_) look();
    }
    self_->send(destination_, destination_idle{});
  }

private:
  bool lenders_turn() const { return take_.has_value() || end_.has_value(); }

  static connection_over unreached(const std::string& why) {
    connection_over out;
    out.how = queueing::close_reason::failed;
    out.why = {delivery::of_trouble(delivery::trouble::local, why), {}, false, false};
    out.unreached = true;
    return out;
  }

  void open(delivery::way way) {
    auto parts = std::make_shared<destination_parts>();
    parts->of = volume_.get();
    parts->destination = way.key;
    parts->dispatch = parts->record = caf::actor_cast<caf::actor>(self_);
    parts->reactors = &reactors_;
    parts->lent = true;
    destination_ = spawn_destination(*self_, std::move(parts));
    self_->monitor(destination_);
    open_connection o;
    o.slot.connection = connection;
    o.slot.destination = way.key;
    o.way = std::make_shared<const delivery::way>(std::move(way));
    self_->send(destination_, std::move(o));
  }

  void say(lent_frame what, std::string_view body) {
    said_ = steady::now();
    if (auto sent = stream_.send(static_cast<std::uint8_t>(what), body, mail_piece_time); !sent) break_off(sent.error().client.value);
  }
  void say_over(const connection_over& o) {
    done_ = true;
    (void)stream_.send(static_cast<std::uint8_t>(lent_frame::over), print_over(o), mail_piece_time);
  }

  /// What the lender has said, waiting `limit` for it.
  void hear(milliseconds limit) {
    while (!done_) {
      auto frame = stream_.receive(limit);
      if (!frame) return break_off(frame.error().client.value);
      if (!*frame) return;
      heard_ = steady::now();
      limit = milliseconds(0);
      if (!take(static_cast<lent_frame>((*frame)->type), (*frame)->body)) return break_off("the lender says what cannot be read");
    }
  }

  /// False: it does not belong here.
  bool take(lent_frame what, const std::string& body) {
    switch (what) {
    case lent_frame::alive: return true;
    case lent_frame::work: {
      if (!take_ || mail_) return false;
      mail_ = read_home_mail(body);
      octets_ = std::make_shared<lent_octets>(volume_->data_directory + "/spill");
      failed_.reset();
      return mail_.has_value();
    }
    case lent_frame::octets:
      if (!mail_) return false;
      if (!failed_)
        if (auto kept = octets_->append(body); !kept) failed_ = kept.error();
      return true;
    case lent_frame::end:
      if (!mail_) return false;
      give_work();
      return true;
    case lent_frame::no_work: {
      auto given = read_no_work(body, volume_->clock->wall());
      if (!take_ || mail_ || !given) return false;
      give(std::move(*given));
      return true;
    }
    case lent_frame::go:
      if (!end_) return true; // too late: the message was broken off
      answer_end(steady::now() - asked_ <= lent_go_time);
      return true;
    default: return false;
    }
  }

  void give(given_work given) {
    auto to = std::move(*take_);
    take_.reset();
    to.deliver(std::move(given));
  }

  void give_work() {
    given_work given;
    auto mail = std::move(*mail_);
    mail_.reset();
    if (failed_) { // this disk is no good for it: the connection ends, and the lender sends it otherwise
      base::log_event(base::severity::error, "delivery.not_borrowed").text("message", message_name(mail.message.id)).text("error", failed_->log.value);
      given.what = queueing::take_result::stop;
      return give(std::move(given));
    }
    static auto& borrowed = base::counter_named("rookery_delivery_borrowed_total", "", "Messages for other servers that this node was given by another node of the cluster to send");
    borrowed.add();
    given.what = queueing::take_result::work;
    given.work.number = ++transaction_;
    given.work.id = mail.message.id;
    given.work.queue = mail.message.queue;
    given.work.recipients.resize(mail.numbers.size());
    for (std::uint32_t i = 0; i < given.work.recipients.size(); ++i) given.work.recipients[i] = i;
    numbers_ = std::move(mail.numbers);
    given.message = std::make_shared<const storage::queue::envelope>(std::move(mail.message));
    given.octets = std::move(octets_);
    give(std::move(given));
  }

  void answer_end(bool may) {
    auto to = std::move(*end_);
    end_.reset();
    denied_ = !may;
    to.deliver(may);
  }

  /// What the connection and its destination say, waiting `limit` for it.
  void attend(milliseconds limit) {
    self_->receive(
        [this](const take_work& t) -> caf::result<given_work> {
          link_ = caf::actor_cast<caf::actor>(self_->current_sender());
          take_ = self_->make_response_promise<given_work>();
          const auto answer = *take_;
          auto wish = t;
          wish.recipients_max = std::min(t.recipients_max == 0 ? home_recipients_max : t.recipients_max, home_recipients_max);
          say(lent_frame::want, print(wish));
          return answer;
        },
        [this](const end_message&) -> caf::result<bool> {
          end_ = self_->make_response_promise<bool>();
          const auto answer = *end_;
          asked_ = steady::now();
          say(lent_frame::asks, {});
          return answer;
        },
        [this](const attempt_result_ptr& r) {
          auto out = *r;
          for (auto& one : out.recipients) {
            one.recipient = numbers_.at(one.recipient);
            // It was broken off by us, and says nothing about the destination.
            if (denied_ && one.as.what == delivery::fate::deferred) one.as.what = delivery::fate::at_once;
          }
          if (std::exchange(denied_, false)) out.how = queueing::end_reason::broken;
          if (end_) answer_end(true); // it is over without its end
          say(lent_frame::results, print_results(out));
        },
        [](const attempt_started&) {},
        [this](const connection_over& o) { say_over(o); },
        [this](const caf::down_msg&) { say_over(unreached("a fault of this server")); },
        caf::after(limit) >> [] {});
  }

  void look() {
    const auto now = steady::now();
    if (now - heard_ > lent_silence) return break_off("the lender is silent");
    // A connection that is there gets its farewell as all of the volume; one that is not yet is not waited for.
    const auto volumes = volumes_of(*volume_);
    if (!link_ && volumes && !volumes->find(volumes->id_of(*volume_))) return say_over(unreached("this node closes"));
    if (end_ && now - asked_ > lent_go_time) answer_end(false);
    if (now - said_ >= lent_alive_time) say(lent_frame::alive, {});
  }

  /// Nobody is there any more for whom mail is sent.
  void break_off(const std::string& why) {
    if (std::exchange(done_, true)) return;
    base::log_event(base::severity::notice, "delivery.borrowed_lost").number("node", static_cast<std::int64_t>(stream_.peer())).text("why", why);
    stream_.close();
    if (link_)
      caf::anon_send(link_, net::connection_task{std::make_shared<std::function<void()>>([c = link_] {
        if (auto* link = dynamic_cast<net::connection*>(caf::actor_cast<caf::abstract_actor*>(c))) link->abort("the node that has the queue is lost");
      })});
    if (end_) answer_end(false);
    if (take_) give({queueing::take_result::stop, {}, nullptr});
  }

  volume_ptr volume_;
  std::vector<std::unique_ptr<net::reactor>>& reactors_;
  cluster::node_stream& stream_;
  caf::scoped_actor self_;
  caf::actor destination_, link_;
  std::optional<caf::typed_response_promise<given_work>> take_;  ///< the connection waits for work
  std::optional<caf::typed_response_promise<bool>> end_;         ///< or for the end of its message
  std::optional<home_mail> mail_;                                ///< arrives
  std::shared_ptr<lent_octets> octets_;
  std::optional<base::error> failed_;
  std::vector<std::uint32_t> numbers_;                           ///< of the recipients of what is sent, in the lender's envelope
  std::uint64_t transaction_ = 0;
  steady::time_point heard_, said_, asked_;
  bool done_ = false, denied_ = false;
};

} // namespace

void take_lent_connection(volume_ptr volume, std::vector<std::unique_ptr<net::reactor>>& reactors, destination_board& board, std::unique_ptr<cluster::node_stream> stream) {
  if (!volume || volume->draining) return stream->refuse("this node has no volume open");
  if (!board.borrow()) return stream->refuse("this node takes no more connections of others");
  if (stream->accept()) borrowed_connection(std::move(volume), reactors, *stream).serve();
  board.give_back();
}

} // namespace rookery::actors
