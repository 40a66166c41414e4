/// /upload/…: files that people send each other (XEP-0363) come by PUT, and are given to who knows their URL.
///
/// Source: XEP-0363 §4, §7; RFC 9110 §13, §14 (ranges); RFC 6266. A file is told as what its sender said only if nothing of it
/// can run in a browser. What came is on the disk before 201.
#pragma once

#include "actors/http/web_host.hpp"
#include "actors/xmpp/web/upload_service.hpp"

namespace rookery::actors {

/// All outlives the connections.
web_part make_upload_part(node&, upload_service&);

} // namespace rookery::actors
