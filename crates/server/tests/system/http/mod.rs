//! The accept loop against raw sockets: slow, broken, greedy and hostile clients, HTTP/2, and the
//! drain at a stop. Limits are small so that each deadline passes within a second.

mod drain;
mod hostile;
mod http2;
mod server;
mod shares;
mod slow;
mod whole;
