//! What a statement is, whichever engine runs it: [`Sql`] declared by [`statements!`], its parameters,
//! the steps of a transaction, and the ways in which it fails. Knows no driver.

mod failure;
mod value;

pub use failure::{DbError, Result};
pub use value::{Value, ValueRef};

/// A statement of a store. Made by [`statements!`] only, so that a guard test can prepare each one
/// on both engines.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The constant's name, for logs and tests.
    pub name: &'static str,
    /// Portable SQL with `$1…` parameters.
    pub text: &'static str,
}

/// Where a statement's text is in the binary, and its length.
pub(crate) type TextPlace = (usize, usize);

impl Sql {
    /// Tells statements apart without reading them: they are constants.
    pub(crate) fn place(self) -> TextPlace {
        (self.text.as_ptr() as usize, self.text.len())
    }
}

/// Declares the statements of one store and `STATEMENTS`, the list of them all.
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$meta])* pub(super) const $name: $crate::sql::Sql =
            $crate::sql::Sql { name: stringify!($name), text: $text };)+
        /// Every statement of this store, prepared on both engines by a guard test.
        pub const STATEMENTS: &[$crate::sql::Sql] = &[$($name),+];
    };
}

/// Parameters of a statement, in `$1…` order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}

/// One statement of a batch.
#[derive(Clone, Debug)]
pub struct Step {
    /// The statement.
    pub sql: Sql,
    /// Its parameters.
    pub params: Vec<Value>,
}

impl Step {
    /// A statement with its parameters.
    pub fn new(sql: Sql, params: Vec<Value>) -> Self {
        Self { sql, params }
    }
}
