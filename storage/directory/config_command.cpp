#include "storage/directory/config_command.hpp"

#include "base/codec.hpp"

#include <type_traits>

namespace rookery::storage::directory {
namespace {

constexpr std::uint8_t command_version = 1;

enum class change_type : std::uint8_t { put = 1, remove = 2, rename = 3, require = 4 };

bool key_fits(const std::string& key) { return !key.empty() && key.size() <= key_octets_max; }

base::failure<base::error> too_much(const char* bound) {
  return base::fail(base::error_kind::over_limit, std::string("the change passes the limit ") + bound);
}

/// The bound that a change passes, or null.
const char* passed_bound(const change& any) {
  return std::visit(
      []<typename C>(const C& c) -> const char* {
        if (!key_fits(c.key)) return "key_octets_max";
        if constexpr (std::is_same_v<C, put>) {
          if (c.content.size() > content_octets_max) return "content_octets_max";
        } else if constexpr (std::is_same_v<C, rename>) {
          if (!key_fits(c.new_key)) return "key_octets_max";
        }
        return nullptr;
      },
      any);
}

void write(base::encoder& out, change_type type, document_kind kind, const std::string& key, std::uint64_t expected) {
  out.u8(static_cast<std::uint8_t>(type));
  out.u8(static_cast<std::uint8_t>(kind));
  out.bytes(key);
  out.u64(expected);
}

} // namespace

base::result<std::string> encode(const config_command& command) {
  if (command.author.size() > author_octets_max) return too_much("author_octets_max");
  if (command.changes.size() > changes_max) return too_much("changes_max");
  std::string payload;
  base::encoder out(payload);
  out.u8(command_version);
  out.i64(base::to_milliseconds(command.time));
  out.bytes(command.author);
  out.varint(command.changes.size());
  for (const auto& any : command.changes) {
    if (const char* bound = passed_bound(any)) return too_much(bound);
    if (const auto* p = std::get_if<put>(&any)) {
      write(out, change_type::put, p->kind, p->key, p->expected);
      out.bytes(p->content);
    } else if (const auto* r = std::get_if<remove>(&any)) {
      write(out, change_type::remove, r->kind, r->key, r->expected);
    } else if (const auto* n = std::get_if<rename>(&any)) {
      write(out, change_type::rename, n->kind, n->key, n->expected);
      out.bytes(n->new_key);
    } else if (const auto* q = std::get_if<require>(&any)) {
      write(out, change_type::require, q->kind, q->key, q->expected);
    }
    if (payload.size() > command_octets_max) return too_much("command_octets_max");
  }
  return payload;
}

base::result<config_command> decode_command(std::string_view payload) {
  base::decoder in(payload);
  if (in.u8() != command_version)
    return base::fail(base::error_kind::unsupported, "a configuration command of another version");
  config_command command;
  command.time = base::from_milliseconds(in.i64());
  command.author = in.bytes();
  const auto count = in.varint();
  if (!in.ok() || count > changes_max || command.author.size() > author_octets_max) return base::fail(base::error_kind::damaged, "a configuration command is malformed");
  command.changes.reserve(count);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto type = static_cast<change_type>(in.u8());
    const auto kind = static_cast<document_kind>(in.u8());
    std::string key(in.bytes());
    const auto expected = in.u64();
    switch (type) {
    case change_type::put: command.changes.emplace_back(put{kind, std::move(key), expected, std::string(in.bytes())}); break;
    case change_type::remove: command.changes.emplace_back(remove{kind, std::move(key), expected}); break;
    case change_type::rename:
      command.changes.emplace_back(rename{kind, std::move(key), expected, std::string(in.bytes())});
      break;
    case change_type::require: command.changes.emplace_back(require{kind, std::move(key), expected}); break;
    default: return base::fail(base::error_kind::unsupported, "a configuration command has an unknown change");
    }
    // What nobody could have written is not taken either.
    if (passed_bound(command.changes.back()) != nullptr) return base::fail(base::error_kind::damaged, "a configuration command passes a limit");
  }
  if (!in.done()) return base::fail(base::error_kind::damaged, "a configuration command is malformed");
  return command;
}

} // namespace rookery::storage::directory
