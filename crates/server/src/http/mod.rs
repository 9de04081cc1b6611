//! HTTP plumbing shared by all features: the accept loop, what surrounds every request, reading
//! bodies, problem+json, replies.

mod access_log;
pub mod around;
mod body;
pub mod client_ip;
mod cors;
pub mod docs;
pub mod envelope;
mod etag;
mod fetch;
mod flow;
mod form;
mod gcra;
pub mod guard;
pub mod health;
mod instant;
pub mod limits;
mod origin;
mod page;
mod paths;
mod problem;
mod pulse;
mod query;
pub mod rate_limit;
mod rate_redis;
mod rate_table;
mod reply;
pub mod request_id;
mod segment;
pub mod server;
mod socket;

pub use body::{Field, Fields, Given, JsonBody};
pub use client_ip::ClientIp;
pub use etag::{ETag, IfMatch, IfNoneMatch};
pub use fetch::DocumentFetch;
pub use form::{FormError, JsonOrForm};
pub use instant::{EARLIEST, Instant, LATEST, instant};
pub use origin::Origin;
pub use page::{Cursor, Flag, Listing, Page, Term};
pub use paths::USER_ID;
pub use problem::Problem;
pub use query::{Query, text};
pub use reply::{Created, Json, NoContent, NotModified, json};
pub use request_id::RequestId;
pub use segment::{IdInPath, segment};
