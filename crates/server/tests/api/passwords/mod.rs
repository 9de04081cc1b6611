//! Passwords: changing them.

mod accept;
mod change;
mod forgot;
pub(crate) mod reset;
