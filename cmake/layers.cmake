# One line per top folder: what it may use, ours and others'.
# A library that stands in no line may be used nowhere: add it here, with a reason
# (docs/architecture.md lists the libraries and what each is for).
set(layer_base      "openssl;threads;fmt")
set(layer_protocols "base;openssl;simdjson;icu;idn2;zlib;expat")
set(layer_policy    "base;protocols")
set(layer_storage   "base;leveldb;xapian")
set(layer_cluster   "base;storage;caf;raft;openssl")
set(layer_actors    "base;protocols;policy;storage;cluster;caf;openssl;unbound;curl")
set(layer_server    "base;protocols;policy;storage;cluster;actors;caf;tomlplusplus;cli11;jemalloc")
