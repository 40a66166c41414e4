/// Any octets as every kind of field value.
#include "base/check.hpp"
#include "protocols/charset/decoder.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/charset/normal_form.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/builder.hpp"
#include "protocols/mime/content.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/preview.hpp"
#include "protocols/mime/summary.hpp"
#include "protocols/mime/surrogate.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  const auto words = encoding::decode_words(in);
  base::check(charset::valid_utf8(words), "decoded words are UTF-8");
  base::check(charset::valid_utf8(charset::fold_for_search(words)), "folded text is UTF-8");
  base::check(charset::valid_utf8(mime::base_subject(words).text) || words.size() > 2'000, "a base subject is UTF-8");
  base::check(encoding::decode_words(encoding::encode_words(charset::repaired_utf8(words))) == words, "words written are read again");
  int depth = 0;
  for (const auto& a : mime::read_addresses(in)) {
    depth += a.kind == mime::address_kind::group_begin ? 1 : a.kind == mime::address_kind::group_end ? -1 : 0;
    base::check(depth == 0 || depth == 1, "groups do not nest");
    (void)a.text();
  }
  if (const auto d = mime::read_date(in)) {
    const auto again = mime::read_date(mime::write_date(d->utc(), d->zone_minutes));
    base::check(d->utc() < base::from_milliseconds(0) || d->year > 9998 || (again && again->utc() == d->utc()), "a date written is read again");
  }
  for (const auto& p : mime::read_content_type(in).parameters) base::check(charset::valid_utf8(p.decoded()), "parameters are UTF-8");
  (void)mime::read_content_disposition(in);
  (void)mime::for_each_message_id(in, [](const std::string& id) { base::check(!id.empty(), "an id is something"); });
  const auto half = in.substr(0, size / 2), rest = in.substr(size / 2);
  std::string whole, cut;
  encoding::quoted_printable_decoder a, b;
  a.decode(in, whole), a.finish(whole);
  b.decode(half, cut), b.decode(rest, cut), b.finish(cut);
  base::check(whole == cut, "quoted-printable does not mind cuts");
  if (const auto octets = encoding::base64_decode(in)) base::check(encoding::base64_encode(*octets) == in, "base64 has one form");
  if (const auto name = charset::from_modified_utf7(in)) base::check(charset::to_modified_utf7(*name) == in, "a mailbox name has one form");
  (void)charset::domain_to_ascii(in);
  (void)charset::domain_to_unicode(in);
  const auto name_end = in.find('\n');
  if (name_end != std::string_view::npos) base::check(charset::valid_utf8(charset::to_utf8(in.substr(0, name_end), in.substr(name_end + 1))), "decoded text is UTF-8");
  base::check(charset::valid_utf8(mime::preview_of_html(charset::repaired_utf8(in), 200)), "a preview is UTF-8");
  const auto field = mime::folded_field("Subject", in);
  base::check(mime::header_reader(field).next()->raw.size() == field.size(), "a value adds no field");
  const auto composed = charset::to_nfc(charset::repaired_utf8(in));
  base::check(charset::valid_utf8(composed) && charset::to_nfc(composed) == composed, "a normal form is its own");
  const auto letter = charset::repaired_utf8(in);
  const auto header = std::string_view(letter).substr(0, mime::header_length(letter));
  const auto shown = mime::surrogate_header(header);
  base::check(charset::is_ascii(shown), "a surrogate is ASCII");
  base::check(!charset::is_ascii(header) || shown == header, "an ASCII header is its own surrogate");
  return 0;
}
