// Chat shards of a store: what is committed survives, and a store from before gets them.
#include "storage/chat/command.hpp"
#include "storage/chat/owner.hpp"
#include "storage/node/node_store.hpp"
#include "storage/node/store_view.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace rookery::storage {
namespace {

namespace fs = std::filesystem;

class ChatShards : public ::testing::Test {
protected:
  ChatShards() : folder_((fs::temp_directory_path() / ("rookery-chat-test-" + std::to_string(::getpid()))).string()) { fs::remove_all(folder_); }
  ~ChatShards() override { fs::remove_all(folder_); }

  std::unique_ptr<node_store> open(bool create = false) {
    node_store_settings settings;
    settings.log.segment_octets = 1 << 20;
    settings.log.reserve_octets = settings.log.floor_octets = 0;
    auto opened = node_store::open(folder_, create, settings);
    EXPECT_TRUE(opened) << opened.error().log.value;
    return opened ? std::move(*opened) : nullptr;
  }
  static void say(node_store& store, const std::string& owner, const std::string& text) {
    chat::append a;
    a.stanza = text;
    commit_group group;
    group.commands.push_back({base::shard_id{store.identity.first_chat_shard() + chat::shard_index(owner, store.identity.chat_shards)}, 1,
                              chat::encode({owner, base::from_milliseconds(1000), a}), {}});
    const auto done = store.commit(group);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->front().what, outcome::done);
  }
  static std::string heard(const node_machines& store, const std::string& owner) {
    std::string out;
    for (const auto& e : store.chat[chat::shard_index(owner, store.identity.chat_shards)]->view()->page(owner, chat::stream_kind::archive, {}).entries) out += e.stanza + " ";
    return out;
  }
  std::string identity() const {
    std::ifstream in(folder_ + "/store.json");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  std::string folder_;
};

const std::string ann = chat::account_owner(base::account_id{1}), den = chat::room_owner("den@conference.example.org");

TEST_F(ChatShards, WhatWasCommittedIsThereAfterAnEndWithoutAFlush) {
  auto store = open(true);
  ASSERT_NE(chat::shard_index(ann, 2), chat::shard_index(den, 2));
  say(*store, ann, "one");
  say(*store, den, "two");
  store.reset(); // nothing was flushed: the log has it
  store = open();
  EXPECT_EQ(store->replayed, 2u);
  EXPECT_EQ(heard(*store, ann), "one ");
  EXPECT_EQ(heard(*store, den), "two ");
  ASSERT_TRUE(store->checkpoint());
  say(*store, ann, "three");
  store.reset();
  auto view = store_view::open(folder_);
  ASSERT_TRUE(view) << view.error().log.value;
  EXPECT_EQ(heard(**view, ann), "one three ");
  for (const auto& m : (*view)->chat) EXPECT_EQ(m->check(), std::vector<std::string>());
}

TEST_F(ChatShards, AStoreOfFormatOneGetsThemWhenItIsOpened) {
  auto store = open(true);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->checkpoint()); // its log has moved on
  store.reset();
  auto old = identity();
  const auto at = old.find(",\"chat_shards\":2");
  ASSERT_NE(at, std::string::npos) << old;
  old.erase(at, std::string(",\"chat_shards\":2").size());
  const auto format = old.find("\"format\":3");
  ASSERT_NE(format, std::string::npos);
  old[format + 9] = '1';
  for (const auto* name : {"/chat-0004", "/chat-0005"}) fs::remove_all(folder_ + name);
  std::ofstream(folder_ + "/store.json") << old;
  auto before = store_view::open(folder_);
  ASSERT_TRUE(before) << "looking at it changes nothing: " << before.error().log.value;
  EXPECT_TRUE((*before)->chat.empty());
  EXPECT_EQ(identity(), old);
  before->reset();

  store = open();
  ASSERT_NE(store, nullptr);
  say(*store, den, "hello");
  store.reset();
  EXPECT_NE(identity().find("\"format\":3"), std::string::npos);
  store = open();
  EXPECT_EQ(heard(*store, den), "hello ");
}

TEST_F(ChatShards, AMissingTreeOfThemIsNotMadeAnew) {
  auto store = open(true);
  say(*store, den, "hello");
  ASSERT_TRUE(store->checkpoint());
  const auto name = machine_directory(folder_, store->identity, store->identity.first_chat_shard() + chat::shard_index(den, 2));
  store.reset();
  fs::remove_all(name);
  const auto opened = node_store::open(folder_, false, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().log.value.find(name), std::string::npos) << opened.error().log.value;
}

} // namespace
} // namespace rookery::storage
