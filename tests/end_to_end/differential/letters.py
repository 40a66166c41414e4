"""Messages for comparing servers: the same for the same seed, of many shapes, all well-formed.

Left out is where Dovecot goes its own way: it counts the CRLF before a delimiter (RFC 2046 §5.1.1) to a multipart that ends
there, gives every text part a charset, and does not look for words of the body in the headers of parts.
"""
import base64, email.utils, quopri, random

WORDS = ("apple", "Budget", "crane", "Delivery", "ember", "Frost", "garden", "Harbour", "island", "Juniper", "kettle", "Lantern", "meadow")
PEOPLE = (("Ann Example", "ann", "a.example"), ("", "bob", "b.example"), ("Carol, Dr.", "carol", "c.example"), ("Grüße Wörter", "dora", "a.example"),
          ("Émile Zola", "emile", "paris.example"), ("o'Neil \"Jim\"", "jim", "b.example"))
TYPES = ("application/pdf", "image/png", "application/json", "application/octet-stream")


def word(rng, n=1):
    return " ".join(rng.choice(WORDS) for _ in range(n))


def encoded(text):
    return text if text.isascii() else "=?utf-8?q?%s?=" % quopri.encodestring(text.encode(), header=True).decode().replace(" ", "_").replace("?", "=3F").replace("=\n", "")


def address(person):
    name, local, domain = person
    if not name:
        return "%s@%s" % (local, domain)
    if name.isascii():
        return '"%s" <%s@%s>' % (name.replace("\\", "\\\\").replace('"', '\\"'), local, domain)
    return "%s <%s@%s>" % (encoded(name), local, domain)


def text_part(rng, kind="plain", head=""):
    text = "\r\n".join(word(rng, rng.randrange(1, 9)) for _ in range(rng.randrange(1, 12))) + "\r\n"
    if kind == "html":
        text = "<html><body><p>%s</p></body></html>\r\n" % text
    how = rng.randrange(3)
    if how == 0:
        return "Content-Type: text/%s; charset=us-ascii\r\n%s\r\n%s" % (kind, head, text)
    text += "Grüße aus Köln\r\n"
    if how == 1:
        body = quopri.encodestring(text.replace("\r\n", "\n").encode()).decode().replace("\n", "\r\n")
        return "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n%s\r\n%s" % (kind, head, body)
    body = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return "Content-Type: text/%s; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n%s\r\n%s" % (kind, head, body)


def attachment(rng):
    body = base64.encodebytes(rng.randbytes(rng.randrange(1, 400))).decode().replace("\n", "\r\n")
    name = "file-%d.bin" % rng.randrange(100)
    return ("Content-Type: %s; name=\"%s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"%s\"\r\n"
            "Content-ID: <%d@parts.example>\r\nContent-Description: %s\r\n\r\n%s" % (rng.choice(TYPES), name, name, rng.randrange(10**6), "an enclosure", body))


def multipart(rng, depth=0):
    boundary = "b%d_%d" % (depth, rng.randrange(10**9))
    kind = rng.choice(("mixed", "alternative", "related"))
    parts = [text_part(rng)]
    if kind == "alternative":
        parts.append(text_part(rng, "html"))
    for _ in range(rng.randrange(0, 3)):
        parts.append(attachment(rng))
    if depth < 2 and rng.random() < 0.3:
        parts.append(multipart(rng, depth + 1))
    if rng.random() < 0.2:
        parts.append("Content-Type: message/rfc822\r\n\r\n" + letter(rng, 0, [], depth + 1))
    return "Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n%s--%s--\r\n" % (
        kind, boundary, "".join("--%s\r\n%s\r\n" % (boundary, p) for p in parts), boundary)


def letter(rng, number, before, depth=0):
    """`before`: (id, subject) of earlier ones, to answer."""
    sender = rng.choice(PEOPLE)
    mine = "<%d.%d@letters.example>" % (number, rng.randrange(10**9))
    within = depth > 0
    subject, answers = "enclosed" if within else word(rng, rng.randrange(1, 5)), ""
    if before and rng.random() < 0.5:
        told, subject = rng.choice(before)
        subject = rng.choice(("Re: ", "RE: ", "Fwd: ", "Re: Re: ")) + subject
        answers = "In-Reply-To: %s\r\nReferences: %s\r\n" % (told, told)
    elif not within and rng.random() < 0.2:
        subject += " Grüße"
    before.append((mine, subject))
    head = "Date: %s\r\nFrom: %s\r\nTo: %s\r\n" % (
        email.utils.format_datetime(email.utils.parsedate_to_datetime("Mon, 05 Jan 2026 10:00:00 +0%d00" % rng.randrange(4)).replace(
            month=rng.randrange(1, 13), day=rng.randrange(1, 28), hour=rng.randrange(24), second=rng.randrange(60))),
        address(sender), ", ".join(address(p) for p in rng.sample(PEOPLE, rng.randrange(1, 4))))
    if rng.random() < 0.4:
        head += "Cc: %s\r\n" % address(rng.choice(PEOPLE))
    if rng.random() < 0.2:
        head += "Bcc: %s\r\nReply-To: %s\r\n" % (address(rng.choice(PEOPLE)), address(rng.choice(PEOPLE)))
    head += "Subject: %s\r\nMessage-ID: %s\r\n%sMIME-Version: 1.0\r\n" % (encoded(subject), mine, answers)
    if not within and rng.random() < 0.3:
        head += "X-Keyword: %s\r\n" % word(rng)
    return head + (multipart(rng, depth) if rng.random() < 0.5 else text_part(rng))


def letters(count, seed):
    rng, before = random.Random(seed), []
    return [letter(rng, i, before).encode() for i in range(count)]
