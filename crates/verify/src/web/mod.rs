//! For axum: the layer, the extractors and what they answer.

mod extract;
pub(crate) mod layer;

pub use extract::{Require, Requirement, With};
pub use layer::{AuthLayer, Authenticated, Refused};
