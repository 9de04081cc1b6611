//! Passwords: changing them.

mod change;
mod forgot;
pub(crate) mod reset;
