//! What people and programs put in, whichever way it comes: fields that parse or are refused, all
//! problems at once, pages, instants, and where it came from. Free of HTTP: the command line reads its
//! arguments by the same types.

mod field;
mod fields;
mod instant;
mod json;
mod origin;
mod page;
mod text;

pub use field::{Field, Given, Refusal};
pub use fields::Fields;
pub use instant::{EARLIEST, Instant, LATEST, instant};
pub use json::parse_object;
pub use origin::Origin;
pub use page::{Cursor, Page};
pub use text::{Flag, Term, text};
