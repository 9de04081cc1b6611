//! Moving in and out: accounts, password hashes as they are, sessions and tasks from another program's database or from a
//! file, and everything back out as lines of JSON. Only commands use it. It reads foreign schemas and writes
//! by the thousand, so it has statements of its own; `docs/decisions/0018-moving-in.md` says why.

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
    /// The use cases of moving in and out.
    Transfer = transfer()
}
