//! Signing in by a mail instead of a password: six digits for the client that asked, and a link for
//! whoever has the mailbox. Either one proves the address, so an account whose address nobody had proven
//! loses what let others in. Nothing in an answer, or in how long it takes, tells whether there is an
//! account.

mod code;
mod letter;
mod store;
mod verify;

pub use code::Challenged;
pub use letter::CodeLetters;
pub use store::STATEMENTS;
pub use verify::Typed;

use std::ops::Deref;

use utoipa_axum::routes;

use crate::error::Error;
use crate::http::{Declared, RateGroup, Routes};
use crate::sessions::Sessions;

/// The use cases of codes.
#[derive(Clone, Debug)]
pub struct Codes(Sessions);

impl Codes {
    /// They begin sessions.
    pub fn new(sessions: Sessions) -> Self {
        Self(sessions)
    }

    /// Refuses where nobody signs in by a code.
    fn check_on(&self) -> Result<(), Error> {
        if self.settings.login_codes { Ok(()) } else { Err(Error::CodesOff) }
    }
}

impl Deref for Codes {
    type Target = Sessions;

    fn deref(&self) -> &Sessions {
        &self.0
    }
}

/// The routes below `AUTH_PATH` that sign in by mail.
pub fn routes() -> Routes<Codes> {
    let login = Declared { rate: RateGroup::Login, ..Declared::STRICT };
    Routes::default().add(Declared::STRICT, routes!(code::code)).add(login, routes!(verify::verify))
}
