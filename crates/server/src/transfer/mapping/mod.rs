//! Which table and column of another program means what: known by its profile, found by its name, or
//! said by the operator.

pub(super) mod known_fields;
mod linked;
mod plan;
mod profile;

pub(super) use plan::plan;
pub use plan::{Overrides, Plan, TablePlan};
pub use profile::Profile;
