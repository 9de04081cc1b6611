//! Maps tables and columns of other programs: by profile, by name, or as told by the operator.

pub(super) mod known_fields;
mod linked;
mod plan;
mod profile;

pub(super) use plan::plan;
pub use plan::{Overrides, Plan, TablePlan};
pub use profile::Profile;
