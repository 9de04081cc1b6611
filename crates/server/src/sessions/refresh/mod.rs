//! `POST /auth/refresh`: refresh-token rotation. One compare-and-set if this process knows the session's
//! salt, otherwise a read first. A request that loses the race reads the row and is then one step behind, so
//! all requests agree on one successor. Reuse ends the session, which is committed before the response. Only
//! the row decides; cached data never changes.

pub(super) mod refresh_token;
pub(super) mod renew;

use axum::extract::State;
use time::OffsetDateTime;

use crate::audit::{Event, Outcome, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::http::{FormError, Json, JsonOrForm, SentAs, json, request_id};
use crate::input::{Origin, body};
use crate::metrics::RefreshOutcome;
use crate::sessions::begin::grant::RefreshGrant;
use crate::sessions::session::Generation;
use crate::sessions::store::{self, Refreshable};
use crate::sessions::{Beginning, Session, Sessions, Tokens};
use crate::sql::DbError;
use refresh_token::{Forgiveness, Genuine, Presented, Redemption, redeem};
use renew::{RefreshAnswer, RefreshProof};

/// Number of attempts while other requests keep changing the session.
const ATTEMPTS: usize = 4;
const MAX_TOKEN: usize = 512;

body! {
    /// The refresh token to exchange.
    pub(in crate::sessions) struct RefreshRequest {
        /// The latest one received.
        refresh_token: String,
    }
}

body! {
    /// The same as an OAuth 2.0 form (RFC 6749 §6).
    pub(in crate::sessions) struct RefreshForm {
        /// The latest one received.
        refresh_token: String,
    }
    checked {
        /// `refresh_token` if present.
        grant_type: Option<RefreshGrant> = None,
    }
}

impl From<RefreshForm> for RefreshRequest {
    fn from(form: RefreshForm) -> Self {
        Self { refresh_token: form.refresh_token }
    }
}

/// Exchange a refresh token for new tokens
///
/// A form with `refresh_token` and, optionally, `grant_type=refresh_token` is accepted too (RFC 6749 §6).
#[utoipa::path(post, path = "/refresh", operation_id = "sessions.refresh", tag = "sessions",
    request_body = RefreshRequest,
    extensions(("x-also-takes" = json!(["application/x-www-form-urlencoded"]))),
    responses(
        (status = 200, description = "The session's next tokens", body = Tokens),
        (status = 401, description = "Not valid, expired, or reused after its successor"),
        (status = 422, description = "The token is missing or not a string")))]
pub(in crate::sessions) async fn refresh(
    State(sessions): State<Sessions>,
    origin: Origin,
    proof: RefreshProof,
) -> Result<Json<RefreshAnswer>, FormError> {
    let (done, sent_as) = match proof {
        RefreshProof::RefreshToken(JsonOrForm { body, sent_as, .. }) => {
            let done = sessions.refresh(&body.refresh_token, &origin).await;
            (done.map(RefreshAnswer::Tokens), sent_as)
        }
        RefreshProof::Bearer(token) => {
            let done = sessions.refresh(&token, &origin).await;
            (done.map(RefreshAnswer::Tokens), SentAs::Json)
        }
        RefreshProof::AccessToken(caller) => {
            (sessions.renew(caller.gate).await.map(RefreshAnswer::Renewed), SentAs::Json)
        }
    };
    done.map(json).map_err(|error| sent_as.failed(error))
}

impl Sessions {
    /// Redeems a refresh token.
    pub async fn refresh(&self, token: &str, origin: &Origin) -> Result<Tokens, Error> {
        let answer = self.try_refresh(token, origin).await;
        match &answer {
            Err(Error::InvalidRefreshToken) => self.count(RefreshOutcome::Invalid),
            Err(Error::RefreshTokenReused) => self.count(RefreshOutcome::Reused),
            _ => {}
        }
        answer
    }

    fn count(&self, outcome: RefreshOutcome) {
        if let Some(meters) = self.db.metrics().on() {
            meters.refreshes.one(outcome as usize);
        }
    }

