//! Better Auth's session cookie as a credential, with `ACCEPT_COOKIES`. Browsers add cookies to requests from
//! other sites, so a request that changes something must also come from an allowed page. Browsers set
//! `Origin` and `Sec-Fetch-Site` themselves; no page can forge them.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};

use crate::config::{AllowedOrigins, Settings};
use crate::error::Error;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The accepted cookie, and the pages that may use it.
#[derive(Clone, Debug)]
pub(in crate::keys) struct Cookies {
    name: String,
    allowed: AllowedOrigins,
    /// The origin of `PUBLIC_URL`.
    own: Option<String>,
}

impl Cookies {
    /// The cookie that these settings accept, if any.
    pub(in crate::keys) fn of(settings: &Settings) -> Option<Self> {
        let own = settings.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
        Some(Self {
            name: settings.session_cookie()?,
            allowed: settings.allowed_origins.clone(),
            own: own.map(|url| url.origin().ascii_serialization()),
        })
    }

    /// The cookie's value, if this request may use it.
    pub(super) fn credential<'a>(&self, parts: &'a Parts) -> Result<&'a str, Error> {
        let value = self.value(&parts.headers)?.ok_or(Error::NotAuthenticated)?;
        let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
        if only_reads || self.is_from_own_page(&parts.headers) {
            Ok(value)
        } else {
            Err(Error::CrossSite)
        }
    }

    /// The value of the cookie with that name. If there are two, another host of the same domain may have set
    /// one, and nothing says which is genuine.
    fn value<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Error> {
        let cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|one| one.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii));
        let mut values = cookies
            .filter_map(|cookie| cookie.strip_prefix(self.name.as_bytes())?.strip_prefix(b"="));
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Error::InvalidToken("The session cookie was sent more than once."));
        }
        let bad = || Error::InvalidToken("The session cookie was not created by Better Auth.");
        std::str::from_utf8(value).map(Some).map_err(|_| bad())
    }

    fn is_from_own_page(&self, headers: &HeaderMap) -> bool {
        let is_allowed = |origin: &str| {
            self.own.as_deref() == Some(origin) && origin != "null" || self.allowed.allows(origin)
        };
        only(headers, &header::ORIGIN).is_some_and(is_allowed)
            || only(headers, &SEC_FETCH_SITE) == Some("same-origin")
    }
}

/// The text of a header that occurs once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok()
}
