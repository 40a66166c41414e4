# The libraries of others, each under a target name whose first part is the name
# that cmake/layers.cmake knows.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(EXPAT REQUIRED)
find_package(leveldb QUIET)
find_package(tomlplusplus QUIET)
find_package(CLI11 REQUIRED)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(XAPIAN REQUIRED IMPORTED_TARGET xapian-core)

# cluster/consensus takes only versions that its tests were run with.
pkg_check_modules(RAFT REQUIRED raft)
find_library(RAFT_LIBRARY raft REQUIRED)
add_library(Raft::Raft INTERFACE IMPORTED GLOBAL)
target_link_libraries(Raft::Raft INTERFACE ${RAFT_LIBRARY})

find_package(CURL REQUIRED)
add_library(Curl::Curl INTERFACE IMPORTED GLOBAL)
target_link_libraries(Curl::Curl INTERFACE CURL::libcurl)

add_library(Expat::Expat INTERFACE IMPORTED GLOBAL)
target_link_libraries(Expat::Expat INTERFACE EXPAT::EXPAT)
add_library(Icu::Icu INTERFACE IMPORTED GLOBAL)
target_link_libraries(Icu::Icu INTERFACE PkgConfig::ICU)
add_library(Idn2::Idn2 INTERFACE IMPORTED GLOBAL)
target_link_libraries(Idn2::Idn2 INTERFACE PkgConfig::IDN2)
add_library(Xapian::Xapian INTERFACE IMPORTED GLOBAL)
target_link_libraries(Xapian::Xapian INTERFACE PkgConfig::XAPIAN)
# Debian's pkg-config file asks for libraries that only a static link needs.
find_path(UNBOUND_INCLUDE unbound.h REQUIRED)
find_library(UNBOUND_LIBRARY unbound REQUIRED)
add_library(Unbound::Unbound INTERFACE IMPORTED GLOBAL)
target_link_libraries(Unbound::Unbound INTERFACE ${UNBOUND_LIBRARY})
find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
add_library(Jemalloc::Jemalloc INTERFACE IMPORTED GLOBAL)
target_link_libraries(Jemalloc::Jemalloc INTERFACE ${JEMALLOC_LIBRARY})

if(NOT TARGET leveldb::leveldb)
  find_path(LEVELDB_INCLUDE leveldb/db.h REQUIRED)
  find_library(LEVELDB_LIBRARY leveldb REQUIRED)
  add_library(leveldb::leveldb INTERFACE IMPORTED GLOBAL)
  target_link_libraries(leveldb::leveldb INTERFACE ${LEVELDB_LIBRARY})
endif()
if(NOT TARGET tomlplusplus::tomlplusplus)
  find_path(TOMLPP_INCLUDE toml++/toml.h REQUIRED)
  add_library(tomlplusplus::tomlplusplus INTERFACE IMPORTED GLOBAL)
endif()

# CAF 0.17.6 has neither a CMake package nor a pkg-config file.
find_path(CAF_INCLUDE caf/actor_system.hpp REQUIRED)
foreach(part core io openssl)
  find_library(CAF_${part}_LIBRARY caf_${part} REQUIRED)
  add_library(CAF::${part} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(CAF::${part} INTERFACE ${CAF_${part}_LIBRARY} Threads::Threads)
endforeach()

# One precompiled header for every library that sees CAF.
file(WRITE ${CMAKE_BINARY_DIR}/caf_pch.cpp.in "// The precompiled header lives here.\n")
configure_file(${CMAKE_BINARY_DIR}/caf_pch.cpp.in ${CMAKE_BINARY_DIR}/caf_pch.cpp COPYONLY)
add_library(caf_pch STATIC ${CMAKE_BINARY_DIR}/caf_pch.cpp)
target_link_libraries(caf_pch PUBLIC CAF::core)
target_precompile_headers(caf_pch PRIVATE
  <caf/all.hpp> <algorithm> <chrono> <cstdint> <functional> <map> <memory> <optional>
  <string> <string_view> <unordered_map> <utility> <variant> <vector>)

if(ROOKERY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(ROOKERY_BENCH)
  find_package(benchmark REQUIRED)
endif()
