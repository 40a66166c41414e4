#include "actors/admin/request.hpp"
#include "base/text.hpp"
#include "protocols/tls/certificate.hpp"
#include "server/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace rookery::cli {
namespace {

struct certificate_options {
  std::string address, certificate, note;
};

std::string path(const certificate_options& o) { return "/v1/accounts/" + admin::percent_encoded(o.address) + "/certificates"; }

/// A PEM file, or the fingerprint itself; what it is called goes to `note` unless something is there.
std::string fingerprint_of(const std::string& given, std::string& note) {
  std::ifstream in(given, std::ios::binary);
  if (!in) return given;
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto facts = tls::read_certificate(text);
  if (!facts) return given;
  if (note.empty()) note = facts->subject;
  return base::to_hex(facts->sha256);
}

} // namespace

void add_certificate_verbs(CLI::App& account, command_line& c) {
  const auto o = std::make_shared<certificate_options>();
  auto* family = account.add_subcommand("certificate", "Certificates that an account logs in with");
  family->require_subcommand(1);

  auto* add = family->add_subcommand("add", "Let whoever holds this certificate's key log in");
  add->add_option("address", o->address)->required();
  add->add_option("certificate", o->certificate, "A PEM file, or a SHA-256 fingerprint")->required();
  add->add_option("--note", o->note, "For people; else the certificate's subject");
  add->callback([&c, o] {
    json::value body{json::object{}};
    body.set("sha256", fingerprint_of(o->certificate, o->note));
    if (!o->note.empty()) body.set("note", o->note);
    c.tell("POST", path(*o), body, "the certificate opens " + o->address);
  });

  auto* list = family->add_subcommand("list", "List them");
  list->add_option("address", o->address)->required();
  add_json_option(*list, c);
  list->callback([&c, o] { c.list(path(*o), {{"sha256", "SHA-256"}, {"note", "NOTE"}}); });

  auto* remove = family->add_subcommand("remove", "Take one away; the account's sessions end");
  remove->add_option("address", o->address)->required();
  remove->add_option("certificate", o->certificate, "A PEM file, or a SHA-256 fingerprint")->required();
  remove->callback([&c, o] {
    c.tell("DELETE", path(*o) + "/" + admin::percent_encoded(fingerprint_of(o->certificate, o->note)), {}, "the certificate does not open " + o->address + " any more");
  });
}

} // namespace rookery::cli
