//! The accept loop: connections in, requests out, with every limit that one connection can meet before a
//! route is known.

mod flow;
pub mod limits;
mod pulse;
pub mod server;
mod shares;
mod socket;
mod streams;