    async fn try_refresh(&self, token: &str, origin: &Origin) -> Result<Tokens, Error> {
        let presented = Some(token)
            .filter(|token| token.len() <= MAX_TOKEN)
            .and_then(Presented::parse)
            .ok_or(Error::InvalidRefreshToken)?;
        if let Some(begun) = self.memory.begun.get(&presented.session_id)
            && let Some(tokens) = self.advance_known(presented, &begun).await?
        {
            return Ok(tokens);
        }
        for _ in 0..ATTEMPTS {
            if let Some(tokens) = self.redeem_once(presented, origin).await? {
                return Ok(tokens);
            }
        }
        Err(Error::Unavailable("The session is being refreshed elsewhere; try again shortly."))
    }

    /// One write for a session whose salt this process knows; `None` if its counter differs or it is no
    /// longer valid, which only a read can distinguish.
    async fn advance_known(
        &self,
        presented: Presented,
        begun: &Beginning,
    ) -> Result<Option<Tokens>, Error> {
        let genuine = presented.prove(begun, &self.secrets).ok_or(Error::InvalidRefreshToken)?;
        self.advance(begun, genuine, self.clock.now()).await
    }

    /// One read and at most one write; `None` if another request changed the session in between.
    async fn redeem_once(
        &self,
        presented: Presented,
        origin: &Origin,
    ) -> Result<Option<Tokens>, Error> {
        let (db, now) = (&self.db, self.clock.now());
        let found = store::find_for_refresh(db, presented.session_id, now).await?;
        let Some(Refreshable { session, is_active: true, user }) = found else {
            return Err(Error::InvalidRefreshToken);
        };
        let genuine =
            presented.prove(&session.begun, &self.secrets).ok_or(Error::InvalidRefreshToken)?;
        let settings = &self.settings;
        let forgive = Forgiveness { grace: settings.refresh_grace, retry: settings.refresh_retry };
        match redeem(genuine, &session, forgive, now) {
            Redemption::Invalid => Err(Error::InvalidRefreshToken),
            Redemption::Reused => {
                self.end_stolen(&session, now, origin).await?;
                Err(Error::RefreshTokenReused)
            }
            Redemption::Forgive if !store::update_repeats(db, &session, now).await? => Ok(None),
            Redemption::Repeat | Redemption::Forgive => {
                self.count(RefreshOutcome::Repeated);
                let generation = session.generation();
                self.tokens(&session.begun, generation, &session.how, user, now).await.map(Some)
            }
            Redemption::Advance => {
                self.memory.begun.put(session.begun.id, session.begun.clone());
                self.advance(&session.begun, genuine, now).await
            }
        }
    }

    /// The compare-and-set; `None` if another request was first or the session has just ended.
    async fn advance(
        &self,
        begun: &Beginning,
        genuine: Genuine,
        now: OffsetDateTime,
    ) -> Result<Option<Tokens>, Error> {
        let expires_at = begun.extended(now, self.settings.session_idle_ttl);
        let db = &self.db;
        let advanced = store::update_counter(db, begun, genuine.counter, expires_at, now).await?;
        let Some((user, how)) = advanced else { return Ok(None) };
        self.count(RefreshOutcome::Rotated);
        request_id::acts(begun.user_id, begun.id);
        let next = Generation { counter: genuine.counter + 1, expires_at };
        self.tokens(begun, next, &how, user, now).await.map(Some)
    }

    async fn end_stolen(
        &self,
        session: &Session,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<(), Error> {
        let mut steps = store::revoke(session.begun.id, "refresh_token_reused", now);
        let at = steps.len();
        steps.extend(self.mail.notify(Notice::SessionStolen, session.begun.user_id, origin));
        let record = Record::from(origin, Event::RefreshReuse).came_out(Outcome::Blocked);
        let record = record.about(session.begun.user_id).in_session(session.begun.id);
        match self.audit.write(steps, record).await {
            Ok(rows) => {
                self.mail.wake_for(rows.get(at..=at).unwrap_or_default());
                Ok(())
            }
            // It had already ended.
            Err(DbError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
