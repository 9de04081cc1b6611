//! The look of the pages: one template, one style sheet, no script. The content security policy allows the
//! style by its digest, so nothing else runs or loads, and forms can only be sent back here.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use super::said::said;
use crate::config::{LinkPage, Settings};
use crate::error::Error;
use crate::mail::letter::{Language, app_name};

const STYLE: &str = include_str!("style.css");
const PAGE: &str = include_str!("page.html");

/// The contents of a page.
#[derive(Clone, Copy, Debug)]
pub(super) enum PageContent<'a> {
    /// The link's form with this token, and the name of the text about what was wrong with the last attempt.
    Form { page: LinkPage, token: &'a str, bad: Option<&'static str> },
    /// What to do elsewhere; there is no form.
    Information(LinkPage),
    /// It succeeded.
    Done(LinkPage),
    /// It failed: the names of the title and the text.
    Failed(&'static str, &'static str),
}

/// Renders pages.
#[derive(Debug)]
pub(super) struct Look {
    templates: Environment<'static>,
    policy: HeaderValue,
    app: String,
    app_url: Option<String>,
    min_length: usize,
}

impl Look {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            templates.set_syntax(syntax);
        }
        // The tests of all pages show that it parses.
        let _ = templates.add_template("page.html", PAGE);
        let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        Self {
            templates,
            policy: HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
            app: app_name(settings),
            app_url: settings.letters.app_url.clone(),
            min_length: settings.password_min_length,
        }
    }

    /// The page in this language, with the status of this response.
    pub(super) fn page(
        &self,
        language: Language,
        shown: PageContent<'_>,
        failure: Option<Error>,
    ) -> Result<Response, Error> {
        let values = self.values(language, shown);
        let written = self.templates.get_template("page.html").and_then(|page| page.render(values));
        let written = written.map_err(|error| Error::Internal(format!("a page: {error:#}")))?;
        let status = failure.map(|error| error.into_response().status());
        let mut response = written.into_response();
        if let Some(status) = status {
            *response.status_mut() = status;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        Ok(response)
    }

    fn values(&self, language: Language, shown: PageContent<'_>) -> Value {
        let all = said(language);
        let text = |page: &str, name: &str| {
            all.get(page).and_then(|texts| texts.get(name)).map_or("", String::as_str)
        };
        let shared = |name: &str| {
            let text = text("shared", name).replace("{{ app }}", &self.app);
            text.replace("{{ n }}", &self.min_length.to_string())
        };
        let (page, token, bad) = match shown {
            PageContent::Form { page, token, bad } => (Some(page), token, bad),
            PageContent::Information(_) | PageContent::Done(_) | PageContent::Failed(..) => {
                (None, "", None)
            }
        };
        let (title, body) = match shown {
            PageContent::Form { page, .. } | PageContent::Information(page) => {
                let named = |name| text(page.as_str(), name).replace("{{ app }}", &self.app);
                (named("title"), named("body"))
            }
            PageContent::Done(page) => (
                text(page.as_str(), "done").to_owned(),
                text(page.as_str(), "done_body").to_owned(),
            ),
            PageContent::Failed(title, body) => (shared(title), shared(body)),
        };
        context! {
            language => language.tag(),
            app => &self.app,
            app_url => &self.app_url,
            style => STYLE,
            title,
            body,
            token,
            bad => bad.map(shared),
            is_done => matches!(shown, PageContent::Done(_)),
            action => page.map(LinkPage::as_str),
            asks_password => matches!(page, Some(LinkPage::Reset | LinkPage::Invitation)),
            asks_email => page == Some(LinkPage::Forgot),
            email => shared("email"),
            button => page.map(|page| text(page.as_str(), "button")),
            new_password => shared("new_password"),
            hint => shared("hint"),
            back => shared("back"),
        }
    }
}
