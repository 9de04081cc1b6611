//! The links in mails. They depend on settings only: links that trusted a `Host` or `Forwarded` header would
//! send the secret to whoever set the header (CVE-2025-64101).

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::{AppPaths, LinkPage, Settings};

/// RFC 3986 §2.3: unreserved characters are not encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of Doorward's own pages, below `AUTH_PATH`.
pub const PAGES_PATH: &str = "/pages";

/// Makes links.
#[derive(Clone, Debug)]
pub struct Links {
    pages: String,
    app_url: Option<String>,
    app_paths: AppPaths,
    pages_off: bool,
}

impl Links {
    /// Links with these settings; without `PUBLIC_URL` they point to the address the server listens on.
    pub fn new(settings: &Settings) -> Self {
        let public = settings.public_url.clone().unwrap_or_else(|| {
            let host = match settings.host {
                ip if ip.is_unspecified() => "localhost".to_owned(),
                IpAddr::V6(ip) => format!("[{ip}]"),
                IpAddr::V4(ip) => ip.to_string(),
            };
            format!("http://{host}:{}", settings.port)
        });
        Self {
            pages: format!("{public}{}{PAGES_PATH}", settings.auth_path),
            app_url: settings.letters.app_url.clone(),
            app_paths: settings.letters.app_paths.clone(),
            pages_off: settings.letters.pages_off,
        }
    }

    /// The link that opens this page with this secret: the front end's page if it has one.
    pub fn to(&self, page: LinkPage, token: &str) -> String {
        let token = utf8_percent_encode(token, RESERVED).to_string();
        match (&self.app_url, self.app_paths.path(page, &token)) {
            (Some(app), Some(path)) => format!("{app}{path}"),
            _ => format!("{}/{}?token={token}", self.pages, page.as_str()),
        }
    }

    /// The link of a mail without a secret: this page of the front end, or its start page, or our own page if
    /// there is one; and whether that is the page for requesting a password reset.
    pub fn without_secret(&self, page: Option<LinkPage>) -> (Option<String>, bool) {
        let is_forgot = page == Some(LinkPage::Forgot);
        let path = page.and_then(|page| self.app_paths.path(page, ""));
        match (&self.app_url, path) {
            (Some(app), Some(path)) => (Some(format!("{app}{path}")), is_forgot),
            (Some(app), None) => (Some(app.clone()), false),
            (None, _) if page.is_some() && !self.pages_off => {
                (Some(format!("{}/{}", self.pages, LinkPage::Forgot.as_str())), true)
            }
            (None, _) => (None, false),
        }
    }

    /// The front end.
    pub fn app(&self) -> Option<&str> {
        self.app_url.as_deref()
    }
}

/// The product's name.
pub fn app_name(settings: &Settings) -> String {
    let host = |url: &String| Some(url::Url::parse(url).ok()?.host_str()?.to_owned());
    let named = settings.letters.app_name.clone();
    named
        .or_else(|| settings.letters.app_url.as_ref().and_then(host))
        .or_else(|| settings.public_url.as_ref().and_then(host))
        .unwrap_or_else(|| "Doorward".into())
}

/// Settings with which links would not work.
pub(super) fn problems(settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    let (app, paths) = (&settings.letters.app_url, &settings.letters.app_paths);
    if app.is_none() && !paths.is_empty() {
        found.push("APP_PATHS needs APP_URL, because its paths are relative to it.".into());
    }
    if settings.smtp_url.is_none() {
        return found;
    }
    let missing: Vec<_> = paths.missing().map(LinkPage::as_str).collect();
    if missing.is_empty() {
        return found;
    }
    let missing = missing.join(", ");
    if settings.letters.pages_off {
        found.push(format!(
            "PAGES is off and APP_PATHS has no path for {missing}: the links in those mails would not work."
        ));
    } else if settings.public_url.is_none() {
        found.push(format!(
            "SMTP_URL needs PUBLIC_URL, from which the links in mails are built (for {missing})."
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DatabaseUrl, Secret};

    fn settings() -> Settings {
        Settings::new(DatabaseUrl::Sqlite("x.db".into()), Secret::new("x"))
    }

    #[test]
    fn links_lead_to_the_front_end_where_it_has_a_page_and_else_to_our_own() {
        let mut settings = settings();
        settings.public_url = Some("https://example.com/backend".into());
        settings.letters.app_url = Some("https://app.example.com".into());
        settings.letters.app_paths = AppPaths::parse(&["reset=/reset".into()]).unwrap();
        let links = Links::new(&settings);
        assert_eq!(links.to(LinkPage::Reset, "a-_b"), "https://app.example.com/reset#token=a-_b");
        assert_eq!(
            links.to(LinkPage::Verify, "a&b"),
            "https://example.com/backend/auth/pages/verify?token=a%26b"
        );
        assert_eq!(app_name(&settings), "app.example.com");
    }

    #[test]
    fn notices_lead_to_the_page_that_helps() {
        let mut settings = settings();
        settings.public_url = Some("https://auth.example.com".into());
        let to = |settings: &Settings, page| Links::new(settings).without_secret(page);
        let (forgot, sessions) = (Some(LinkPage::Forgot), Some(LinkPage::Sessions));
        let own = Some("https://auth.example.com/auth/pages/forgot".to_owned());
        assert_eq!(to(&settings, forgot), (own.clone(), true));
        assert_eq!(to(&settings, sessions), (own, true));
        assert_eq!(to(&settings, None), (None, false));
        settings.letters.app_url = Some("https://app.example.com".into());
        assert_eq!(to(&settings, forgot), (Some("https://app.example.com".into()), false));
        settings.letters.app_paths =
            AppPaths::parse(&["forgot=/forgot".into(), "sessions=/devices".into()]).unwrap();
        assert_eq!(to(&settings, forgot), (Some("https://app.example.com/forgot".into()), true));
        assert_eq!(
            to(&settings, sessions),
            (Some("https://app.example.com/devices".into()), false)
        );
    }

    #[test]
    fn without_a_public_url_links_lead_to_where_the_server_listens() {
        let links = Links::new(&settings());
        assert_eq!(links.to(LinkPage::Undo, "x"), "http://127.0.0.1:8000/auth/pages/undo?token=x");
        assert_eq!(app_name(&settings()), "Doorward");
    }

    #[test]
    fn settings_by_which_links_lead_nowhere_are_refused() {
        let mut settings = settings();
        settings.letters.app_paths = AppPaths::parse(&["reset=/reset".into()]).unwrap();
        assert!(problems(&settings)[0].starts_with("APP_PATHS needs APP_URL"));
        settings.letters.app_url = Some("https://app.example.com".into());
        assert!(problems(&settings).is_empty());
        settings.smtp_url = crate::config::SmtpUrl::parse("smtp://localhost:2525").ok();
        assert!(problems(&settings)[0].starts_with("SMTP_URL needs PUBLIC_URL"));
        settings.letters.pages_off = true;
        settings.public_url = Some("https://auth.example.com".into());
        assert!(problems(&settings)[0].contains("for verify, confirm, undo, login, invitation:"));
    }
}
