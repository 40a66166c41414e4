#include "server/node_file.hpp"

#include <gtest/gtest.h>

namespace rookery::server {
namespace {

TEST(NodeFile, ReadsWhatItPrints) {
  node_file n;
  n.id = 7;
  n.node_name = "mx\"1\"";
  n.host_name = "mx.example.org";
  n.data_directory = "/var/lib/rookery";
  n.run_as = "rookery";
  n.port_base = 10000;
  n.mail_shards = 4;
  n.segment_octets = 1 << 20;
  n.cluster_level = 3;
  n.maintenance_milliseconds = 500;
  n.listeners = standard_listeners("0.0.0.0");
  n.listeners[0].proxy_protocol = true;
  n.certificates = {{"mx.example.org", "/etc/a.crt", "/etc/a.key"}};
  n.format = log_format::journald;
  n.log_least = base::severity::warning;
  const auto read = parse_node_file(print_node_file(n), "/etc/rookery");
  ASSERT_TRUE(read) << read.error().client.value;
  EXPECT_EQ(read->id, 7u);
  EXPECT_EQ(read->node_name, n.node_name);
  EXPECT_EQ(read->host_name, n.host_name);
  EXPECT_EQ(read->run_as, "rookery");
  EXPECT_EQ(read->mail_shards, 4u);
  EXPECT_EQ(read->segment_octets, 1u << 20);
  EXPECT_EQ(read->cluster_level, 3u);
  EXPECT_EQ(read->maintenance_milliseconds, 500u);
  ASSERT_EQ(read->listeners.size(), 15u); // and the local socket
  EXPECT_EQ(read->listeners.back().what, service::admin);
  EXPECT_TRUE(read->listeners[0].proxy_protocol);
  EXPECT_EQ(read->port_of(read->listeners[2]), 10465);
  EXPECT_EQ(read->listeners[2].tls, tls_mode::implicit);
  EXPECT_EQ(read->certificates[0].chain_file, "/etc/a.crt");
  EXPECT_EQ(read->log_least, base::severity::warning);
  EXPECT_EQ(read->admin_socket, "/var/lib/rookery/admin.sock");
}

TEST(NodeFile, DefaultsFollowTheServiceAndPathsTheFile) {
  const auto read = parse_node_file("data = 'data'\n[[listener]]\nservice = 'imap'\ntls = 'implicit'\n[[listener]]\nservice='metrics'\n"
                                    "[[listener]]\nservice='http'\n[[listener]]\nservice='http'\ntls='implicit'\n"
                                    "[[certificate]]\nchain='tls/c'\nkey='tls/k'\n",
                                    "/etc/rookery");
  ASSERT_TRUE(read) << read.error().client.value;
  EXPECT_EQ(read->data_directory, "/etc/rookery/data");
  EXPECT_EQ(read->listeners[0].port, 993);
  EXPECT_EQ(read->listeners[1].tls, tls_mode::none);
  EXPECT_EQ(read->listeners[2].port, 80);
  EXPECT_EQ(read->listeners[2].tls, tls_mode::none);
  EXPECT_EQ(read->listeners[3].port, 443);
  EXPECT_EQ(read->certificates[0].key_file, "/etc/rookery/tls/k");
  EXPECT_FALSE(read->host_name.empty());
}

TEST(NodeFile, ASlashAtTheEndOfADirectoryMeansNothing) {
  for (const char* data : {"b", "b/", "b/.", "./b//", "/etc/rookery/b/"}) {
    const auto read = parse_node_file("data = '" + std::string(data) + "'\n", "/etc/rookery");
    ASSERT_TRUE(read) << data;
    EXPECT_EQ(read->data_directory, "/etc/rookery/b") << data;
    EXPECT_EQ(read->admin_socket, "/etc/rookery/b/admin.sock") << data;
    EXPECT_EQ(read->log_directory, "/etc/rookery/b/logs") << data;
  }
  const auto root = parse_node_file("data = '/'\n", "/etc/rookery");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->data_directory, "/");
  EXPECT_EQ(root->admin_socket, "/admin.sock");
}

TEST(NodeFile, WhatIsWrongIsNamed) {
  struct row {
    const char* toml;
    const char* part;
  };
  const row rows[] = {
      {"data = ", "line 1"},
      {"", "data is missing"},
      {"data=\"a\\u0007b\"", "data has a control character"},
      {"data='x'\nhost_name=\"\"\"a\nb\"\"\"", "host_name has a control character"},
      {"data='x'\nstorage=1", "storage is written as [storage]"},
      {"data='x'\n[storage]\nsegment_octets=1000", "storage.segment_octets is a number from 65536 to 1073741824"},
      {"data='x'\n[storage]\nrounds=1", "storage.rounds is no key"},
      {"data='x'\n[cluster]\nlevel=0", "cluster.level is a number from 1 to 1000000"},
      {"data='x'\ndatta='y'", "datta is no key"},
      {"data='x'\nid=0", "id is a number from 1 to 65535"},
      {"data='x'\nid='1'", "id is a number"},
      {"data='x'\n[[listener]]\nport=1", "listener 1: has no service"},
      {"data='x'\n[[listener]]\nservice='pop'", "service is one of smtp"},
      {"data='x'\n[[listener]]\nservice='imap'\nport=70000", "port is a number"},
      {"data='x'\nport_base=60000\n[[listener]]\nservice='imap'\nport=6000", "above 65535"},
      {"data='x'\n[[listener]]\nservice='http'\ntls='starttls'", "tls is none or implicit for http"},
      {"data='x'\n[listener]\nservice='imap'", "[[listener]]"},
      {"data='x'\n[log]\nlevel='loud'", "log.level is one of"},
      {"data='x'\n[[certificate]]\nhost='a'", "certificate 1: needs chain and key"},
  };
  for (const auto& r : rows) {
    const auto read = parse_node_file(r.toml, "/");
    ASSERT_FALSE(read) << r.toml;
    EXPECT_NE(read.error().client.value.find(r.part), std::string::npos) << read.error().client.value;
  }
}

TEST(NodeFile, SaysWhereTheWebServiceIsFound) {
  node_file n;
  n.host_name = "mail.example.org";
  EXPECT_EQ(web_url(n), "https://mail.example.org");
  n.listeners = standard_listeners("0.0.0.0");
  n.port_base = 10'000;
  EXPECT_EQ(web_url(n), "https://mail.example.org:10443");
  n.web_url = "https://chat.example.org/";
  EXPECT_EQ(web_url(n), "https://chat.example.org");
  for (const char* good : {"http://127.0.0.1:15280", "https://h/behind"}) EXPECT_TRUE(is_web_url(good)) << good;
  for (const char* bad : {"", "chat.example.org", "ftp://h", "https://", "https:///x", "https://h?q", "https://h x", "https://h/'\"<"}) EXPECT_FALSE(is_web_url(bad)) << bad;
}

} // namespace
} // namespace rookery::server
