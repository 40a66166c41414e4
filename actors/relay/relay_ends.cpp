#include "actors/relay/relay_ends.hpp"

#include "actors/net/messages.hpp"

namespace rookery::actors {
namespace {

constexpr std::size_t relay_octets_low = relay_octets_max / 2;

/// What both ends do alike.
class relay_end : public net::protocol {
public:
  explicit relay_end(std::shared_ptr<relay_pipe> pipe) : pipe_(std::move(pipe)) {}
  void tick(base::instant) override {}
  void step() override {}
  std::optional<base::instant> deadline() const override { return {}; }
  void tls_started(const connection_facts&, base::instant) override {}

protected:
  /// Takes what was sent out of a buffer, and lets who fills it read again.
  static void sent_of(base::buffer& from, std::size_t octets, const caf::actor& filler) {
    const bool full = from.size() >= relay_octets_low;
    from.consume(octets);
    if (from.empty()) from.release();
    if (full && from.size() < relay_octets_low) relay_pipe::wake(filler);
  }
  std::shared_ptr<relay_pipe> pipe_;
};

class client_end final : public relay_end {
public:
  using relay_end::relay_end;
  ~client_end() override { end(); }

  void begin(net::connection& c) override {
    relay_end::begin(c);
    pipe_->client = caf::actor_cast<caf::actor>(&c);
  }
  void feed(base::const_bytes in, base::instant) override {
    for (; !in.empty(); in.remove_prefix(std::min(in.size(), session_piece_octets))) cluster::append_frame(pipe_->to_home, session_octets, in.substr(0, session_piece_octets));
    relay_pipe::wake(pipe_->home);
  }
  base::const_bytes output() const override { return pipe_->to_client.view(); }
  void sent(std::size_t octets) override {
    if (octets == 0) return;
    pipe_->at_line_end = pipe_->to_client.view()[octets - 1] == '\n';
    sent_of(pipe_->to_client, octets, pipe_->home);
  }
  bool wants_input() const override { return pipe_->to_home.size() < relay_octets_max && !pipe_->over && !pipe_->lost; }
  bool closed() const override { return (pipe_->over || pipe_->lost) && pipe_->to_client.empty(); }
  /// Asked when the client has shut its side: the home answers what it has read, and ends.
  bool busy() const override {
    if (!pipe_->shut) {
      pipe_->shut = true;
      cluster::append_frame(pipe_->to_home, session_shut, {});
      relay_pipe::wake(pipe_->home);
    }
    return !closed();
  }
  void shut_down(base::instant) override {
    cluster::append_frame(pipe_->to_home, session_drain, {});
    relay_pipe::wake(pipe_->home);
  }
  void gone() override { end(); }

private:
  void end() {
    if (std::exchange(pipe_->client_gone, true)) return;
    relay_pipe::wake(pipe_->home);
    pipe_->client = nullptr;
  }
};

class home_end final : public relay_end {
public:
  home_end(std::shared_ptr<relay_pipe> pipe, std::string unread) : relay_end(std::move(pipe)), unread_(std::move(unread)) {}
  ~home_end() override { gone(); }

  void begin(net::connection& c) override {
    relay_end::begin(c);
    pipe_->home = caf::actor_cast<caf::actor>(&c);
    if (!unread_.empty()) feed(std::exchange(unread_, {}), c.now());
  }
  void feed(base::const_bytes in, base::instant) override {
    reader_.feed(in);
    while (auto f = reader_.next()) {
      if (f->type == session_octets) pipe_->to_client.append(f->body);
      else if (f->type == session_over) pipe_->over = true;
    }
    if (reader_.fault()) return link().abort("the other node sent what is no frame");
    relay_pipe::wake(pipe_->client);
  }
  base::const_bytes output() const override { return pipe_->to_home.view(); }
  void sent(std::size_t octets) override { sent_of(pipe_->to_home, octets, pipe_->client); }
  bool wants_input() const override { return pipe_->to_client.size() < relay_octets_max; }
  bool closed() const override { return pipe_->over || (pipe_->client_gone && pipe_->to_home.empty()); }
  /// The client's end is told by the node too, and asks the home to end.
  void shut_down(base::instant) override {}
  void gone() override {
    if (!pipe_->over && !pipe_->lost) pipe_->lose();
    pipe_->home = nullptr;
  }

private:
  std::string unread_;
  cluster::frame_reader reader_{session_piece_octets};
};

} // namespace

void relay_pipe::wake(const caf::actor& connection) {
  static const auto nothing = std::make_shared<std::function<void()>>([] {});
  if (connection) caf::anon_send(connection, net::connection_task{nothing});
}

void relay_pipe::lose() {
  if (lost || over) return;
  lost = true;
  const bool whole = to_client.empty() ? at_line_end : to_client.view().back() == '\n';
  // In the middle of an answer there is no place for it.
  if (whole && !shut) to_client.append(good_bye);
  wake(client);
  wake(home);
}

std::unique_ptr<net::protocol> make_client_end(std::shared_ptr<relay_pipe> pipe) { return std::make_unique<client_end>(std::move(pipe)); }
std::unique_ptr<net::protocol> make_home_end(std::shared_ptr<relay_pipe> pipe, std::string unread) {
  return std::make_unique<home_end>(std::move(pipe), std::move(unread));
}

} // namespace rookery::actors
