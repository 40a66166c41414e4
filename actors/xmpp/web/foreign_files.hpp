/// Files that are in other volumes of the cluster: asked for at the nodes that lead them, some pieces at a time.
///
/// One a node that gives files; its workers wait for the other nodes. A stream to each of them stays open (kind "file"): a question
/// names a file and pieces, the answer is its facts, these pieces and an end. A file that comes here for a place of another volume
/// goes there the same way, piece by piece. docs/decisions/0018.
#pragma once

#include "actors/node.hpp"
#include "actors/system/worker_pool.hpp"
#include "cluster/stream/node_stream.hpp"
#include "protocols/xmpp/upload.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

inline constexpr const char* file_stream = "file";
/// Pieces (upload_piece_octets) of one answer, so also what a download of such a file keeps in memory.
inline constexpr std::uint32_t foreign_pieces_max = 2;
/// Questions that wait for a worker; beyond them the answer is 503.
inline constexpr std::size_t foreign_waiting_max = 200;
/// For a connection to another node, and for one answer of it.
inline constexpr std::chrono::milliseconds foreign_dial_time{3000}, foreign_answer_time{20'000};

struct file_question {
  std::string id;
  std::uint64_t first = 0;    ///< the number of a piece
  std::uint32_t count = 0;    ///< 0: whether it is there at all
};
std::string encode(const file_question&);
std::optional<file_question> read_file_question(std::string_view);

/// A step of a file that comes. Its answer says whether it was done, and behind `begin` how large the file is to be.
struct file_step {
  enum class kind : std::uint8_t { begin = 1, piece, give_up };
  kind what = kind::begin;
  std::string id, name;       ///< the name with `begin` only
  std::uint64_t number = 0;   ///< of the piece, with its octets
  bool last = false;
  std::string octets;
};
std::string encode(const file_step&);
std::optional<file_step> read_file_step(std::string_view);

/// In a shared_ptr: what runs keeps it.
class foreign_files : public std::enable_shared_from_this<foreign_files> {
public:
  explicit foreign_files(node&);

  struct answer {
    std::optional<xmpp::upload_facts> facts;  ///< nothing: no node that could be asked has it
    std::uint64_t member = 0;                 ///< who has it
    bool all_asked = true;                    ///< else it may be at a node that does not answer
    std::vector<std::string> pieces;          ///< fewer than were asked for: it is over, or gone
    bool done = false;                        ///< of a step
    std::uint64_t octets = 0;                 ///< behind `begin`
  };
  using answered = std::function<void(const answer&)>;
  /// In the thread of `from`; `then` is called there. `member` 0: all are asked, one after the other. False: too much waits.
  bool ask(net::connection& from, std::uint64_t member, file_question, answered then);
  /// The same for a file that comes; `begin` goes to the first that has the place.
  bool bring(net::connection& from, std::uint64_t member, file_step, answered then);
  /// The file that was begun there does not come. Any thread.
  void give_up(std::uint64_t member, const std::string& id);

private:
  struct frame {
    std::uint8_t type = 0;
    std::string body;
    std::uint32_t pieces = 0;                 ///< of its answer
  };
  struct peer {
    std::mutex lock;                          ///< one question at a time
    std::unique_ptr<cluster::node_stream> stream;
  };
  std::shared_ptr<peer> peer_of(std::uint64_t member);
  worker_pool& workers();
  bool run(net::connection& from, std::uint64_t member, frame, answered then);
  /// False: it could not be asked.
  bool ask_one(std::uint64_t member, const frame&, answer&);

  node& node_;
  std::mutex lock_;
  std::unique_ptr<worker_pool> workers_;      ///< from the first question on
  std::map<std::uint64_t, std::shared_ptr<peer>> peers_;
};

class upload_service;
/// A volume that is open here, kept while it is held.
struct file_volume {
  std::shared_ptr<node> of;
  std::shared_ptr<upload_service> uploads;
};
struct file_volumes {
  std::vector<file_volume> open;
  bool complete = true;      ///< else this node leads one more that it does not serve yet, or no longer
};
/// The other side: answers from the volumes that are open here, until the stream ends. What is in none of them, while they are not
/// complete, is not denied: the stream ends without an answer. In the stream's own thread.
void give_files(const std::function<file_volumes()>& volumes, std::unique_ptr<cluster::node_stream>);

} // namespace rookery::actors
