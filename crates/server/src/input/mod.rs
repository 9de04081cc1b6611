//! Input from users and programs: fields that are parsed and validated, all problems at once, pages,
//! instants, and the origin. Independent of HTTP: the command line parses its arguments with the same types.
//! A body is declared once, with [`body!`], and a query with [`query!`].

mod body;
mod field;
mod fields;
mod id;
mod instant;
mod json;
mod locale;
mod merge_patch;
mod origin;
mod query;
mod slip;
mod text_limits;
mod user_agent;

pub(crate) use body::body;
pub use body::{Body, Draft, FromFields, Slot, add_schemas_of, schema_of, schema_or};
pub use field::{Field, Given, NamedSchemas, Refusal};
pub use fields::Fields;
pub use instant::{EARLIEST, Instant, LATEST, instant};
pub use json::{is_plain_ascii, parse_object};
pub use locale::Locale;
pub use merge_patch::merge_patch;
pub use origin::Origin;
pub(crate) use query::query;
pub use query::{
    Cursor, Opaque, PAGE_BYTES, Page, Parameter, Parameters, QuerySlot, Reach, described_parameter,
    json_bytes,
};
pub use slip::meant;
pub use text_limits::{Letters, TextLimits};
pub use user_agent::{Device, browser};
