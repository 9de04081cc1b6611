//! The schema: migrations and their history, the runner, the verification of the schema, and the role that
//! row-level security depends on.

mod backup;
mod catalog;
mod fitness;
mod history;
pub mod migrate;
mod migration;
mod own_rows;
mod script;
mod state;
mod tenant_role;
pub mod verify;

pub use backup::{Restored, Saved};
pub use catalog::{Change, Object};
pub use fitness::{CALLS, Lack, USES, Unfit};
pub use history::{HistoryRow, State, Status};
pub use migrate::MigrateError;
pub use migration::{Engine, MIGRATIONS, Migration};
pub use own_rows::OwnRows;
pub use script::{Direction, SchemaStep, downward, granting, offline, upward};
pub use state::Schema;
