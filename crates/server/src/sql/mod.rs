//! Statements, independent of the engine: [`Sql`] declared by [`statements!`], its parameters, the steps of a
//! transaction, and the errors. Independent of drivers.

mod failure;
mod statement;
#[doc(hidden)]
pub mod text;
mod value;

pub use failure::{DbError, Result};
pub(crate) use statement::TextPlace;
pub use statement::{Sql, Step, arranged};
pub use value::{RawValue, Value, ValueRef};
