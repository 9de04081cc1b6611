//! What stands in a query: values as text, and which page of a list is wanted.

mod page;
mod parameter;

pub use page::{Cursor, PAGE_BYTES, Page, json_bytes};
pub use parameter::{Flag, Once, Opaque, QueryInstant, Term, text};
