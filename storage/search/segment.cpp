#include "storage/search/segment.hpp"

#include "base/check.hpp"
#include "storage/search/index_files.hpp"

#include <xapian.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>

namespace rookery::storage::search {
namespace {

/// A list of words in memory; larger ones are damaged.
constexpr std::size_t words_octets_max = 2u << 30;
/// How often a search looks whether all documents are found already.
constexpr std::size_t words_between_looks = 512;
/// Signatures of a segment in memory; larger ones are damaged.
constexpr std::size_t neighbours_octets_max = 2u << 30;
/// Fewer documents are read as soon as their signatures are loaded.
constexpr std::size_t documents_worth_signatures = 32;

base::failure<base::error> damage(const std::string& path, const Xapian::Error& e) {
  const bool io = e.get_error_string() != nullptr; // what the system said
  return base::fail(io ? base::error_kind::io : base::error_kind::damaged, "Search index error", "search: " + path + ": " + e.get_description());
}

/// Makes the one-file database and the lists of `from` at `path`, and syncs them.
base::result<std::uint64_t> write_segment(file_system& files, Xapian::Database& from, const std::string& path, bool with_joined,
                                          signature_list::writer& neighbours) {
  const auto terms_path = path + ".terms";
  (void)files.remove(terms_path);
  from.compact(terms_path, Xapian::DBCOMPACT_SINGLE_FILE | Xapian::DBCOMPACT_NO_RENUMBER);
  word_list::writer list;
  {
    const Xapian::Database made(terms_path);
    std::vector<std::uint32_t> documents;
    for (auto t = made.allterms_begin(); t != made.allterms_end(); ++t) {
      const auto term = *t;
      documents.clear();
      if (lists_documents(static_cast<word_class>(term.front())))
        documents.assign(made.postlist_begin(term), made.postlist_end(term));
      list.add(term, documents);
    }
  }
  std::uint64_t octets = 0;
  {
    auto terms = files.open(terms_path, open_mode::write);
    if (!terms) return base::fail(terms.error());
    if (auto done = (*terms)->sync(); !done) return base::fail(done.error());
    auto size = (*terms)->size();
    if (!size) return base::fail(size.error());
    octets += *size;
  }
  const auto words = list.finish(with_joined), near = neighbours.finish();
  if (auto done = write_durably(files, path + ".words", words); !done) return base::fail(done.error());
  if (auto done = write_durably(files, path + ".near", near); !done) return base::fail(done.error());
  return octets + words.size() + near.size();
}

/// Nothing: an older node wrote the segment.
base::result<std::optional<signature_list>> read_neighbours(file_system& files, const std::string& path) {
  auto stored = files.read_all(path + ".near", neighbours_octets_max);
  if (!stored) {
    if (stored.error().kind == base::error_kind::not_found) return std::optional<signature_list>{};
    return base::fail(stored.error());
  }
  auto read = signature_list::read(std::move(*stored));
  if (!read) return base::fail(read.error());
  return std::optional(std::move(*read));
}

/// Whether the words at `path` have all joined words: its first octets say it.
base::result<bool> has_joined(file_system& files, const std::string& path) {
  auto words = files.open(path + ".words", open_mode::read);
  if (!words) return base::fail(words.error());
  std::string magic(word_list::magic_with_joined.size(), '\0');
  const auto count = (*words)->read(0, magic.data(), magic.size());
  if (!count) return base::fail(count.error());
  return *count == magic.size() && magic == word_list::magic_with_joined;
}

std::string term_of(word_class c, std::string_view word) {
  std::string term(1, static_cast<char>(c));
  term.append(word);
  return term;
}

} // namespace

/// Handles: Xapian's are for one thread at a time.
struct segment::databases {
  std::mutex lock;
  std::vector<Xapian::Database> idle;
  std::mutex words_lock;
  std::optional<word_list> words;
  std::mutex neighbours_lock;
  bool neighbours_read = false;
  std::optional<signature_list> neighbours;

  class hold {
  public:
    hold(databases& all, const std::string& path) : all_(all) {
      {
        const std::lock_guard turn(all_.lock);
        if (!all_.idle.empty()) {
          db.emplace(std::move(all_.idle.back()));
          all_.idle.pop_back();
          return;
        }
      }
      db.emplace(path + ".terms");
    }
    ~hold() {
      const std::lock_guard turn(all_.lock);
      if (db && all_.idle.size() < 4) all_.idle.push_back(std::move(*db));
    }
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    std::optional<Xapian::Database> db;

