#include "protocols/smtp/dsn/received_report.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp::dsn {
namespace {

std::string printed(const std::optional<received_report>& r) {
  if (!r) return "none";
  std::string out = r->reporting_mta + " " + r->envelope_id + " " + r->original_message_id;
  for (const auto& one : r->recipients)
    out += "; " + (one.what ? std::string(name(*one.what)) : "?") + " " + one.status + " <" + one.final_recipient + "> <" +
           one.original_recipient + "> " + one.remote_mta + " " + one.diagnostic;
  return out;
}

TEST(DsnRead, ReadsTheStatusPart) {
  struct row {
    const char *what, *content, *printed;
  };
  const row rows[] = {
    {"RFC 3464, appendix D.2", "Reporting-MTA: dns; cs.utk.edu\r\n\r\nOriginal-Recipient: rfc822;arathib@vnet.ibm.com\r\n"
     "Final-Recipient: rfc822;arathib@vnet.ibm.com\r\nAction: failed\r\nStatus: 5.0.0 (permanent failure)\r\n"
     "Diagnostic-Code: smtp; 550 'arathib@vnet.IBM.COM' is not a\r\n registered gateway user\r\nRemote-MTA: dns; vnet.ibm.com\r\n\r\n"
     "Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\nFinal-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\nAction: delayed\r\n"
     "Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)\r\n",
     "cs.utk.edu  ; failed 5.0.0 <arathib@vnet.ibm.com> <arathib@vnet.ibm.com> vnet.ibm.com 550 'arathib@vnet.IBM.COM' is not a registered gateway user"
     "; delayed 4.0.0 <johnh@hpnjld.njd.hp.com> <johnh@hpnjld.njd.hp.com>  "},
    {"LF alone, no empty line between, words in capitals", "REPORTING-MTA: DNS;mx\nfinal-recipient: RFC822;a@b\naction: DELIVERED\nstatus: 2.1.5\n",
     "mx  ; delivered 2.1.5 <a@b> <>  "},
    {"several empty lines", "Original-Envelope-Id: E7\n\n\n\nFinal-Recipient: rfc822; a@b\nAction: relayed\n\n\n", " E7 ; relayed  <a@b> <>  "},
    {"international", "Reporting-MTA: dns;x\r\n\r\nFinal-Recipient: utf-8; ma\\x{F1}ana@x\r\nOriginal-Recipient: rfc822;a+2Bb@x\r\nAction: expanded\r\nStatus: 2.0.0\r\n",
     "x  ; expanded 2.0.0 <mañana@x> <a+b@x>  "},
    {"unknown words", "Final-Recipient: rfc822;a@b\nAction: vanished\nStatus: 5.1\n", "  ; ?  <a@b> <>  "},
    {"a status of another class", "Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 9.1.1\n", "  ; failed  <a@b> <>  "},
    {"nobody", "Reporting-MTA: dns;mx\n", "none"},
    {"nothing", "", "none"},
    {"no fields", "hello\n\nworld\n", "none"},
  };
  for (const auto& r : rows) EXPECT_EQ(r.printed, printed(read_status(r.content))) << r.what;
}

TEST(DsnRead, TakesARecipientLimit) {
  std::string content = "Reporting-MTA: dns;mx\n";
  for (int i = 0; i < 1'500; ++i) content += "\nFinal-Recipient: rfc822;a@b\nAction: failed\n";
  EXPECT_EQ(received_recipients_max, read_status(content)->recipients.size());
}

TEST(DsnRead, FindsTheStatusInAMessage) {
  const std::string head = "From: x\r\nContent-Type: multipart/report; report-type=\"delivery-status\"; boundary=b\r\n\r\n";
  const std::string status = "Reporting-MTA: dns;mx\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n";
  EXPECT_EQ("mx  <m1@x>; failed 5.1.1 <a@b> <>  ",
            printed(read_report(head + "--b\r\n\r\nhello\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + status +
                                "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <m1@x>\r\n\r\nbody\r\n--b--\r\n")));
  // Encoded, headers only, and the report cut off behind them.
  EXPECT_EQ("mx  <m2@x>; failed 5.1.1 <a@b> <>  ",
            printed(read_report(head + "--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                                "UmVwb3J0aW5nLU1UQTogZG5zO214DQoNCkZpbmFsLVJlY2lwaWVudDogcmZjODIyO2FAYg0KQWN0\r\n"
                                "aW9uOiBmYWlsZWQNClN0YXR1czogNS4xLjENCg==\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
                                "Message-ID: <m2@x>\r\nSubject: y")));
  EXPECT_EQ("none", printed(read_report("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + status)));
  EXPECT_EQ("none", printed(read_report("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n"
                                        "Content-Type: message/delivery-status\r\n\r\n" + status)));
  EXPECT_EQ("none", printed(read_report(head + "--b\r\n\r\nnothing else\r\n--b--\r\n")));
  EXPECT_EQ("none", printed(read_report("")));
}

TEST(DsnRead, ReadsWhatWeWrite) {
  report r;
  r.reporting_mta = "mx.example.net";
  r.envelope_id = "E+2B1";
  r.from = {"mailer-daemon", "example.net"};
  r.to = {"ann", "example.net"};
  r.message_id = "1@x";
  r.boundary = "ABCDEFGHIJKLMNOPQRSTUVWX";
  r.what = returned::full;
  recipient one;
  one.address = {"b ob", "example.org"};
  one.original_recipient = "utf-8;m\\x{F1}@example.org";
  one.what = action::delayed;
  one.status = "4.2.2";
  one.diagnostic = "452 4.2.2 full";
  one.remote_mta = "mx.example.org";
  r.recipients = {one};
  const std::string_view language = "de";
  const auto text = built_in_text(action::delayed, language);
  const auto w = write(r, {&text, 1}, {&language, 1});
  EXPECT_EQ("mx.example.net E+1 <m7@x>; delayed 4.2.2 <\"b ob\"@example.org> <mñ@example.org> mx.example.org 452 4.2.2 full",
            printed(read_report(w.before + "Message-ID: <m7@x>\r\n\r\nbody" + w.after)));
}

} // namespace
} // namespace rookery::smtp::dsn
