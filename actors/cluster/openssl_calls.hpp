/// Mends caf_openssl 0.17.6, which does not empty OpenSSL's error queue, and does not wait within a handshake.
///
/// The queue belongs to the thread, and CAF's one network thread serves all links: the error of a link that broke is then
/// taken for one of the next link that has nothing to read, and that one is closed too. When a node died, the others
/// lost each other for seconds. SSL_read, SSL_write, SSL_accept and SSL_connect of this program empty the queue first.
///
/// While the other side of a handshake is silent (it was stopped, or is a stranger who only connects) that thread tries again
/// without end, and takes a core. SSL_accept and SSL_connect on a socket wait 2 ms for an answer first.
#pragma once

namespace rookery::actors {

/// Call it before the first link; it does nothing but bring the functions into the program.
void mend_openssl_calls() noexcept;

} // namespace rookery::actors
