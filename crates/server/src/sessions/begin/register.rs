//! `POST /auth/register`: creates an account with email and password, and with `REGISTRATION_SIGNS_IN` its
//! first session, in one database round trip.

use axum::extract::State;
use serde::Serialize;

use crate::accounts::{Name, NewAccount, NewProfile, taken};
use crate::audit::{Event, Outcome, Record};
use crate::config::Registration;
use crate::email::Email;
use crate::error::Error;
use crate::factors::{Method, Methods};
use crate::gate::Authority;
use crate::http::{Accepted, Created, JsonBody};
use crate::input::{Draft, Locale, Origin, body};
use crate::mail::{Ask, Kind};
use crate::metadata::MetadataObject;
use crate::passwords::NewPassword;
use crate::sessions::{Sessions, Tokens};
use crate::sql::DbError;
use crate::user::User;
use crate::username::GivenUsername;

/// The id of the account that registration would have created, in the mail it queues: if the address belongs
/// to a different account, the address was taken.
pub(crate) const NEW_ACCOUNT: &str = "new_account";

body! {
    /// A new account.
    pub(in crate::sessions) struct RegisterRequest {
        /// Address to sign in with; unique ignoring ASCII case.
        email: Email,
        /// 8–256 characters, used exactly as sent.
        password: NewPassword,
        /// Display name.
        name: Option<Name>,
        /// Name to sign in with besides the address; unique without regard to ASCII case.
        username: Option<GivenUsername>,
        /// The user's language, as a BCP 47 tag such as `pt-BR`.
        locale: Option<Locale>,
        /// Your app's own fields, at most 16 KiB of JSON.
        user_metadata: Option<MetadataObject>,
    }
}

/// The response to a registration.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RegisterAnswer {
    /// The new account.
    Account(User),
    /// The same, signed in.
    SignedIn(Tokens),
}

/// Register an account
#[utoipa::path(post, path = "/register", operation_id = "accounts.register", tag = "accounts",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The new account", body = User, headers(("Location" = String))),
        (status = 202, description = "With `REGISTRATION=verified`: a mail with the next step was sent; the \
            response is the same whether or not the address was taken"),
        (status = 403, description = "Registration is closed"),
        (status = 409, description = "The e-mail address or the user name is taken"),
        (status = 422, description = "Invalid values; all of them are reported")))]
pub(in crate::sessions) async fn register(
    State(sessions): State<Sessions>,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<RegisterRequest>>,
) -> Result<Result<Created<RegisterAnswer>, Accepted>, Error> {
    if sessions.settings.registration == Registration::Closed {
        return Err(Error::RegistrationClosed);
    }
    let own = draft.parts.3.as_ref().and_then(Option::as_ref);
    let own = own.and_then(|it| it.check(sessions.settings.usernames, &mut draft.fields));
    if let (email, Some(password), ..) = &draft.parts {
        let policy = &sessions.passwords.policy;
        let refusal = policy.judge(&password.0, email.as_ref(), own.as_ref()).await?;
        draft.fields.note("password", refusal);
    }
    let RegisterRequest { email, password, name, username, locale, user_metadata } =
        draft.finish()?;
    let (username, user_metadata) = (username.and(own), user_metadata.unwrap_or_default());
    let profile = NewProfile { name, username, locale, user_metadata };
    let new = sessions.accounts().new_account(&email, password.0, profile).await?;
    if sessions.settings.registration == Registration::Verified {
        sessions.register_unseen(&email, new, &origin).await?;
        return Ok(Err(Accepted));
    }
    let done = sessions.register(new, &origin).await?;
    Ok(Ok(Created(format!("{}/me", sessions.settings.auth_path), done)))
}

impl Sessions {
    /// Creates an account, and signs it in if the settings say so.
    pub(crate) async fn register(
        &self,
        new: NewAccount,
        origin: &Origin,
    ) -> Result<RegisterAnswer, Error> {
        let NewAccount { user, hash, mut steps, .. } = new;
        let mut records = vec![Record::from(origin, Event::Register).about(user.id)];
        let signs_in =
            self.settings.registration_signs_in && !self.settings.signs_in_verified_only();
        // If a second factor is required, the user must sign in and add it.
        let signs_in = signs_in && !self.settings.requires_factor(&user.roles);
        let session = signs_in.then(|| self.new_session(user.id, Methods::of(Method::Password)));
        let ask = Ask::user(Kind::VerifyEmail, user.id, origin.clone());
        steps.extend(self.mail.ask(&ask));
        if let Some(session) = &session {
            steps.extend(self.insert(session, origin, hash.as_deref()));
            steps.extend(self.passwords.guesses.place(user.id, origin));
            let record = Record::from(origin, Event::Login).about(user.id);
            records.push(record.in_session(session.begun.id));
        }
        match self.audit.commit(Authority::Operator, steps, records).await {
            Ok(_) => {}
            Err(DbError::Unique(index)) => return Err(taken(&index)),
            Err(error) => return Err(error.into()),
        }
        self.mail.wake();
        match session {
            Some(session) => self.first_tokens(&session, user).await.map(RegisterAnswer::SignedIn),
            None => Ok(RegisterAnswer::Account(user)),
        }
    }

    /// Creates an account that its owner has to verify, and queues the mail for it. If the address is taken,
    /// the same statements do the same work, and its owner gets a notice.
    async fn register_unseen(
        &self,
        email: &Email,
        new: NewAccount,
        origin: &Origin,
    ) -> Result<(), Error> {
        let id = new.user.id;
        let ask = Ask::address(Kind::VerifyEmail, email.key(), origin.clone());
        let ask = ask.with(NEW_ACCOUNT, id.to_string());
        let mut steps = new.steps_if_free;
        steps.push(self.mail.ask(&ask).ok_or(Error::MailOff)?);
        let rows = match self.db.write(steps).await {
            Ok(rows) => rows,
            Err(DbError::Unique(index)) => return Err(taken(&index)),
            Err(error) => return Err(error.into()),
        };
        let record = Record::from(origin, Event::Register);
        let is_new = rows.get(1).is_some_and(|made| !made.is_empty());
        let record = if is_new { record.about(id) } else { record.came_out(Outcome::Blocked) };
        self.audit.note(record);
        self.mail.asked(&ask, rows.last().map_or(&[], Vec::as_slice));
        Ok(())
    }
}
