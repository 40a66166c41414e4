// A client is told of new mail, where its account or its domain wants that.
#include "actors/account/account_actor.hpp"
#include "actors/xmpp/c2s_host.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/writer.hpp"
#include "storage/mail/mailbox_view.hpp"

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds shard_time{30};

} // namespace

void c2s_host::watch_mail() {
  if (!router_.rules()->mail_notices(*entry_.account())) return;
  // An INBOX that nothing was in has another number when it is made.
  entry_.watch()->mailbox = watch_everything;
  link().ask<account_handles>(
      node_.shard_actor(entry_.id()), shard_time, open_account{entry_.id(), caf::actor_cast<caf::actor>(&link()), entry_.watch()},
      [this](const account_handles& opened) {
        if (!entry_.watch()) return;
        mail_ = opened.cell;
        const auto view = mail_->view();
        const auto* inbox = view->find("INBOX");
        mail_next_ = inbox == nullptr ? 1 : inbox->uid_next;
        // What came between the look and now was not told.
        look_at_mail();
      },
      [] {});
}

void c2s_host::look_at_mail() {
  if (!mail_ || left_) return;
  entry_.watch()->signaled = false;
  const auto view = mail_->view();
  const auto* inbox = view->find("INBOX");
  if (inbox == nullptr || inbox->uid_next <= mail_next_) return;
  const auto come = inbox->uid_next - mail_next_;
  mail_next_ = inbox->uid_next;
  auto address = chat_router::address_of(*entry_.account());
  auto m = xmpp::make_message("headline");
  m.set("from", address.domain).set("to", address.text());
  m.add("subject").add_text("New mail");
  m.add("body").add_text((come == 1 ? std::string("A message") : std::to_string(come) + " messages") + " came, " + std::to_string(inbox->unseen) +
                         " of your INBOX " + (inbox->unseen == 1 ? "is" : "are") + " not read.");
  session_.send(std::make_shared<const std::string>(xml::to_text(m, xmpp::space::client)));
}

} // namespace rookery::actors
