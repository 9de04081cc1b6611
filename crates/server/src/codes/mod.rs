//! Sign-in by mail instead of a password: six digits for the client that requested them, and a link for the
//! owner of the mailbox. Both verify the address; if it was unverified before, the account loses all other
//! credentials. Neither responses nor their timing disclose whether there is an account.

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
    /// The feature creates sessions.
    pub fn new(sessions: Sessions) -> Self {
        Self(sessions)
    }

    /// Fails if sign-in by code is off.
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

/// The routes below `AUTH_PATH` for signing in by mail.
pub fn routes() -> Routes<Codes> {
    let login = Declared { rate: RateGroup::Login, ..Declared::STRICT };
    Routes::default().add(Declared::STRICT, routes!(code::code)).add(login, routes!(verify::verify))
}
