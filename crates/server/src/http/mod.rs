//! HTTP plumbing shared by all features: what surrounds every request, reading
//! bodies, problem+json, replies.

mod body;
pub mod client_ip;
pub mod docs;
mod etag;
mod fetch;
mod form;
pub mod health;
mod instant;
pub mod layer;
mod origin;
mod page;
pub(crate) mod problem;
mod query;
mod reply;
pub mod request_id;
mod segment;

pub use body::{Field, Fields, Given, JsonBody};
pub use client_ip::ClientIp;
pub use etag::{ETag, IfMatch, IfNoneMatch};
pub use fetch::DocumentFetch;
pub use form::{FormError, JsonOrForm};
pub use instant::{EARLIEST, Instant, LATEST, instant};
pub use layer::USER_ID;
pub use origin::Origin;
pub use page::{Cursor, Flag, Listing, Page, Term};
pub use problem::Problem;
pub use query::{QueryString, text};
pub use reply::{Created, Json, NoContent, NotModified, json};
pub use request_id::RequestId;
pub use segment::{IdInPath, segment};
