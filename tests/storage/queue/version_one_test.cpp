// Octets that the first version wrote: they are read for ever.
#include "base/text.hpp"
#include "tests/storage/queue/spool_support.hpp"

namespace rookery::storage::queue {
namespace {

std::string octets(std::string_view hex) { return base::from_hex(hex).value(); }

const char* const accepted_hex =
  "010184030000000000000107000000000000000f616e6e406578616d706c652e6e65740672656d6f74650208515133313431353901"
  "09000000000000000000581b000000000000e8030000000000000c0000000000000003616e6e093139322e302e322e3712636c6965"
  "6e742e6578616d706c652e6e657402733106583a20790d0a0000000000000000000000000000000000000000000000000000000000"
  "00000000000000000000000000000000020f626f62406578616d706c652e6f726704167266633832323b626f62406578616d706c65"
  "2e6f726700000000000000000000000f63656d406578616d706c652e636f6d00000000000000000000000000";
const char* const deferred_hex = "080185030000000000000701282300000000000009343531206c61746572";
// "m", the id; and what a tree had under it when both commands were applied.
const char* const key_hex = "6d0000000000000007";
const char* const record_hex =
  "0107000000000000000f616e6e406578616d706c652e6e65740672656d6f7465020851513331343135390109000000000000000000"
  "581b000000000000e8030000000000000c0000000000000003616e6e093139322e302e322e3712636c69656e742e6578616d706c65"
  "2e6e657402733106583a20790d0a007902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451010000009"
  "81b0000f401000002020f626f62406578616d706c652e6f726704167266633832323b626f62406578616d706c652e6f72670000000"
  "0000000000000000f63656d406578616d706c652e636f6d00000000282300000000000009343531206c61746572";
const char* const body_key_hex = "620000000100001b980000000000000007";
const char* const counts_hex = "01010002fa03";
const char* const state_hex = "012c010000010000000700000000000000";
const char* const page_hex = "010f723634406578616d706c652e6f7267000000030000000000000000053435302078";

const body_ref content{base::sha256("7"), 1, 7064, 500};

void expect_the_message(const spool& s) {
  const auto m = s.machine->view()->find(base::message_id(7));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->sender, "ann@example.net");
  EXPECT_EQ(m->queue, "remote");
  EXPECT_EQ(m->envid, "QQ314159");
  EXPECT_EQ(m->ret, dsn_return::headers);
  EXPECT_EQ(m->body, body_type::eight_bit_mime);
  EXPECT_TRUE(m->smtputf8 && m->deliver_by_return && !m->held && !m->requiretls && !m->deliver_by_trace);
  EXPECT_EQ(m->deliver_by, base::from_milliseconds(7000));
  EXPECT_EQ(m->received, base::from_milliseconds(1000));
  EXPECT_EQ(m->account.value, 12u);
  EXPECT_EQ(m->session, "s1");
  EXPECT_EQ(m->prefix, "X: y\r\n");
  EXPECT_EQ(m->content, content);
  EXPECT_EQ(m->origin, message_origin::mail);
  EXPECT_EQ(m->subject, "");
  EXPECT_EQ(m->route, message_route{});
  ASSERT_EQ(m->recipients.size(), 2u);
  EXPECT_EQ(m->recipients[0].orcpt, "rfc822;bob@example.org");
  EXPECT_EQ(m->recipients[0].notify, notify::failure);
  EXPECT_EQ(m->recipients[1].address, "cem@example.com");
  EXPECT_EQ(m->recipients[1].last_answer, "451 later");
  EXPECT_EQ(m->recipients[1].next_attempt, base::from_milliseconds(9000));
  EXPECT_EQ(m->recipients[1].last_attempt, base::wall_time{});
  EXPECT_FALSE(m->recipients[1].delay_told);
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolVersionOne, CommandsInALogAreApplied) {
  spool s;
  EXPECT_EQ(s.apply_octets(octets(accepted_hex), content).what, outcome::done);
  EXPECT_EQ(s.apply_octets(octets(deferred_hex)).what, outcome::done);
  expect_the_message(s);
}

TEST(SpoolVersionOne, ATreeIsOpenedAndBecomesOneOfToday) {
  spool s;
  s.machine.reset();
  s.disk->overwrite(octets(key_hex), octets(record_hex));
  s.disk->overwrite(octets(body_key_hex), "");
  s.disk->overwrite("qremote", octets(counts_hex));
  s.disk->overwrite("s", octets(state_hex));
  s.open();
  EXPECT_EQ(s.machine->last_id().value, 7u);
  EXPECT_EQ(s.machine->flushed(), (log_position{1, 300}));
  expect_the_message(s);
  const auto before = text(*s.machine->view()->find(base::message_id(7)));
  s.apply(hold{base::message_id(7), "x"});
  s.apply(release{base::message_id(7)});
  ASSERT_TRUE(s.machine->flush(true));
  s.open();
  EXPECT_EQ(text(*s.machine->view()->find(base::message_id(7))), before);
  EXPECT_EQ(s.disk->content().at(octets(key_hex))[0], 2);
  EXPECT_TRUE(s.machine->check().empty());
}

TEST(SpoolVersionOne, APageOfRecipientsIsRead) {
  spool s;
  s.accept(sample(7, 65));
  ASSERT_TRUE(s.machine->flush(true));
  s.disk->overwrite(page_key(base::message_id(7), 1), octets(page_hex));
  const auto m = s.machine->view()->find(base::message_id(7));
  ASSERT_EQ(m->recipients.size(), 65u);
  EXPECT_EQ(m->recipients[64].address, "r64@example.org");
  EXPECT_EQ(m->recipients[64].attempts, 3u);
  EXPECT_EQ(m->recipients[64].last_answer, "450 x");
}

TEST(SpoolVersionOne, WhatIsNewerThanThisProgramIsRefused) {
  spool s;
  auto newer = octets(accepted_hex);
  newer[10] = static_cast<char>(envelope_version + 1);
  EXPECT_EQ(s.apply_octets(newer, content).what, outcome::malformed);
  s.machine.reset();
  auto state = octets(state_hex);
  state[0] = 3;
  s.disk->overwrite("s", state);
  const auto opened = spool_machine::open(open_memory_tree(s.disk));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::error_kind::unsupported);
}

} // namespace
} // namespace rookery::storage::queue
