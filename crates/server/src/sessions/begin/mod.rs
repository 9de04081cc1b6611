//! Creates a session after a successful first step, and returns its tokens (RFC 6749 §5.1). Tokens are always
//! generated here, never taken from a client.

pub(crate) mod counted;
pub(super) mod grant;
pub(super) mod login;
pub(super) mod next_step;
pub(super) mod register;

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::taken;
use crate::audit::Record;
use crate::config::Notice;
use crate::devices::DeviceToken;
use crate::error::Error;
use crate::factors::{Authentication, FirstProof, Method, Methods, SecondStep};
use crate::gate::Authority;
use crate::http::request_id;
use crate::input::{Device, Origin};
use crate::passwords::{Proof, keeps};
use crate::sessions::refresh::refresh_token;
use crate::sessions::session::Generation;
use crate::sessions::{Beginning, Session, Sessions, store};
use crate::sql::{DbError, Step};
use crate::user::User;
use next_step::SignIn;

/// The tokens of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Always `bearer`.
    #[schema(value_type = String, example = "bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// For `POST /auth/refresh`, once.
    pub refresh_token: String,
    /// Seconds until the session expires unless it is refreshed.
    pub refresh_expires_in: i64,
    /// The signed-in user.
    pub user: User,
    /// The token of a device that was made trusted: sent with the next sign-in, it replaces the second step. It
    /// is only returned once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub device_token: Option<String>,
    /// Seconds until the trust in the device expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub device_expires_in: Option<u64>,
}

impl Tokens {
    /// The same, with the token for a device that is trusted from now on.
    #[must_use]
    pub(crate) fn on_trusted(self, device: Option<(DeviceToken, Duration)>) -> Self {
        let Some((token, lives)) = device else { return self };
        let device_token = Some(token.expose().to_owned());
        Self { device_token, device_expires_in: Some(lives.as_secs()), ..self }
    }
}

/// A user who has proven access to the account's mailbox.
#[derive(Debug)]
pub(crate) struct MailboxProof {
    /// The account as it will be, with a verified address.
    pub(crate) user: User,
    /// The hash that it will have.
    pub(crate) hash: Option<String>,
    /// The kinds of active second factors.
    pub(crate) factors: Vec<String>,
    /// Steps that use up the secret and lock the account's row; they precede the session.
    pub(crate) steps: Vec<Step>,
    /// Records in addition to the sign-in.
    pub(crate) records: Vec<Record>,
    /// The method, for the record: a code or a link.
    pub(crate) how: &'static str,
}

