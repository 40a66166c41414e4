/// What was copied from one folder elsewhere to one mailbox here: so that a copy goes on where it
/// ended, and brings nothing twice. Pure.
///
/// Messages are copied in batches, each in one commit with the note that says which they were
/// (docs/formats/copied_notes.md). A message's key is what it is called there: its UID in IMAP, the hash of
/// its file's name in a Maildir, the hash of its octets in an mbox, where one key may stand for several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::transfer {

/// Messages of one batch: so many, and so many octets unless one message alone has more.
inline constexpr std::size_t batch_messages_max = 256;
inline constexpr std::uint64_t batch_octets_max = 8u << 20;
/// Messages of one folder that may be remembered.
inline constexpr std::size_t folder_messages_max = 10'000'000;
/// Folders of one transfer; directories inside each other.
inline constexpr std::size_t folders_max = 100'000;
inline constexpr unsigned directory_depth_max = 32;

/// One batch. Its messages have UIDs here one behind the other, from `uid` on.
struct copied_batch {
  std::vector<std::uint64_t> keys;    ///< in the order of the messages
  std::uint32_t uid = 0;              ///< of the first here; 0: not known yet, look from `uid_from` on
  std::uint32_t uid_from = 0;         ///< the mailbox's next UID before the batch
  std::vector<std::uint64_t> digests; ///< `key_of` the messages' octets here, while `uid` is not known
  bool operator==(const copied_batch&) const = default;
};
/// What is said of the folder as a whole.
struct copied_head {
  std::uint32_t uid_validity = 0;     ///< there; 0 for files
  std::uint32_t mailbox = 0;          ///< here, its id and its UIDVALIDITY: in another one nothing was copied
  std::uint32_t mailbox_validity = 0;
  std::uint64_t highest_modseq = 0;   ///< there, when the last pass that went to its end began; 0: not known
  std::string about;                  ///< for people: from where to where
  bool operator==(const copied_head&) const = default;
};

std::string encode(const copied_batch&);
std::string encode(const copied_head&);
/// Nothing for another version or a damaged note.
std::optional<copied_batch> read_batch(std::string_view);
std::optional<copied_head> read_head(std::string_view);

/// The first eight octets of a SHA-256.
std::uint64_t key_of(std::string_view sha256) noexcept;

/// Notes of the spool: their space, and their keys. `source` and `folder` are hashed.
inline constexpr std::string_view note_space = "copied";
/// "17/SOURCE/": all that an account has from one source.
std::string note_prefix(std::uint64_t account, std::string_view source);
/// "17/SOURCE/FOLDER/", where the head is, and the batches behind it.
std::string folder_prefix(std::uint64_t account, std::string_view source, std::string_view folder, std::string_view mailbox);
std::string batch_key(std::string_view folder_prefix, std::uint32_t number);

/// The batches of one folder together.
class copied_messages {
public:
  /// False above `folder_messages_max`.
  bool add(const copied_batch&);
  /// After the last `add`, before the questions.
  void close();
  std::size_t size() const noexcept { return all_.size(); }
  /// The UID here of a message, or 0: not copied, or it is not known where it is.
  std::uint32_t uid_of(std::uint64_t key) const noexcept;
  bool contains(std::uint64_t key) const noexcept;
  /// The same, once for each message of that key: the second message takes the second one.
  bool take(std::uint64_t key) noexcept;
  /// Keys and UIDs, ascending.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& e : all_) f(e.key, e.uid);
  }

private:
  struct entry {
    std::uint64_t key;
    std::uint32_t uid;
    bool taken;
  };
  std::vector<entry>::const_iterator find(std::uint64_t key) const noexcept;
  std::vector<entry> all_;
};

/// A message of the mailbox here, when the place of a batch is looked for.
struct stored_message { std::uint32_t uid; std::uint64_t digest; };
/// The UID of the batch's first message, by any message of it among `stored` (ascending UIDs, from
/// `uid_from` on); nothing: the batch is not in the mailbox.
std::optional<std::uint32_t> place_of(const copied_batch&, const std::vector<stored_message>& stored);

} // namespace rookery::transfer
