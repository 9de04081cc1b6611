//! Addresses: proving that one is the account's, and changing it. What proves an address is a link in a
//! mail to it, and only a POST uses the link, so that a scanner that opens it takes nothing away.

mod change;
mod letters;
mod notices;
mod resend;
mod store;
mod undo;
mod verify;

pub use store::STATEMENTS;
pub use undo::Undone;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Declared, Routes};

feature! {
    /// The use cases of addresses.
    Emails = emails()
}

/// The routes below `AUTH_PATH` that concern addresses.
pub fn routes() -> Routes<Emails> {
    Routes::default()
        .add(Declared::STRICT, routes!(change::change))
        .add(Declared::STRICT, routes!(undo::undo))
        .add(Declared::STRICT, routes!(verify::verify))
        .add(Declared::STRICT, routes!(resend::resend))
}
