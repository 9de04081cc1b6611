//! One query, two databases: every statement is written once and runs on SQLite and PostgreSQL. Features call
//! [`Database`] with statements declared by [`crate::statements!`]; owner-scoped work uses `read_as` and
//! `write_as`, which check the session and set row-level security in the same round trip. Driver crates are
//! only used here and in `schema/`.

mod batches;
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

pub(crate) use batches::in_batches;
pub use database::{Database, Effort, LITERAL};
pub use row::{Columns, FromRow, FromValue, Row, RowSink};