  private:
    databases& all_;
  };
};

segment::segment(file_system& files, std::string path, segment_range range)
    : files_(files), path_(std::move(path)), range_(range), databases_(std::make_unique<databases>()) {}
segment::~segment() = default;

base::result<const word_list*> segment::words() const {
  const std::lock_guard turn(databases_->words_lock);
  if (!databases_->words) {
    auto stored = files_.read_all(path_ + ".words", words_octets_max);
    if (!stored) return base::fail(stored.error());
    auto read = word_list::read(std::move(*stored));
    if (!read) return base::fail(read.error());
    databases_->words.emplace(std::move(*read));
  }
  return &*databases_->words;
}

base::result<const signature_list*> segment::neighbours() const {
  const std::lock_guard turn(databases_->neighbours_lock);
  if (!databases_->neighbours_read) {
    auto read = read_neighbours(files_, path_);
    if (!read) return base::fail(read.error());
    if (*read && (*read)->documents() != range_.documents)
      return base::fail(base::error_kind::damaged, "Search index damaged", "search: " + path_ + ".near is of another number of documents");
    databases_->neighbours = std::move(*read);
    databases_->neighbours_read = true;
  }
  return databases_->neighbours ? &*databases_->neighbours : nullptr;
}

base::result<void> segment::keep_with_borders(std::string_view text, number_set& documents) const {
  const auto borders = borders_of_needle(text);
  if (borders.empty() || documents.count() < documents_worth_signatures) return {};
  const auto list = neighbours();
  if (!list) return base::fail(list.error());
  if (*list != nullptr) documents.keep_if([&](std::uint32_t d) { return (*list)->may_have(d - range_.first, borders); });
  return {};
}

base::result<void> segment::add_piece(const std::vector<word_class>& classes, const needle_piece& piece, number_set& to,
                                      bool& complete) const {
  const auto list = words();
  if (!list) return base::fail(list.error());
  try {
    databases::hold held(*databases_, path_);
    std::size_t looked_up = 0;
    const auto take = [&](word_class c, std::string_view word, bool from_list) {
      if (!from_list || !(*list)->add_documents(c, word, to)) {
        const auto term = term_of(c, word);
        for (auto p = held.db->postlist_begin(term), end = held.db->postlist_end(term); p != end; ++p) to.add(*p);
      }
      ++looked_up;
      if (looked_up % words_between_looks == 0 && to.count() == range_.documents) return false;
      return looked_up < looked_up_words_max;
    };
    for (const auto c : classes) {
      if (piece.begins && piece.ends) {
        take(c, piece.text, false);
        continue;
      }
      const bool went_on = (*list)->matching(c, piece, [&](std::string_view word) { return take(c, word, true); });
      if (!went_on) break;
    }
    complete = looked_up < looked_up_words_max || to.count() == range_.documents;
    return {};
  } catch (const Xapian::Error& e) {
    return damage(path_, e);
  }
}

base::result<found_documents> segment::find(const std::vector<word_class>& classes, const needle& n, std::string_view text,
                                            const std::vector<std::string>& exact_words, word_class exact_class) const {
  number_set all(range_.first, range_.documents, true);
  found_documents out{number_set(range_.first, range_.documents), all};
  if (n.joined && exact_words.empty()) {
    const auto list = words();
    if (!list) return base::fail(list.error());
    if ((*list)->with_joined()) {
      out.maybe = number_set(range_.first, range_.documents);
      word_class before{}; // two classes may share their joined words
      for (const auto c : classes)
        if (!out.sure.full() && joined(c) != before) (*list)->add_documents_with(before = joined(c), text, out.sure);
      return out;
    }
  }
  bool decided = n.decided_by_words && exact_words.empty();
  const auto narrow = [&](const std::vector<word_class>& in, const needle_piece& piece) -> base::result<void> {
    number_set with(range_.first, range_.documents);
    bool complete = true;
    if (auto done = add_piece(in, piece, with, complete); !done) return done;
    if (complete) {
      out.maybe.keep(with);
    } else if (decided) {
      out.sure = with; // these do; the others may
      decided = false;
    }
    return {};
  };
  for (const auto& word : exact_words)
    if (auto done = narrow({exact_class}, {word, true, true}); !done) return base::fail(done.error());
  // Long pieces are rare words: they say most.
  std::vector<const needle_piece*> order;
  for (const auto& p : n.pieces) order.push_back(&p);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->text.size() > b->text.size(); });
  for (const auto* piece : order) {
    if (out.maybe.empty()) break;
    if (auto done = narrow(classes, *piece); !done) return base::fail(done.error());
  }
  if (decided) std::swap(out.sure, out.maybe);
  else if (auto done = keep_with_borders(text, out.maybe); !done) return base::fail(done.error());
  return out;
}

struct segment_builder::database {
  Xapian::WritableDatabase db;
};

segment_builder::segment_builder(std::string scratch) : scratch_(std::move(scratch)) {}

segment_builder::~segment_builder() {
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

base::result<void> segment_builder::add(std::uint32_t number, const document& what) {
  try {
    if (!database_)
      database_ = std::make_unique<database>(database{Xapian::WritableDatabase(
          scratch_, Xapian::DB_CREATE_OR_OVERWRITE | Xapian::DB_BACKEND_GLASS | Xapian::DB_NO_SYNC | Xapian::DB_NO_TERMLIST)});
    Xapian::Document d;
    std::string term;
    what.for_each([&](word_class c, std::string_view word, std::uint32_t count) {
      term.assign(1, static_cast<char>(c)).append(word);
      if (count == 0) d.add_boolean_term(term);
      else d.add_term(term, count);
    });
    database_->db.replace_document(number, d);
    neighbours_.add(what.signature());
    word_octets_ += what.octets();
    ++documents_;
    return {};
  } catch (const Xapian::Error& e) {
    return damage(scratch_, e);
  }
}

base::result<std::uint64_t> segment_builder::finish(file_system& files, const std::string& path) {
  base::check(database_ != nullptr, "search: a segment without documents");
  try {
    database_->db.commit();
    return write_segment(files, database_->db, path, true, neighbours_);
  } catch (const Xapian::Error& e) {
    return damage(scratch_, e);
  }
}

base::result<std::uint64_t> merge_segments(file_system& files, const std::vector<std::string>& paths, const std::string& path) {
  try {
    Xapian::Database all;
    bool with_joined = true;
    signature_list::writer neighbours;
    for (const auto& p : paths) {
      const Xapian::Database one(p + ".terms");
      all.add_database(one);
      const auto near = read_neighbours(files, p);
      if (!near) return base::fail(near.error());
      if (*near) neighbours.add(**near);
      else neighbours.add_unknown(one.get_doccount());
      const auto joined = has_joined(files, p);
      if (!joined) return base::fail(joined.error());
      with_joined = with_joined && *joined;
    }
    return write_segment(files, all, path, with_joined, neighbours);
  } catch (const Xapian::Error& e) {
    return damage(path, e);
  }
}

} // namespace rookery::storage::search
