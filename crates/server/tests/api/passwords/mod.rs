//! Passwords: changing them.

mod change;
