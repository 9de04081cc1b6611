//! Replaces a password without requiring the current one, after recent authentication:
//! `PASSWORD_CHANGE=fresh`. The caller writes it together with the rest of its work.

use super::store::{self, FoundUser};
use super::{Password, Passwords};
use crate::error::{Error, Invalid};
use crate::gate::{Authority, Fresh, Gate, end_devices, end_other_sessions, signed_in_since};
use crate::sql::Step;

impl Passwords {
    /// The steps that set the gate's user's password and end their other sessions; they fail unless the user
    /// authenticated recently. Nothing is hashed otherwise.
    pub(crate) async fn replacement(
        &self,
        gate: Gate,
        fresh: Fresh,
        new: Password,
    ) -> Result<Vec<Step>, Error> {
        let read = vec![signed_in_since(gate, fresh), store::find_own(gate)];
        let rows = self.audit.commit(Authority::Caller(gate), read, []).await?;
        let row = rows.last().and_then(|found| found.first()).ok_or(Error::NotFound)?;
        let FoundUser { user, hash, .. } = row.read()?;
        // The password was removed since the sign-in, along with all sessions.
        let stored = hash.ok_or(Error::StaleSignIn { max_age: 0, factor: false })?;
        if let Some(why) = self.policy.refusal_of(&new, &user) {
            return Err(Error::Validation(vec![Invalid::new("body", "password", why)]));
        }
        let hash = self.hash(new).await?;
        let mut steps = store::replace(user.id, &stored, &hash, self.clock.now()).to_vec();
        steps.push(end_other_sessions(gate, "password_changed"));
        steps.push(end_devices(user.id));
        Ok(steps)
    }
}
