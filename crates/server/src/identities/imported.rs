//! Better Auth's sessions that `doorward import` imported into a database without its tables. Each is a row
//! of `sessions`, found by a digest of its issuer and token. Whatever ends sessions ends it, and the gate
//! checks it in the same round trip as the work.

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;
use uuid::Uuid;

use super::better_auth::is_token;
use super::{Identities, store};
use crate::error::Error;
use crate::gate::Life;
use crate::keys::{Examined, shut_out};
use crate::recent::Recent;
use crate::row;
use crate::sql::Result;
use crate::timestamp::to_the_second;

/// The stored digest of an issuer and a token.
pub(super) type Digest = [u8; 32];

row! {
    /// A session identified by another issuer's token.
    #[derive(Clone, Debug)]
    pub(super) struct ImportedSession from sessions {
        pub(super) id: Uuid,
        pub(super) user_id: Uuid,
        /// The user's id at the issuer; `None` if the two are no longer linked.
        pub(super) subject: Option<String> = "(SELECT min(i.subject) FROM identities i \
            WHERE i.user_id = sessions.user_id AND i.issuer = m.issuer)",
    }
}

row! {
    /// The state of an imported session and its user.
    #[derive(Clone, Debug)]
    pub(super) struct ImportedFate from sessions {
        pub(super) expires_at: OffsetDateTime,
        pub(super) ended_at: Option<OffsetDateTime>,
        pub(super) end_reason: Option<String>,
        pub(super) is_active: bool = "users.is_active",
        pub(super) banned_until: Option<OffsetDateTime> = "users.banned_until",
    }
}

/// A cache of imported sessions and their users. Whether a session is live is always checked by the gate.
#[derive(Debug, Default)]
pub(super) struct ImportedSessions(Recent<Digest, ImportedSession>);

impl ImportedSessions {
    pub(super) fn forget(&self, id: Uuid) {
        self.0.forget(|session| session.id == id);
    }
}

/// The digest that identifies a session token of this issuer; `None` if the text is not such a token. It
/// depends on the issuer, so a session is never accepted for another one.
pub fn imported_digest(issuer: &str, token: &str) -> Option<[u8; 32]> {
    if !is_token(token) {
        return None;
    }
    let text = format!("doorward imported session v1\0{issuer}\0{token}");
    let mut kept = [0; 32];
    kept.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    Some(kept)
}

impl Identities {
    /// The session imported with this token, live or not.
    pub(super) async fn imported(&self, token: &str) -> Result<Option<ImportedSession>> {
        let issuer = self.settings.better_auth_url.as_deref().unwrap_or_default();
        let Some(digest) = imported_digest(issuer, token) else { return Ok(None) };
        let known = &self.imported_sessions.0;
        if let Some(session) = known.get(&digest) {
            return Ok(Some(session));
        }
        let found = store::find_imported(&self.db, &digest).await?;
        if let Some(session) = &found {
            known.put(digest, session.clone());
        }
        Ok(found)
    }

    /// Explains the state of an imported session and its user.
    pub(super) async fn examine_imported(
        &self,
        examined: &mut Examined,
        session: &ImportedSession,
    ) {
        match store::find_imported_fate(&self.db, session).await.map_err(Error::from) {
            Err(error) => {
                examined.notes.push(format!("the session could not be looked up: {error}"));
            }
            Ok(None) => examined.failing = Some("session: there is no such session".into()),
            Ok(Some(fate)) => {
                let now = self.clock.now();
                examined.user = Some(session.user_id);
                examined.failing = match Life::of(fate.ended_at, fate.expires_at, now) {
                    Life::Live => shut_out(fate.is_active, fate.banned_until, now),
                    Life::Ended(at) => {
                        let why = fate.end_reason.as_deref().unwrap_or("unknown");
                        Some(format!("session: it ended at {} ({why})", to_the_second(at)))
                    }
                    Life::Expired(at) => {
                        Some(format!("session: it expired at {}", to_the_second(at)))
                    }
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_another_digest_at_another_issuer() {
        let token = "CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW";
        let of = |issuer: &str, token: &str| imported_digest(issuer, token);
        assert!(of("https://a.example", token).is_some());
        assert_eq!(of("https://a.example", token), of("https://a.example", token));
        assert_ne!(of("https://a.example", token), of("https://b.example", token));
        assert_ne!(of("https://a.example", token), of("https://a.example", &token.to_lowercase()));
        for text in ["", "short", &format!("{token}x"), &token.replace('C', "'")] {
            assert_eq!(of("https://a.example", text), None, "{text}");
        }
    }
}
