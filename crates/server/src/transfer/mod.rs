//! Import and export: accounts, password hashes, sessions and tasks from another program's database or a
//! file, and everything back out as JSON lines. Only used by commands. It reads foreign schemas and writes in
//! bulk, so it has its own statements; `docs/decisions/0018-moving-in.md` has the reasons.

mod cell;
mod export;
mod import;
mod incoming;
mod lines;
mod link;
mod loader;
mod mapping;
mod moved;
mod report;
mod row_cells;
mod session;
mod source;
mod staging;

pub use export::Exported;
pub use import::{Import, Progress};
pub use incoming::Reject;
pub use loader::OnReject;
pub use mapping::{Overrides, Plan, Profile, TablePlan};
pub use report::{ImportReport, Tally};
pub use source::ImportSource;

use crate::feature;

feature! {
    /// The use cases of import and export.
    Transfer = transfer()
}
