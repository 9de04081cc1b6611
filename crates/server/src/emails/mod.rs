//! Addresses: verification and changes. An address is verified with a link in a mail to it. Only a POST uses
//! up the link, so a scanner that opens it does no harm.

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

/// The routes below `AUTH_PATH` for addresses.
pub fn routes() -> Routes<Emails> {
    Routes::default()
        .add(Declared::STRICT, routes!(change::change))
        .add(Declared::STRICT, routes!(undo::undo))
        .add(Declared::STRICT, routes!(verify::verify))
        .add(Declared::STRICT, routes!(resend::resend))
}
