//! `POST /auth/login/code/verify`: exchanges the code or link of a mail for a session, once. It verifies the
//! address, and creates the account if there is none and registration is open.

use axum::extract::State;

use super::Codes;
use super::store::{self, Mailed};
use crate::audit::{Event, Outcome, Record};
use crate::config::Registration;
use crate::devices::DeviceToken;
use crate::email::Email;
use crate::error::{Error, Invalid};
use crate::gate::{
    Standing, end_factors, end_sessions, end_unproven_identities, end_unproven_passkeys,
};
use crate::guesses::forgive;
use crate::http::{Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::metrics::SignInMethod;
use crate::sessions::{MailboxProof, SignIn, Tokens, counted};
use crate::single_use::{
    CodeChallenge, CodeClient, OTHER_LINKS, OneTimeToken, Opened, Purpose, SixDigits,
};

body! {
    /// The code with its address, or the token of the link.
    pub(super) struct VerifyCodeRequest {
        /// The address that the code was sent to.
        email: Option<Email>,
        /// The six digits.
        code: Option<SixDigits>,
        /// The challenge that was returned when the code was requested. Without it, the code is only accepted
        /// from the network address that requested it.
        challenge: Option<CodeChallenge>,
        /// The token at the end of the link in the mail, instead of address and code.
        token: Option<OneTimeToken>,
        /// The token of a trusted device, in place of the second step.
        device_token: Option<DeviceToken> = None,
    }
}

/// What the user has from the mail.
#[derive(Clone, Debug)]
pub enum Typed {
    /// The code.
    Code {
        /// The address that it was mailed to.
        email: Email,
        /// The six digits.
        code: SixDigits,
        /// Shows that it is the client that requested it.
        challenge: Option<CodeChallenge>,
    },
    /// The token of the link.
    Link(OneTimeToken),
}

/// Sign in with a code or a link
///
/// Either works once, within ten minutes, and invalidates the other. A code allows five guesses, and only by
/// the client that requested it: it sends the `challenge`, or comes from the same network address. The codes of
/// one address allow twenty wrong guesses a day; the link still works after that. If the account's address was
/// not verified before, the account loses its password, sessions and other links, since somebody else may have
/// created it.
#[utoipa::path(post, path = "/login/code/verify", operation_id = "codes.verify", tag = "sessions",
    request_body = VerifyCodeRequest,
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 400, description = "The link is not valid, was used or has expired"),
        (status = 401, description = "The code is wrong, has expired or was requested by another client"),
        (status = 403, description = "The account is disabled, or a second factor is required"),
        (status = 404, description = "`LOGIN_CODES` is off"),
        (status = 422, description = "Send either a code with its address or a token")))]
pub(super) async fn verify(
    State(codes): State<Codes>,
    origin: Origin,
    JsonBody(mut body): JsonBody<VerifyCodeRequest>,
) -> Result<Json<Tokens>, Error> {
    codes.check_on()?;
    let device = body.device_token.take();
    codes.verify(&body.typed()?, device.as_ref(), &origin).await.and_then(SignIn::answer).map(json)
}

impl VerifyCodeRequest {
    /// A code with its address, or a token: not both, and not half of it.
    fn typed(self) -> Result<Typed, Error> {
        let (name, why) = match self {
            Self { email: Some(email), code: Some(code), challenge, token: None, .. } => {
                return Ok(Typed::Code { email, code, challenge });
            }
            Self { email: None, code: None, token: Some(token), .. } => {
                return Ok(Typed::Link(token));
            }
            Self { token: Some(_), .. } => ("token", "must be sent without email and code"),
            Self { email: None, .. } => ("email", "is required with code, unless token is sent"),
            Self { code: None, .. } => ("code", "is required with email, unless token is sent"),
        };
        Err(Error::Validation(vec![Invalid::new("body", name, (why.to_owned(), "value_error"))]))
    }
}

