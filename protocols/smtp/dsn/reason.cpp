#include "protocols/smtp/dsn/report.hpp"

#include "base/text.hpp"

namespace rookery::smtp::dsn {

namespace {

struct row {
  std::string_view detail; ///< behind the class
  std::string_view english, german;
};

constexpr row rows[] = {
  {"1.0", "There is something wrong with the address", "Mit der Adresse stimmt etwas nicht"},
  {"1.1", "The recipient does not exist", "Den Empfänger gibt es nicht"},
  {"1.2", "The domain of the address does not exist", "Die Domain der Adresse gibt es nicht"},
  {"1.3", "The address is not written correctly", "Die Adresse ist falsch geschrieben"},
  {"1.4", "The address fits more than one recipient", "Die Adresse ist nicht eindeutig"},
  {"1.6", "The recipient has moved and left no new address", "Der Empfänger ist ohne neue Adresse umgezogen"},
  {"1.7", "The sender's address is not written correctly", "Die Absenderadresse ist falsch geschrieben"},
  {"1.8", "The other server does not accept the sender's address", "Der andere Server nimmt die Absenderadresse nicht an"},
  {"1.10", "The domain of the address takes no mail", "Die Domain der Adresse nimmt keine Mail an"},
  {"2.0", "There is something wrong with the mailbox", "Mit dem Postfach stimmt etwas nicht"},
  {"2.1", "The mailbox is disabled", "Das Postfach ist abgeschaltet"},
  {"2.2", "The mailbox is full", "Das Postfach ist voll"},
  {"2.3", "The message is too large for the mailbox", "Die Nachricht ist zu groß für das Postfach"},
  {"2.4", "The mailing list could not be expanded", "Die Verteilerliste konnte nicht aufgelöst werden"},
  {"3.0", "The other server has a problem", "Der andere Server hat ein Problem"},
  {"3.1", "The other server has no room left", "Auf dem anderen Server ist kein Platz mehr"},
  {"3.2", "The other server takes no mail at the moment", "Der andere Server nimmt zur Zeit keine Mail an"},
  {"3.3", "The other server cannot do what the message asks for", "Der andere Server kann nicht, was die Nachricht verlangt"},
  {"3.4", "The message is too large for the other server", "Die Nachricht ist zu groß für den anderen Server"},
  {"3.5", "A mail server is not set up correctly", "Ein Mailserver ist falsch eingerichtet"},
  {"4.0", "The other server could not be reached", "Der andere Server war nicht zu erreichen"},
  {"4.1", "The other server does not answer", "Der andere Server antwortet nicht"},
  {"4.2", "The connection to the other server broke", "Die Verbindung zum anderen Server ist abgebrochen"},
  {"4.3", "The directory that knows the way could not be asked", "Das Verzeichnis, das den Weg kennt, war nicht zu befragen"},
  {"4.4", "There is no way to the other server", "Es gibt keinen Weg zum anderen Server"},
  {"4.5", "The other server has too much to do", "Der andere Server ist überlastet"},
  {"4.6", "The message went round in a circle", "Die Nachricht lief im Kreis"},
  {"4.7", "The time for the delivery is over", "Die Zeit für die Zustellung ist abgelaufen"},
  {"5.0", "The other server did not understand", "Der andere Server hat nicht verstanden"},
  {"5.3", "There are too many recipients", "Es sind zu viele Empfänger"},
  {"6.0", "There is something wrong with the content", "Mit dem Inhalt stimmt etwas nicht"},
  {"6.1", "The other server does not take this kind of content", "Der andere Server nimmt solche Inhalte nicht an"},
  {"6.2", "The content had to be converted, which is forbidden", "Der Inhalt hätte umgewandelt werden müssen, was nicht erlaubt ist"},
  {"6.3", "The content cannot be converted for the other server", "Der Inhalt lässt sich für den anderen Server nicht umwandeln"},
  {"6.7", "The other server takes no addresses with such letters", "Der andere Server nimmt Adressen mit solchen Buchstaben nicht an"},
  {"7.0", "The other server refuses the message by its rules", "Der andere Server lehnt die Nachricht nach seinen Regeln ab"},
  {"7.1", "The message is not permitted", "Die Nachricht ist nicht erlaubt"},
  {"7.2", "The sender may not write to this mailing list", "Der Absender darf nicht an diese Verteilerliste schreiben"},
  {"7.4", "A needed protection is not available", "Ein nötiger Schutz ist nicht verfügbar"},
  {"7.5", "The encryption failed", "Die Verschlüsselung ist gescheitert"},
  {"7.8", "Our login at the other server was refused", "Unsere Anmeldung beim anderen Server wurde abgelehnt"},
  {"7.10", "The other server cannot be reached with the needed encryption", "Der andere Server ist nicht mit der nötigen Verschlüsselung zu erreichen"},
  {"7.20", "The signature of the message did not pass", "Die Signatur der Nachricht wurde nicht anerkannt"},
  {"7.23", "The sender's domain does not permit this server (SPF)", "Die Domain des Absenders erlaubt diesen Server nicht (SPF)"},
  {"7.26", "The sender could not be verified", "Der Absender ließ sich nicht bestätigen"},
  {"7.30", "The other server does not keep the message encrypted (REQUIRETLS)", "Der andere Server hält die Nachricht nicht verschlüsselt (REQUIRETLS)"},
};

constexpr row classes[] = {
  {"2", "The message was delivered", "Die Nachricht wurde zugestellt"},
  {"4", "The message could not be delivered yet", "Die Nachricht konnte noch nicht zugestellt werden"},
  {"5", "The message could not be delivered", "Die Nachricht konnte nicht zugestellt werden"},
};

} // namespace

std::string_view reason(std::string_view status, std::string_view language) noexcept {
  const bool german = base::iequals(language.substr(0, 2), "de");
  if (status.size() > 2 && status.front() != '2')
    for (const auto& r : rows)
      if (status.substr(2) == r.detail) return german ? r.german : r.english;
  for (const auto& c : classes)
    if (status.starts_with(c.detail)) return german ? c.german : c.english;
  return german ? classes[2].german : classes[2].english;
}

} // namespace rookery::smtp::dsn
