#include "server/cli/command_line.hpp"
#include "server/serve.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace rookery::cli {

void add_serve_verb(CLI::App& app, command_line& c) {
  struct options {
    std::uint32_t port_base = 0;
    std::string web_url;
  };
  const auto o = std::make_shared<options>();
  auto* serve = app.add_subcommand("serve", "Serve in the foreground until SIGTERM; SIGHUP reads the certificates anew");
  auto* base = serve->add_option("--port-base", o->port_base, "Added to every port, in place of the node file's port_base")->check(CLI::Range(0, 60000));
  serve->add_option("--web-url", o->web_url, "Where clients find the web service, in place of the node file's web_url");
  serve->callback([&c, o, base] {
    auto file = c.node();
    if (!file) return;
    if (base->count() != 0) file->port_base = static_cast<std::uint16_t>(o->port_base);
    if (!o->web_url.empty()) file->web_url = o->web_url;
    c.code = server::serve(*file);
  });
}

} // namespace rookery::cli
