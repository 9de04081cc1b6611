//! Extractors: body, query, path, conditions and origin.

mod body;
mod etag;
mod form;
mod listing;
mod origin;
mod preference;
mod query;
mod segment;

pub use body::{JSON_TAKES, JsonBody};
pub use etag::{ETag, IfMatch, IfNoneMatch};
pub use form::{FORM_TAKES, FormError, JsonOrForm, SentAs};
pub use listing::{Listing, total_count};
pub use origin::origin_of;
pub use preference::{BodyOrNone, WantsBody};
pub use query::{QueryString, query_pairs};
pub use segment::{IdInPath, TwoIdsInPath, segment, segment_if_any};
