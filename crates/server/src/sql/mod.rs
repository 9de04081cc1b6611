//! What a statement is, whichever engine runs it: [`Sql`] declared by [`statements!`], its parameters,
//! the steps of a transaction, and the ways in which it fails. Knows no driver.

mod failure;
mod statement;
#[doc(hidden)]
pub mod text;
mod value;

pub use failure::{DbError, Result};
pub(crate) use statement::TextPlace;
pub use statement::{Sql, Step, arranged};
pub use value::{Value, ValueRef};
