#include "actors/queue/seven_bit_stream.hpp"
#include "storage/file/file_system.hpp"
#include "storage/node/node_store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace rookery::actors {
namespace {

using mime::seven_bit_verdict;

/// A store with messages in its spool.
class seven_bit_stream_test : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/seven_bit_XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    auto opened = storage::node_store::open(directory_ + "/data", true);
    ASSERT_TRUE(opened) << opened.error().log.value;
    store_ = std::move(*opened);
    bodies_ = std::make_shared<storage::body_reader>(storage::posix_file_system(), store_->log_directory());
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::shared_ptr<const storage::queue::envelope> stored(const std::string& prefix, const std::string& text) {
    storage::queue::envelope m;
    m.id = base::message_id(store_->spool->last_id().value + 1);
    m.sender = "ann@example.test";
    m.prefix = prefix;
    m.recipients.emplace_back().address = "bob@remote.example";
    const auto id = m.id;
    storage::commit_group group;
    const auto octets = std::make_shared<const std::string>(text);
    group.bodies.push_back({octets, -1, static_cast<std::uint32_t>(octets->size()), base::sha256(*octets)});
    group.commands.push_back({storage::spool_shard, 1, storage::queue::encode({base::wall_time{}, storage::queue::accepted{std::move(m)}}), {0}});
    EXPECT_TRUE(store_->commit(group));
    auto found = store_->spool->view()->find(id);
    return found ? std::make_shared<const storage::queue::envelope>(std::move(*found)) : nullptr;
  }
  seven_bit_stream stream_of(const std::shared_ptr<const storage::queue::envelope>& m) { return {bodies_, m}; }

  std::string directory_;
  std::unique_ptr<storage::node_store> store_;
  std::shared_ptr<storage::body_reader> bodies_;
};

constexpr const char* trace = "Received: from client by mx.example.test; Mon, 1 Jan 2024 00:00:00 +0000\r\n";
constexpr const char* head = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

TEST_F(seven_bit_stream_test, GivesWhatAConversionInMemoryGivesInSmallPieces) {
  std::string mostly = head, some = head;
  for (int i = 0; mostly.size() < 3'000'000; ++i) {
    mostly += "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac " + std::to_string(i) + "\r\n"; // base64
    some += "A line of text, and one \xc3\xa4 in it, number " + std::to_string(i) + "\r\n"; // quoted-printable
  }
  for (const auto& text : {mostly, some, std::string(head) + "\xc3\xa4\r\n", std::string("Subject: x\r\n\r\nplain\r\n")}) {
    auto stream = stream_of(stored(trace, text));
    const auto verdict = stream.survey();
    ASSERT_TRUE(verdict);
    ASSERT_TRUE(*verdict == seven_bit_verdict::convertible || *verdict == seven_bit_verdict::clean);
    std::string out;
    for (;;) {
      const auto piece = stream.next();
      ASSERT_TRUE(piece) << piece.error().log.value;
      if (piece->empty()) break;
      EXPECT_LE(piece->size(), 4 * seven_bit_stream::piece_octets);
      out += *piece;
    }
    EXPECT_EQ(out, mime::to_seven_bit(trace + text).value_or("none"));
    EXPECT_LE(out.size(), stream.octets_estimate() + stream.octets_estimate() / 10);
    EXPECT_TRUE(stream.next().value_or("more").empty()) << "the end stays the end";
  }
}

TEST_F(seven_bit_stream_test, SaysWhatCannotBeConverted) {
  auto stream = stream_of(stored("", "Content-Transfer-Encoding: x-mine\r\n\r\n\xc3\xa4\r\n"));
  const auto verdict = stream.survey();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, seven_bit_verdict::unknown_encoding);
}

TEST_F(seven_bit_stream_test, AMessageThatCannotBeReadIsAFaultOfOurs) {
  auto gone = std::make_shared<storage::queue::envelope>(*stored(trace, std::string(head) + "\xc3\xa4\r\n"));
  gone->content.segment += 1000;
  EXPECT_FALSE(stream_of(gone).survey());
}

} // namespace
} // namespace rookery::actors
