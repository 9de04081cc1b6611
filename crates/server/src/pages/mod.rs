//! Doorward's own pages for the links in mails, for deployments without a front end for them. They need no
//! script. A GET changes nothing, so a scanner that opens links does no harm; the POST of the form does the
//! same as the JSON route. The token is in the query, which our logs omit, and no other site learns it:
//! nothing is loaded, and `Referrer-Policy` is `no-referrer`. A form submitted by another site is useless
//! without the token.

mod look;
mod said;

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use crate::config::LinkPage;
use crate::context::Context;
use crate::email::Email;
use crate::error::Error;
use crate::http::{Declared, Routes};
use crate::input::{Field, Origin};
use crate::mail::letter::{Language, PAGES_PATH};
use crate::passwords::Password;
use crate::single_use::OneTimeToken;
use look::{Look, PageContent};

/// Maximum size of a form.
const MAX_FORM: usize = 16 * 1024;
/// All pages.
const PAGES: [LinkPage; 7] = [
    LinkPage::Verify,
    LinkPage::Confirm,
    LinkPage::Reset,
    LinkPage::Undo,
    LinkPage::Login,
    LinkPage::Forgot,
    LinkPage::Invitation,
];

/// The state of the pages.
#[derive(Clone, Debug)]
pub struct Pages {
    context: Arc<Context>,
    look: Arc<Look>,
}

impl Pages {
    /// The pages over the context of all features.
    pub fn new(context: Arc<Context>) -> Self {
        Self { look: Arc::new(Look::new(&context.settings)), context }
    }

    fn shown(
        &self,
        headers: &HeaderMap,
        shown: PageContent<'_>,
        failure: Option<Error>,
    ) -> Result<Response, Error> {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        self.look.page(Language::accepted(header.unwrap_or_default()), shown, failure)
    }

    /// Does what the link is for; returns what to show.
    async fn act(&self, page: LinkPage, form: &Form, origin: &Origin) -> Result<Next, Error> {
        if page == LinkPage::Forgot {
            let Some(email) = Email::parse(form.email.trim()) else {
                let page = PageContent::Form { page, token: "", bad: Some("bad_email") };
                return Ok(Next::Again(page, Error::Validation(Vec::new())));
            };
            self.context.passwords.forgot(&email, origin.clone()).await?;
            return Ok(Next::Done);
        }
        let invalid = || Error::InvalidLink("This link is not valid.");
        let token =
            OneTimeToken::from_json(Value::String(form.token.clone())).map_err(|_| invalid())?;
        let context = &self.context;
        match page {
            LinkPage::Verify | LinkPage::Confirm => {
                context.emails().verify(&token, origin).await?;
                Ok(Next::Done)
            }
            LinkPage::Login | LinkPage::Forgot | LinkPage::Sessions => Ok(Next::Information),
            LinkPage::Undo => {
                let undone = context.emails().undo(&token, origin).await?;
                Ok(Next::Choose { page: LinkPage::Reset, token: undone.reset_token, failure: None })
            }
            LinkPage::Reset | LinkPage::Invitation => {
                let again = |failure| {
                    Ok(Next::Choose { page, token: form.token.clone(), failure: Some(failure) })
                };
                let refused = || Error::Validation(Vec::new());
                let Some(new) = Password::parse(form.new_password.clone()) else {
                    return again(refused());
                };
                if context.passwords.policy.judge(&new, None, None).await?.is_some() {
                    return again(refused());
                }
                let done = if page == LinkPage::Invitation {
                    context.passwords.accept(&token, new, origin).await
                } else {
                    context.passwords.reset(&token, new, origin).await
                };
                match done {
                    Ok(()) => Ok(Next::Done),
                    Err(failure @ Error::Validation(_)) => again(failure),
                    Err(failure) => Err(failure),
                }
            }
        }
    }
}

/// What follows the form.
enum Next {
    Done,
    /// Only the text.
    Information,
    /// The form again, because the input was invalid.
    Again(PageContent<'static>, Error),
    /// The form for a password, with this token, again after an error.
    Choose {
        page: LinkPage,
        token: String,
        failure: Option<Error>,
    },
}

/// The fields of a form.
#[derive(Default)]
struct Form {
    token: String,
    email: String,
    new_password: String,
}

impl Form {
    fn read(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            match &*name {
                "token" => form.token = value.into_owned(),
                "email" => form.email = value.into_owned(),
                "new_password" => form.new_password = value.into_owned(),
                _ => {}
            }
        }
        form
    }
}

/// The routes of the pages, below `AUTH_PATH`.
pub fn routes() -> Routes<Pages> {
    let path = format!("{PAGES_PATH}/{{page}}");
    Routes::default().add_undescribed(Declared::STRICT, &path, get(show).post(act))
}

fn named(name: &str) -> Result<LinkPage, Error> {
    PAGES.into_iter().find(|page| page.as_str() == name).ok_or(Error::NotFound)
}

async fn show(
    State(pages): State<Pages>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let page = named(&name)?;
    if page == LinkPage::Forgot && !pages.context.mail.is_on() {
        return Err(Error::NotFound);
    }
    let form = Form::read(request.uri().query().unwrap_or_default().as_bytes());
    let shown = if page == LinkPage::Login {
        // A page without a script has nowhere to pass the tokens.
        PageContent::Information(page)
    } else if form.token.is_empty() && page.takes_secret() {
        PageContent::Failed("invalid_title", "invalid")
    } else {
        PageContent::Form { page, token: &form.token, bad: None }
    };
    pages.shown(request.headers(), shown, None)
}

async fn act(
    State(pages): State<Pages>,
    Path(name): Path<String>,
    origin: Origin,
    request: Request,
) -> Result<Response, Error> {
    let page = named(&name)?;
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_FORM).await;
    let bytes = bytes.map_err(|_| Error::BadRequest("The form cannot be read.".into()))?;
    let form = Form::read(&bytes);
    let headers = &parts.headers;
    match pages.act(page, &form, &origin).await {
        Ok(Next::Information) => pages.shown(headers, PageContent::Information(page), None),
        Ok(Next::Done) => pages.shown(headers, PageContent::Done(page), None),
        Ok(Next::Again(shown, failure)) => pages.shown(headers, shown, Some(failure)),
        Ok(Next::Choose { page, token, failure }) => {
            let bad = failure.as_ref().map(|_| "weak");
            let shown = PageContent::Form { page, token: &token, bad };
            pages.shown(headers, shown, failure)
        }
        Err(failure) => {
            let text = match &failure {
                Error::InvalidLink(_) | Error::NotFound => ("invalid_title", "invalid"),
                Error::EmailTaken => ("failed_title", "taken"),
                Error::AccountDisabled => ("failed_title", "disabled"),
                _ => ("failed_title", "failed"),
            };
            pages.shown(headers, PageContent::Failed(text.0, text.1), Some(failure))
        }
    }
}
