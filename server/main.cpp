#include "server/cli/cluster_verbs.hpp"
#include "server/cli/volume_verbs.hpp"
#include "server/cli/command_line.hpp"
#include "server/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>

// jemalloc reads this before anything is allocated (jemalloc(3), "TUNING"). What was freed goes back to the system within seconds, also when
// the threads that freed it have nothing to do any more: a crowd that logs in takes memory that it does not need once it is in.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
  using namespace rookery;
  cli::command_line c;
  const char* from_environment = std::getenv("ROOKERY_NODE");
  c.node_path = from_environment != nullptr ? from_environment : "/etc/rookery/node.toml";

  CLI::App app{"Rookery: mail in and out, in one program", "rookery"};
  app.add_option("--node", c.node_path, "The node file (also from ROOKERY_NODE)")->capture_default_str();
  app.add_option("--socket", c.socket, "The server's administration socket; default: what the node file says");
  app.set_version_flag("--version", std::string("rookery ") + server::version);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server or store, 4 not found, 5 conflict,\n"
             "6 damage found, 7 try later, 74 disk error.");
  app.add_subcommand("version", "Print the version")->callback([] { std::printf("rookery %s\n", server::version); });
  cli::add_serve_verb(app, c);
  cli::add_init_verb(app, c);
  cli::add_domain_verbs(app, c);
  cli::add_account_verbs(app, c);
  cli::add_alias_verbs(app, c);
  cli::add_cluster_verbs(app, c);
  cli::add_volume_verbs(app, c);
  cli::add_archive_verbs(app, c);
  cli::add_collection_verbs(app, c);
  cli::add_public_verbs(app, c);
  cli::add_chat_verbs(app, c);
  cli::add_search_verbs(app, c);
  cli::add_settings_verbs(app, c);
  cli::add_config_verbs(app, c);
  cli::add_queue_verbs(app, c);
  cli::add_recall_verbs(app, c);
  cli::add_room_verbs(app, c);
  cli::add_route_verbs(app, c);
  cli::add_gateway_verbs(app, c);
  cli::add_mailbox_verbs(app, c);
  cli::add_status_verbs(app, c);
  cli::add_store_verbs(app, c);
  cli::add_tls_certificate_verbs(app, c);
  cli::add_tlsrpt_verbs(app, c);
  cli::add_transfer_verbs(app, c);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // 0 for --help and --version; whatever else is the command line's fault.
    return app.exit(e) == 0 ? cli::exit_ok : cli::exit_usage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "rookery: %s\n", e.what());
    return cli::exit_io;
  }
  return c.code;
}