impl Codes {
    /// Creates a session for the holder of the code or link.
    pub(crate) async fn verify(
        &self,
        typed: &Typed,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<SignIn, Error> {
        let answer = self.try_verify(typed, device, origin).await;
        counted(self.db.metrics(), SignInMethod::Mail, answer)
    }

    async fn try_verify(
        &self,
        typed: &Typed,
        device: Option<&DeviceToken>,
        origin: &Origin,
    ) -> Result<SignIn, Error> {
        // A second attempt, in case the account was created or changed in between.
        for _ in 0..2 {
            let opened = match self.open(typed, origin).await {
                Ok(opened) => opened,
                Err(error @ (Error::InvalidCode | Error::InvalidLink(_))) => {
                    let record = Record::from(origin, Event::Login).detail(typed.name());
                    self.audit.note(record.came_out(Outcome::Failure));
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            let proof = self.proof(opened, typed, origin)?;
            match self.begin_by_mail(proof, device, origin).await {
                Ok(Some(done)) => return Ok(done),
                Ok(None) | Err(Error::EmailTaken) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::InvalidCode)
    }

    /// What the code or token stands for, and the account it is for.
    async fn open(
        &self,
        typed: &Typed,
        origin: &Origin,
    ) -> Result<(Opened, Email, Option<Mailed>), Error> {
        let (purpose, single_use) = (Purpose::SignIn, &self.single_use);
        let (opened, found) = match typed {
            Typed::Code { email, code, challenge } => {
                let challenge = challenge.as_ref();
                let client = CodeClient { mailbox: email.key(), challenge, network: origin.ip };
                let read = store::find(email.key());
                let (opened, found) = single_use.guess(purpose, client, code, read).await?;
                let opened = opened.ok_or(Error::InvalidCode)?;
                (opened, found)
            }
            Typed::Link(token) => {
                let reads = vec![
                    single_use.look(purpose, token),
                    store::find_by_secret(token.digest(purpose)),
                ];
                let mut rows = self.db.write(reads).await?.into_iter();
                let mut first = || rows.next().and_then(|rows| rows.into_iter().next());
                let opened = first().map(|row| row.read()).transpose()?;
                (Opened::usable(opened, self.clock.now())?, first())
            }
        };
        let Some(email) = opened.bound.as_deref().and_then(Email::parse) else {
            return Err(Error::Internal("a code without an address".into()));
        };
        let found = match found {
            Some(row) => Some(row.read::<Mailed>()?),
            None => self.db.find(store::find(email.key())).await?,
        };
        Ok((opened, email, found))
    }
}

impl Codes {
    /// The first step that the secret allows: for the account of its address, or a new one.
    fn proof(
        &self,
        (opened, email, found): (Opened, Email, Option<Mailed>),
        typed: &Typed,
        origin: &Origin,
    ) -> Result<MailboxProof, Error> {
        let (now, how) = (self.clock.now(), typed.name());
        let mut steps = self.single_use.claim(Purpose::SignIn, &opened).to_vec();
        let (mut user, hash, mut factors, records) = match found {
            Some(Mailed { user, hash, banned_until, factors }) => {
                if Standing::of(user.is_active, banned_until, now) != Standing::Active {
                    let record = Record::from(origin, Event::Login).about(user.id).detail(how);
                    self.audit.note(record.came_out(Outcome::Blocked));
                    return Err(Error::AccountDisabled);
                }
                (user, hash, factors, Vec::new())
            }
            None if self.settings.registration == Registration::Closed => {
                return Err(Error::InvalidCode);
            }
            None => {
                let new = self.accounts().account_without_password(&email);
                steps.extend(new.steps);
                let record = Record::from(origin, Event::Register).about(new.user.id);
                (new.user, None, Vec::new(), vec![record.detail(how)])
            }
        };
        let id = user.id;
        steps.extend(store::prove(id, email.key(), now));
        let hash = hash.filter(|_| user.email_verified);
        if !user.email_verified {
            steps.push(end_sessions(id, now, "address_proven"));
            steps.push(end_unproven_identities(id));
            steps.push(end_unproven_passkeys(id));
            steps.extend(end_factors(id));
            factors.clear();
            steps.push(forgive(id, now));
            steps.extend(OTHER_LINKS.map(|purpose| self.single_use.withdraw(id, purpose)));
            user.email_verified = true;
            user.updated_at = now;
        }
        steps.extend(self.passwords.guesses.place(id, origin));
        Ok(MailboxProof { user, hash, factors, steps, records, how })
    }
}

impl Typed {
    fn name(&self) -> &'static str {
        match self {
            Self::Code { .. } => "code",
            Self::Link(_) => "link",
        }
    }
}