impl Sessions {
    /// Creates a session, or asks for a second factor; `None` if the user has changed since the password was
    /// verified.
    pub(crate) async fn begin(
        &self,
        proof: Proof,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<Option<SignIn>, Error> {
        let mut first = FirstProof {
            user: &proof.user,
            hash: Some(&proof.hash),
            factors: &proof.factors,
            methods: Methods::of(Method::Password),
        };
        let trusted = self.stands_in(&mut first, Some(&proof.stored), device).await?;
        let next = self.next_step(&first, origin);
        let is_owed = next.is_owed();
        let (work, record, mut written) = next.into_parts();
        let mut steps = vec![proof.hold()];
        steps.extend(trusted);
        steps.extend(work);
        let done = if is_owed {
            steps.push(keeps(proof.user.id, &proof.hash));
            proof.commit_first_step(&self.audit, steps, record).await
        } else {
            proof.commit(Authority::Operator, steps, record).await
        };
        match done {
            Ok(rows) => written.asked_for(&rows),
            // Disabled, deleted or given another password since, or the device is no longer trusted. The
            // guess is given back.
            Err(DbError::Refused(_) | DbError::Orphan) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        self.signed_in(written).await.map(Some)
    }

    /// The same for a user who has proven access to the mailbox; `None` also if another request used up the
    /// secret.
    pub(crate) async fn begin_by_mail(
        &self,
        proof: MailboxProof,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<Option<SignIn>, Error> {
        let MailboxProof { user, hash, factors, mut steps, mut records, how } = proof;
        let methods = Methods::of(Method::Mail);
        let hash = hash.as_deref();
        let mut first = FirstProof { user: &user, hash, factors: &factors, methods };
        steps.extend(self.stands_in(&mut first, hash, device).await?);
        let (work, record, written) = self.next_step(&first, origin).into_parts();
        steps.extend(work);
        // The use of a trusted device is recorded too.
        let trusted = first.methods.has(Method::TrustedDevice);
        records.push(if trusted { record } else { record.detail(how) });
        match self.audit.commit(Authority::Operator, steps, records).await {
            Ok(_) => {}
            Err(DbError::Refused(_) | DbError::Orphan) => return Ok(None),
            Err(DbError::Unique(index)) => return Err(taken(&index)),
            Err(error) => return Err(error.into()),
        }
        self.signed_in(written).await.map(Some)
    }

    /// If the device with this token replaces the second step that the proof would require, adds that to the
    /// proof and returns the steps that use the device. `stored` is the account's hash before the sign-in.
    async fn stands_in(
        &self,
        first: &mut FirstProof<'_>,
        stored: Option<&str>,
        token: Option<&DeviceToken>,
    ) -> Result<Vec<Step>, Error> {
        let owed = self.factors().owed(first.user, first.factors, first.methods);
        let (Some(token), Some(SecondStep::Verify)) = (token, owed) else { return Ok(Vec::new()) };
        let devices = self.devices();
        let Some(found) = devices.find(token, first.user, stored).await? else {
            return Ok(Vec::new());
        };
        first.methods = first.methods.and(Method::TrustedDevice);
        Ok(devices.stand_in(&found, first.user, first.hash).to_vec())
    }

    /// The tokens of a session that was just stored.
    pub(in crate::sessions) async fn first_tokens(
        &self,
        session: &Session,
        user: User,
    ) -> Result<Tokens, Error> {
        let Session { begun, rotated_at: now, .. } = session;
        if let Some(meters) = self.db.metrics().on() {
            meters.sessions_begun.one();
        }
        request_id::acts(begun.user_id, begun.id);
        self.memory.begun.put(begun.id, begun.clone());
        self.prune_daily(*now);
        self.tokens(begun, session.generation(), &session.how, user, *now).await
    }

    /// Stores the session, with its device if users are notified of new ones.
    pub(in crate::sessions) fn insert(
        &self,
        session: &Session,
        origin: &Origin,
        hash: Option<&str>,
    ) -> Vec<Step> {
        let device = self.mail.notifies(Notice::NewDevice).then(|| Device::of(origin));
        store::insert(session, origin, device.as_ref(), hash)
    }

    /// Queues a mail if the session started on a new device; must follow the steps that store the session.
    /// Returns a row if it does.
    pub(in crate::sessions) fn notice_of_device(
        &self,
        session: &Session,
        origin: &Origin,
    ) -> Option<Step> {
        let Beginning { id, user_id, .. } = session.begun;
        self.mail
            .notifies(Notice::NewDevice)
            .then(|| self.mail.notify_of_device(user_id, id, &Device::of(origin), origin))
            .flatten()
    }

    pub(in crate::sessions) fn new_session(&self, user_id: Uuid, methods: Methods) -> Session {
        let (settings, random) = (&self.settings, &self.random);
        let now = self.clock.now();
        let begun = Beginning {
            id: random.id(now),
            user_id,
            salt: random.bytes::<32>().to_vec(),
            max_expires_at: now + settings.session_max_ttl,
        };
        Session {
            how: Authentication { at: now, methods },
            counter: 0,
            confirmed: 0,
            repeats: 0,
            repeated_at: None,
            rotated_at: now,
            expires_at: begun.extended(now, settings.session_idle_ttl),
            ended_at: None,
            begun,
        }
    }

    /// The tokens of this generation of the session.
    pub(in crate::sessions) async fn tokens(
        &self,
        begun: &Beginning,
        generation: Generation,
        how: &Authentication,
        user: User,
        now: OffsetDateTime,
    ) -> Result<Tokens, Error> {
        let access = self.access_token(begun, generation, how, &user, now).await?;
        let refresh_token = refresh_token::mint(begun, generation.counter, &self.secrets)
            .ok_or_else(|| Error::Internal("no secret signs refresh tokens".into()))?;
        Ok(Tokens {
            access_token: access.text,
            token_type: "bearer",
            expires_in: access.expires_in,
            refresh_token,
            refresh_expires_in: (generation.expires_at - now).whole_seconds().max(0),
            user,
            device_token: None,
            device_expires_in: None,
        })
    }
}
