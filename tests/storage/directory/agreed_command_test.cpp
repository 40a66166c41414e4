#include "storage/directory/agreed_command.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

namespace rookery::storage::directory {
namespace {

class kept_tree final : public tree {
public:
  explicit kept_tree(std::shared_ptr<tree> on) : on_(std::move(on)) {}
  base::result<std::optional<std::string>> get(std::string_view key) const override { return on_->get(key); }
  base::result<void> scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& each) const override {
    return on_->scan(from, to, each);
  }
  base::result<void> write(const batch& b, bool durable) override { return on_->write(b, durable); }

private:
  std::shared_ptr<tree> on_;
};

/// One replica of the configuration.
struct replica {
  replica() { open(); }
  void open() { machine = config_machine::open(std::make_unique<kept_tree>(on)).value(); }
  command_result apply(std::string payload) {
    committed_command c;
    c.shard = config_shard;
    c.lsn = ++lsn;
    c.payload = std::move(payload);
    const auto r = machine->apply(c);
    machine->publish();
    return r;
  }
  std::shared_ptr<const marked_table> now() const { return marked_table_of(*machine); }
  std::string picture() const { return print_picture(*now()->table, now()->mark, machine->history(history_entries_max)); }

  std::shared_ptr<tree> on = tree::in_memory();
  std::unique_ptr<config_machine> machine;
  std::uint64_t lsn = 0;
};

std::string put_payload(const std::string& key, const std::string& content, std::uint64_t expected = expect::any) {
  config_command c;
  c.author = "ann";
  c.changes = {put{document_kind::account, key, expected, content}};
  return encode(c).value();
}
std::string agreed(std::uint64_t index, std::uint64_t origin, std::uint64_t sequence, std::string command) {
  return encode(agreed_command{index, origin, sequence, std::move(command)});
}

TEST(AgreedCommand, takes_effect_once_however_often_it_comes) {
  replica r;
  EXPECT_EQ(r.apply(agreed(300, 1, 10, put_payload("a", "1"))).what, outcome::done);
  EXPECT_EQ(r.apply(agreed(300, 1, 10, put_payload("a", "1"))).what, outcome::already_done); // replayed by the consensus
  EXPECT_EQ(r.apply(agreed(301, 1, 10, put_payload("a", "1"))).what, outcome::already_done); // repeated by its origin
  EXPECT_EQ(r.apply(agreed(302, 1, 9, put_payload("a", "0"))).what, outcome::already_done);  // given up by its origin long ago
  EXPECT_EQ(r.now()->table->version(), 1u);
  EXPECT_EQ(r.now()->mark.agreed, 302u);
  EXPECT_EQ(r.apply(agreed(303, 2, 1, put_payload("b", "1"))).what, outcome::done);
  EXPECT_EQ(r.apply(agreed(304, 1, 11, put_payload("a", "2", 99))).what, outcome::conflict);
  EXPECT_EQ(r.now()->table->version(), 2u);
}

TEST(AgreedCommand, how_far_it_is_outlives_a_restart) {
  replica r;
  r.apply(agreed(300, 1, 10, put_payload("a", "1")));
  ASSERT_TRUE(r.machine->flush(true));
  r.open();
  EXPECT_EQ(r.now()->mark.agreed, 300u);
  EXPECT_EQ(r.now()->mark.sequences.at(1), 10u);
  EXPECT_EQ(r.apply(agreed(301, 1, 10, put_payload("a", "1"))).what, outcome::already_done);
}

TEST(AgreedCommand, a_picture_makes_another_replica_the_same) {
  replica r, other;
  for (std::uint64_t i = 1; i <= 30; ++i) r.apply(agreed(300 + i, 1 + i % 2, i, put_payload("k" + std::to_string(i % 7), std::to_string(i))));
  other.apply(put_payload("old", "x")); // goes
  EXPECT_EQ(other.apply(encode_replacement(400, r.picture())).what, outcome::done);
  EXPECT_EQ(other.now()->table->version(), r.now()->table->version());
  EXPECT_EQ(other.now()->mark.agreed, 400u);
  EXPECT_EQ(other.now()->table->find(document_kind::account, "old"), nullptr);
  EXPECT_EQ(other.apply(encode_replacement(400, r.picture())).what, outcome::already_done);
  // Both go on alike, ids too.
  const auto next = agreed(401, 1, 100, put_payload("new", "1"));
  EXPECT_EQ(r.apply(next).what, outcome::done);
  EXPECT_EQ(other.apply(next).what, outcome::done);
  EXPECT_EQ(r.now()->table->find(document_kind::account, "new")->id, other.now()->table->find(document_kind::account, "new")->id);
  EXPECT_EQ(r.picture(), other.picture());
  EXPECT_TRUE(other.machine->flush(true));
  EXPECT_TRUE(other.machine->check().empty());
  other.open();
  EXPECT_EQ(r.picture(), other.picture());
}

TEST(AgreedCommand, parting_keeps_the_configuration_and_forgets_the_cluster) {
  replica r;
  r.apply(agreed(300, 1, 10, put_payload("a", "1")));
  config_command c;
  c.changes = {put{cluster_document, "cluster", expect::any, "{}"}, put{document_kind::node, "uuid", expect::any, "{}"}, put{volume_document, "1", expect::any, "{}"}};
  r.apply(agreed(301, 1, 11, encode(c).value()));
  EXPECT_EQ(r.apply(encode_parting()).what, outcome::done);
  EXPECT_EQ(r.now()->table->count(cluster_document), 0u);
  EXPECT_EQ(r.now()->table->count(volume_document), 0u);
  EXPECT_EQ(r.now()->table->count(document_kind::node), 0u);
  EXPECT_EQ(r.now()->table->count(document_kind::account), 1u);
  EXPECT_EQ(r.now()->mark.agreed, 0u);
  ASSERT_TRUE(r.machine->flush(true));
  r.open();
  EXPECT_EQ(r.now()->mark.agreed, 0u);
}

TEST(AgreedCommand, what_cannot_be_read_changes_nothing) {
  replica r, source;
  source.apply(agreed(300, 1, 10, put_payload("a", "1")));
  const auto good = encode_replacement(301, source.picture());
  for (std::size_t n = 1; n < good.size(); ++n) EXPECT_EQ(r.apply(good.substr(0, n)).what, outcome::malformed) << n;
  EXPECT_EQ(r.apply(good + "x").what, outcome::malformed);
  EXPECT_EQ(r.apply(agreed(300, 1, 1, put_payload("a", "1")).substr(0, 9)).what, outcome::malformed);
  EXPECT_EQ(r.now()->table->version(), 0u);
  EXPECT_EQ(r.now()->mark.agreed, 0u);
}

} // namespace
} // namespace rookery::storage::directory
