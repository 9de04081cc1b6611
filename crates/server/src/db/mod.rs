//! One query, two databases: every statement is written once and runs on SQLite and PostgreSQL.
//! Features call [`Database`] with statements declared by [`crate::statements!`]; owner-scoped work goes
//! through `read_as` and `write_as`, which check the live session and set row-level security in the
//! work's own round trip. Driver crates are named here and in `schema/` only.

pub mod bulk;
mod counted;
mod database;
mod declare;
pub mod foreign;
pub(crate) mod postgres;
mod refusal;
mod row;
pub(crate) mod sqlite;
pub mod survey;
mod turns;

pub use database::{Database, Effort, LITERAL};
pub use row::{Columns, FromRow, FromValue, Row};
