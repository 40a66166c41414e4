// The built-in texts. Operators may replace them by files of the same form.
#include "protocols/smtp/dsn/report.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <array>

namespace rookery::smtp::dsn {

namespace {

constexpr std::string_view failed_en = R"(Subject: Not delivered: $(subject)

This is the mail system at $(host).

Your message could not be delivered to the recipients below. It will not
be tried again. Please check the addresses; if you need help, write to
$(postmaster) and send this report along.

   Subject: $(subject)
   Sent: $(arrival)
$(each)

<$(recipient)>
   $(reason).
   First addressed to: $(original_recipient)
   $(explanation)
   The server $(remote_host) was asked.
   It said: $(diagnostic)
   Last attempt: $(last_attempt)
$(end)
)";

constexpr std::string_view delayed_en = R"(Subject: Delayed: $(subject)

This is the mail system at $(host).

Your message has not been delivered to the recipients below yet. You need
NOT send it again: it will be tried further.

   Subject: $(subject)
   Sent: $(arrival)
$(each)

<$(recipient)>
   $(reason).
   First addressed to: $(original_recipient)
   $(explanation)
   The server $(remote_host) was asked.
   It said: $(diagnostic)
   It will be tried until: $(retry_until)
$(end)
)";

constexpr std::string_view relayed_en = R"(Subject: On its way: $(subject)

This is the mail system at $(host).

Your message was passed on to a server that does not confirm deliveries.
There will be no other confirmation.

   Subject: $(subject)
   Sent: $(arrival)
$(each)

<$(recipient)>
   First addressed to: $(original_recipient)
   Passed on to: $(remote_host)
$(end)
)";

constexpr std::string_view expanded_en = R"(Subject: Passed on: $(subject)

This is the mail system at $(host).

Your message was passed on to the several addresses that stand behind those
below. There will be no other confirmation.

   Subject: $(subject)
   Sent: $(arrival)
$(each)

<$(recipient)>
   First addressed to: $(original_recipient)
$(end)
)";

constexpr std::string_view delivered_en = R"(Subject: Delivered: $(subject)

This is the mail system at $(host).

Your message was delivered to the recipients below.

   Subject: $(subject)
   Sent: $(arrival)
$(each)

<$(recipient)>
   First addressed to: $(original_recipient)
$(end)
)";

constexpr std::string_view failed_de = R"(Subject: Nicht zugestellt: $(subject)

Dies ist das Mailsystem auf $(host).

Ihre Nachricht konnte den unten genannten Empfängern nicht zugestellt
werden. Es wird nicht weiter versucht. Bitte prüfen Sie die Adressen; wenn
Sie Hilfe brauchen, schreiben Sie an $(postmaster)
und senden Sie diesen Bericht mit.

   Betreff: $(subject)
   Gesendet: $(arrival)
$(each)

<$(recipient)>
   $(reason).
   Ursprünglich gerichtet an: $(original_recipient)
   $(explanation)
   Gefragt wurde der Server $(remote_host).
   Er sagte: $(diagnostic)
   Letzter Versuch: $(last_attempt)
$(end)
)";

constexpr std::string_view delayed_de = R"(Subject: Verzögert: $(subject)

Dies ist das Mailsystem auf $(host).

Ihre Nachricht konnte den unten genannten Empfängern noch nicht zugestellt
werden. Sie brauchen sie NICHT noch einmal zu senden: es wird weiter versucht.

   Betreff: $(subject)
   Gesendet: $(arrival)
$(each)

<$(recipient)>
   $(reason).
   Ursprünglich gerichtet an: $(original_recipient)
   $(explanation)
   Gefragt wurde der Server $(remote_host).
   Er sagte: $(diagnostic)
   Es wird versucht bis: $(retry_until)
$(end)
)";

constexpr std::string_view relayed_de = R"(Subject: Unterwegs: $(subject)

Dies ist das Mailsystem auf $(host).

Ihre Nachricht wurde an einen Server weitergegeben, der Zustellungen nicht
bestätigt. Es kommt keine weitere Bestätigung.

   Betreff: $(subject)
   Gesendet: $(arrival)
$(each)

<$(recipient)>
   Ursprünglich gerichtet an: $(original_recipient)
   Weitergegeben an: $(remote_host)
$(end)
)";

constexpr std::string_view expanded_de = R"(Subject: Weitergegeben: $(subject)

Dies ist das Mailsystem auf $(host).

Ihre Nachricht wurde an die Adressen weitergegeben, die hinter den unten
genannten stehen. Es kommt keine weitere Bestätigung.

   Betreff: $(subject)
   Gesendet: $(arrival)
$(each)

<$(recipient)>
   Ursprünglich gerichtet an: $(original_recipient)
$(end)
)";

constexpr std::string_view delivered_de = R"(Subject: Zugestellt: $(subject)

Dies ist das Mailsystem auf $(host).

Ihre Nachricht wurde den unten genannten Empfängern zugestellt.

   Betreff: $(subject)
   Gesendet: $(arrival)
$(each)

<$(recipient)>
   Ursprünglich gerichtet an: $(original_recipient)
$(end)
)";

using text_set = std::array<mime::text_template, 5>;

text_set read(std::array<std::string_view, 5> files) {
  text_set set;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto text = mime::read_template(files[i], text_macros());
    base::check(text.ok(), "a built-in text keeps the rules of texts");
    set[i] = std::move(*text);
  }
  return set;
}

std::size_t place(action a) {
  switch (a) {
  case action::failed: return 0;
  case action::delayed: return 1;
  case action::expanded: return 2;
  case action::relayed: return 3;
  case action::delivered: break;
  }
  return 4;
}

} // namespace

const mime::text_template& built_in_text(action a, std::string_view language) {
  static const text_set english = read({failed_en, delayed_en, expanded_en, relayed_en, delivered_en});
  static const text_set german = read({failed_de, delayed_de, expanded_de, relayed_de, delivered_de});
  return (base::iequals(language.substr(0, 2), "de") ? german : english)[place(a)];
}

} // namespace rookery::smtp::dsn
