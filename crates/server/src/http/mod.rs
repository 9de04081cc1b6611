//! HTTP plumbing for all features: layers, extractors, problem documents, replies.

pub mod arrival;
pub mod client_ip;
pub mod docs;
mod extract;
pub mod health;
mod json_rows;
pub mod layer;
pub(crate) mod problem;
mod reply;
pub mod request_id;
pub mod routes;
pub mod scrape;
mod trace;
mod translation;

pub use client_ip::ClientIp;
pub use extract::{
    BodyOrNone, ETag, FORM_TAKES, FormError, IdInPath, IfMatch, IfNoneMatch, JSON_TAKES, JsonBody,
    JsonOrForm, Listing, QueryString, SentAs, TwoIdsInPath, WantsBody, origin_of, query_pairs,
    segment, segment_if_any, total_count,
};
pub(crate) use json_rows::json_row;
pub use json_rows::{JsonColumn, JsonMembers, JsonRow, JsonRows, TranslatedRows, copy_unless_null};
pub use layer::USER_ID;
pub(crate) use layer::as_long_as;
pub use problem::Problem;
pub use reply::{Accepted, AcceptedWith, Created, Json, NoContent, NotModified, json};
pub use request_id::RequestId;
pub use routes::{Caching, Declared, Operation, RateGroup, Registered, Routes};
pub use translation::{
    NamedUser, NativeProblem, RowTranslation, Translated, TranslatedProblem, Translation,
    is_failure, is_plain_json, is_success, set_status,
};
