//! For axum: the layer, the extractors and their responses.

mod extract;
pub(crate) mod layer;
mod step_up;

pub use extract::{Require, Requirement, With};
pub use layer::{AuthLayer, Authenticated, Refused};
pub use step_up::{AuthLevel, RequireAcr, RequireFresh, TwoFactors};
