//! `POST /auth/mfa/totp`: adds an authenticator app, which must be confirmed with a code. Requires recent
//! authentication, so that a thief with a stolen token cannot add their app. With an `mfa_token` for it, adds
//! the first factor of an account that needs one to sign in.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::authenticator::{Authenticator, svg_of};
use super::enroller::Enroller;
use super::{Factors, SecondStep, store};
use crate::accounts::Name;
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::{Authority, Fresh, is_person, signed_in_since, user_exists};
use crate::http::{Created, JsonBody};
use crate::input::{Origin, body};
use crate::mail::letter::app_name;
use crate::sql::Step;
use crate::user::User;

body! {
    /// The app to add.
    pub(super) struct EnrolRequest {
        /// The name its owner gave it.
        name: Option<Name> = None,
    }
}

/// A new authenticator app that has to be confirmed with its first code. None of this is shown again.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// For `POST /auth/mfa/totp/confirm`.
    #[schema(value_type = String)]
    pub(crate) id: Uuid,
    /// The secret to enter in an app that cannot scan the QR code.
    pub(crate) secret: String,
    /// A link to open on the phone.
    pub(crate) otpauth_url: String,
    /// The same as a QR code for the app to scan.
    qr_svg: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Enrolment({})", self.id)
    }
}

/// Add an authenticator app
///
/// It becomes active when `POST /auth/mfa/totp/confirm` gets a code of it. Requires an access token of a recent
/// sign-in, or the `mfa_token` of a sign-in that requires a factor to complete.
#[utoipa::path(post, path = "/mfa/totp", operation_id = "factors.enrol", tag = "factors",
    security(("bearer" = [])),
    request_body = Option<EnrolRequest>,
    responses(
        (status = 201, description = "The secret for the app; it is only shown once", body = Enrolment,
            headers(("Location" = String))),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 404, description = "Second factors are disabled on this server"),
        (status = 409, description = "The account has the maximum number of factors"),
        (status = 422, description = "Not a name")))]
pub(super) async fn enrol(
    State(factors): State<Factors>,
    enroller: Enroller,
    origin: Origin,
    body: Option<JsonBody<EnrolRequest>>,
) -> Result<Created<Enrolment>, Error> {
    let name = body.and_then(|JsonBody(body)| body.name);
    let made = factors.enrol(enroller, name, origin).await?;
    Ok(Created(format!("{}/mfa", factors.settings.auth_path), made))
}

impl Factors {
    /// Adds an unconfirmed app.
    pub(super) async fn enrol(
        &self,
        enroller: Enroller,
        name: Option<Name>,
        origin: Origin,
    ) -> Result<Enrolment, Error> {
        self.must_be_on()?;
        let (user, authority, mut steps, record) = match enroller {
            Enroller::Caller(caller) => {
                let user = self.accounts().me(caller.gate).await?;
                let by = Actor::caller(caller.gate, origin);
                let record = Record::by(&by, Event::FactorEnrol).about(user.id);
                let fresh = signed_in_since(caller.gate, Fresh::of(&self.settings));
                (user, by.authority, vec![fresh], record)
            }
            Enroller::FirstStep(token) => {
                let first = self.first_step(&token, SecondStep::Enrol).await?;
                let record = Record::from(&origin, Event::FactorEnrol).about(first.user.id);
                (first.user, Authority::Operator, Vec::new(), record)
            }
        };
        let (made, work) = self.drafted(&user, name.as_ref())?;
        steps.extend(work);
        self.audit.commit(authority, steps, [record]).await?;
        Ok(made)
    }

    /// Adds an unconfirmed app to this account, on the command line: for the operator's own account, and at a
    /// help desk.
    pub async fn enrol_for(
        &self,
        by: &Actor,
        user: &User,
        name: Option<Name>,
    ) -> Result<Enrolment, Error> {
        self.must_be_on()?;
        let mut steps = vec![user_exists(user.id), is_person(user.id)];
        let (made, work) = self.drafted(user, name.as_ref())?;
        steps.extend(work);
        let record = Record::by(by, Event::FactorEnrol).about(user.id);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(made)
    }

    /// An unconfirmed app, and the steps that add it to this account.
    pub(super) fn drafted(
        &self,
        user: &User,
        name: Option<&Name>,
    ) -> Result<(Enrolment, [Step; 3]), Error> {
        let now = self.clock.now();
        let (id, app) = (self.random.id(now), Authenticator::new(&self.random));
        let sealed = self.sealed(id, &app)?;
        let steps = store::insert(user.id, id, name.map(Name::as_str), &sealed, now);
        let otpauth_url = app.url(&app_name(&self.settings), &label_of(user));
        let qr_svg = svg_of(&otpauth_url)
            .ok_or_else(|| Error::Internal("the QR code is too small for the text".into()))?;
        Ok((Enrolment { id, secret: app.typed(), otpauth_url, qr_svg }, steps))
    }
}

/// The account's label in the app.
fn label_of(user: &User) -> String {
    let name = user.email.clone().or_else(|| user.username.clone());
    name.unwrap_or_else(|| user.id.to_string())
}
