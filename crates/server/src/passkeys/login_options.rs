//! `POST /auth/login/passkey/options`: the options that a page passes to the browser for a sign-in. They are
//! the same for all users, disclose nothing about passkeys, and need no database query, so a page may call
//! this whenever it shows its sign-in form.

use axum::extract::State;

use super::ceremony::LIVES;
use super::{PasskeyOptions, Passkeys};
use crate::error::Error;
use crate::http::{Json, json};
use crate::single_use::Purpose;

/// Begin a sign-in with a passkey
///
/// Pass `publicKey` to `navigator.credentials.get`, and send the credential with `ceremony` to `POST
/// /auth/login/passkey` within five minutes. The user does not enter a user name.
#[utoipa::path(post, path = "/login/passkey/options", operation_id = "passkeys.login_options",
    tag = "passkeys",
    responses(
        (status = 200, description = "The options for the browser", body = PasskeyOptions),
        (status = 404, description = "This service is not configured for passkeys; `detail` says what to set")))]
pub(super) async fn login_options(
    State(passkeys): State<Passkeys>,
) -> Result<Json<PasskeyOptions>, Error> {
    passkeys.login_options().map(json)
}

impl Passkeys {
    /// Starts a sign-in.
    pub fn login_options(&self) -> Result<PasskeyOptions, Error> {
        let unreadable = |what: String| Error::Internal(format!("passkey options: {what}"));
        let (public_key, state) =
            self.party()?.ask_to_sign_in().map_err(|it| unreadable(it.to_string()))?;
        let (purpose, now) = (Purpose::PasskeySignIn, self.clock.now());
        let ceremony = self.ceremonies.begin(purpose, None, state, now, &self.random);
        let ceremony = ceremony.ok_or_else(|| unreadable("no seal".into()))?;
        Ok(PasskeyOptions { ceremony, expires_in: LIVES.as_secs(), public_key })
    }
}
