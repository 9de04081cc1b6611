//! The layers around every request: the envelope of headers and log line, CORS, overload and deadlines.

mod access_log;
pub mod around;
mod bodies;
mod clients;
mod compress;
mod cors;
pub mod envelope;
pub mod guard;
pub mod notes;
mod paths;
#[cfg(feature = "otlp")]
pub mod spans;

pub(crate) use bodies::as_long_as;
pub use paths::USER_ID;
