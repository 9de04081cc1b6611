//! Exports of all data about one user, for that user and for operators who answer access requests. An export
//! is read page by page as the client reads it, so it needs little memory whatever its size, and a slow
//! reader occupies nothing in the database.

mod own_export;
mod sheet;
mod store;
mod under_way;

pub use own_export::UserExport;
pub use store::{HeldIdentity, HeldSession, STATEMENTS};

use std::ops::Deref;
use std::sync::Arc;

use utoipa_axum::routes;

use crate::context::Context;
use crate::http::{Declared, Routes};
use crate::keys::Keys;
use under_way::UnderWay;

/// The use cases of exports; clones share the exports in progress.
#[derive(Clone, Debug)]
pub struct Exports {
    context: Arc<Context>,
    under_way: Arc<UnderWay>,
}

impl Exports {
    /// With no exports in progress.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, under_way: Arc::default() }
    }
}

impl Deref for Exports {
    type Target = Arc<Context>;

    fn deref(&self) -> &Arc<Context> {
        &self.context
    }
}

impl AsRef<Keys> for Exports {
    fn as_ref(&self) -> &Keys {
        &self.context.keys
    }
}

/// The routes below `AUTH_PATH` for exports.
pub fn routes() -> Routes<Exports> {
    Routes::default().add(Declared::STRICT, routes!(own_export::export))
}
