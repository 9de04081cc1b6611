//! Exports: everything that is held about one user, for that user and for whoever answers a request by
//! letter. An export is read page by page as it is taken, so it needs little memory whatever its length,
//! and a slow reader keeps nothing of the database.

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

/// The use cases of exports; clones share what is under way.
#[derive(Clone, Debug)]
pub struct Exports {
    context: Arc<Context>,
    under_way: Arc<UnderWay>,
}

impl Exports {
    /// Exports of which none is under way.
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

/// The routes below `AUTH_PATH` that concern exports.
pub fn routes() -> Routes<Exports> {
    Routes::default().add(Declared::STRICT, routes!(own_export::export))
}
