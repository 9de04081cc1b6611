//! The accept loop: connections in, requests out, with all limits that apply to a connection before its route
//! is known.

mod flow;
pub mod limits;
mod pulse;
pub mod server;
mod shares;
mod socket;
mod streams;
