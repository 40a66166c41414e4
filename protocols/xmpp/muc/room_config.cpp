#include "protocols/xmpp/muc/room_config.hpp"

#include "base/text.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <array>

namespace rookery::xmpp::muc {
namespace {

constexpr std::array<std::string_view, 4> pm_names{"anyone", "participants", "moderators", "none"};

struct flag_row {
  const char* name;
  const char* label;
  bool room_config::*member;
};
constexpr flag_row flags[] = {
    {"muc#roomconfig_persistentroom", "Keep the room when the last one has left", &room_config::persistent},
    {"muc#roomconfig_publicroom", "Show the room in the list of rooms", &room_config::listed},
    {"muc#roomconfig_moderatedroom", "Only who has voice may speak", &room_config::moderated},
    {"muc#roomconfig_membersonly", "Only members may enter", &room_config::members_only},
    {"muc#roomconfig_changesubject", "Everybody may set the subject", &room_config::anyone_sets_subject},
    {"muc#roomconfig_allowinvites", "Members may invite", &room_config::members_invite},
    {"muc#roomconfig_enablearchiving", "Keep an archive", &room_config::archived},
};

constexpr std::string_view password_flag = "muc#roomconfig_passwordprotectedroom";

bool fits(const form_field& f) {
  return f.values.size() <= 1 && f.value().size() <= config_text_octets_max;
}

} // namespace

data_form config_form(const room_config& c, std::uint32_t users_most) {
  data_form f;
  f.type = "form";
  f.title = "Configuration of the room";
  f.hidden("http://jabber.org/protocol/muc#roomconfig");
  f.text("muc#roomconfig_roomname", "Name", c.name);
  f.text("muc#roomconfig_roomdesc", "Description", c.description);
  f.text("muc#roomconfig_lang", "Language", c.language);
  for (const auto& row : flags) f.flag(row.name, row.label, c.*row.member);
  f.flag(password_flag, "A password is needed to enter", !c.password.empty());
  f.text("muc#roomconfig_roomsecret", "Password", c.password, "text-private");
  f.fields.push_back({"muc#roomconfig_whois", "list-single", "Who may see real addresses", {c.non_anonymous ? "anyone" : "moderators"},
                      {{"moderators", "Moderators"}, {"anyone", "Everybody"}}, false});
  f.fields.push_back({"muc#roomconfig_allowpm", "list-single", "Who may send private messages", {std::string(pm_names[static_cast<std::size_t>(c.pm)])},
                      {{"anyone", "Everybody"}, {"participants", "Who has voice"}, {"moderators", "Moderators"}, {"none", "Nobody"}}, false});
  form_field most{"muc#roomconfig_maxusers", "list-single", "Occupants at most", {c.users_max == 0 ? "none" : std::to_string(c.users_max)}, {{"none", "No bound of its own"}}, false};
  for (const std::uint32_t n : {10u, 20u, 50u, 100u, 500u, 1000u, 10'000u})
    if (n < users_most) most.options.emplace_back(std::to_string(n), std::to_string(n));
  if (c.users_max != 0 && std::none_of(most.options.begin(), most.options.end(), [&](const auto& o) { return o.first == most.values[0]; }))
    most.options.emplace_back(most.values[0], most.values[0]);
  f.fields.push_back(std::move(most));
  form_field told{"muc#roomconfig_presencebroadcast", "list-multi", "Whose presence is told to others", {"moderator", "participant"},
                  {{"moderator", "Moderators"}, {"participant", "Who has voice"}, {"visitor", "Visitors"}}, false};
  if (c.tell_visitors) told.values.emplace_back("visitor");
  f.fields.push_back(std::move(told));
  form_field lists{"muc#roomconfig_getmemberlist", "list-multi", "Who may ask for the lists of members", {"moderator"},
                   {{"moderator", "Moderators"}, {"participant", "Who has voice"}, {"visitor", "Visitors"}}, false};
  if (c.members_see_list) lists.values.insert(lists.values.end(), {"participant", "visitor"});
  f.fields.push_back(std::move(lists));
  f.text("muc#roomconfig_historylength", "Messages that who enters gets at most", std::to_string(c.history));
  return f;
}

std::optional<room_config> read_config(const data_form& form, const room_config& was) {
  auto c = was;
  std::optional<bool> with_password;
  for (const auto& f : form.fields) {
    const auto value = f.value();
    if (f.name == "muc#roomconfig_presencebroadcast") {
      c.tell_visitors = std::find(f.values.begin(), f.values.end(), "visitor") != f.values.end();
      continue;
    }
    if (f.name == "muc#roomconfig_getmemberlist") {
      c.members_see_list = std::find(f.values.begin(), f.values.end(), "participant") != f.values.end();
      continue;
    }
    const auto row = std::find_if(std::begin(flags), std::end(flags), [&](const flag_row& r) { return r.name == f.name; });
    if (row != std::end(flags)) {
      const auto flag = read_flag(value);
      if (!flag) return {};
      c.*row->member = *flag;
    } else if (f.name == password_flag) {
      with_password = read_flag(value);
      if (!with_password) return {};
    } else if (f.name == "muc#roomconfig_roomname" || f.name == "muc#roomconfig_roomdesc" || f.name == "muc#roomconfig_lang" ||
               f.name == "muc#roomconfig_roomsecret") {
      if (f.name == "muc#roomconfig_roomdesc" ? f.value().size() > config_text_octets_max : !fits(f)) return {};
      (f.name == "muc#roomconfig_roomname" ? c.name
       : f.name == "muc#roomconfig_roomdesc" ? c.description
       : f.name == "muc#roomconfig_lang" ? c.language : c.password) = value;
    } else if (f.name == "muc#roomconfig_whois") {
      if (value != "anyone" && value != "moderators") return {};
      c.non_anonymous = value == "anyone";
    } else if (f.name == "muc#roomconfig_allowpm") {
      const auto at = std::find(pm_names.begin(), pm_names.end(), value);
      if (at == pm_names.end()) return {};
      c.pm = static_cast<private_messages>(at - pm_names.begin());
    } else if (f.name == "muc#roomconfig_maxusers") {
      const auto n = base::parse_u32(value);
      if (!n && value != "none" && !value.empty()) return {};
      c.users_max = n.value_or(0);
    } else if (f.name == "muc#roomconfig_historylength") {
      const auto n = base::parse_u32(value);
      if (!n) return {};
      c.history = *n;
    }
  }
  if (with_password && !*with_password) c.password.clear();
  // A password that is wanted and not given: §10.1.2 leaves it to the service; a room that nobody can enter is worse.
  if (with_password && *with_password && c.password.empty()) return {};
  return c;
}

} // namespace rookery::xmpp::muc
