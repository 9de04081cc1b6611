//! Where passkeys can be used, derived from several settings: the domain, and the origins of the pages that
//! may use them.

use url::Url;

use super::{AllowedOrigins, RpId, Settings};

/// What browsers accept as this machine, with any port.
const LOCALHOST: &str = "localhost";
/// The prefix of the origins of Android apps.
const ANDROID: &str = "android:apk-key-hash:";
const NOT_SET: &str = "This service is not configured for passkeys: its operator must set PUBLIC_URL, or RP_ID \
    and RP_ORIGINS.";

/// Where passkeys can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyScope {
    /// The domain of the passkeys.
    pub rp_id: RpId,
    /// The origins of pages and apps that may use them; at least one, the first being a page's.
    pub origins: Vec<Url>,
    /// Whether the ports are ignored: on this machine only.
    pub any_port: bool,
}

impl Settings {
    /// Where passkeys can be used; the error is a sentence that says what to set.
    pub fn passkey_scope(&self) -> Result<PasskeyScope, String> {
        let rp_id = match (&self.rp_id, host_of(self.public_url.as_deref())) {
            (Some(rp_id), _) => rp_id.clone(),
            (None, Some(host)) => RpId::parse(&host).map_err(|why| {
                format!("This service is not configured for passkeys: RP_ID, which is the host of PUBLIC_URL, {why}.")
            })?,
            (None, None) if !self.rp_origins.is_empty() => {
                return Err("RP_ORIGINS needs RP_ID: set it to the domain that these origins share.".into());
            }
            (None, None) => return Err(NOT_SET.into()),
        };
        if self.rp_origins.is_empty() {
            return self.derived_scope(rp_id);
        }
        let mut origins = Vec::new();
        for text in &self.rp_origins {
            origins.push(named_origin(text, &rp_id)?);
        }
        origins.sort_by_key(Url::cannot_be_a_base);
        if origins.first().is_none_or(Url::cannot_be_a_base) {
            let sentence = "RP_ORIGINS names apps only: add the origin of a page, such as https://";
            return Err(format!("{sentence}{}.", rp_id.as_str()));
        }
        Ok(PasskeyScope { rp_id, origins, any_port: false })
    }

    /// The origins in other settings that may use passkeys of this domain.
    fn derived_scope(&self, rp_id: RpId) -> Result<PasskeyScope, String> {
        let any_port = rp_id.as_str() == LOCALHOST;
        let mut named: Vec<&str> = Vec::new();
        if any_port {
            named.extend(["http://localhost", "https://localhost"]);
        }
        named.extend(self.public_url.as_deref());
        named.extend(self.letters.app_url.as_deref());
        if let AllowedOrigins::List(list) = &self.allowed_origins {
            named.extend(list.iter().map(String::as_str));
        }
        let mut origins = Vec::new();
        for text in named {
            if let Ok(origin) = page_origin(text, &rp_id)
                && !origins.contains(&origin)
            {
                origins.push(origin);
            }
        }
        if origins.is_empty() {
            let domain = rp_id.as_str();
            return Err(format!(
                "This service is not configured for passkeys: PUBLIC_URL, APP_URL and ALLOWED_ORIGINS contain no https origin of {domain}, so RP_ORIGINS must name one, such as https://{domain}."
            ));
        }
        Ok(PasskeyScope { rp_id, origins, any_port })
    }

    /// What is wrong with the passkey settings, if any are set.
    pub fn passkey_problem(&self) -> Option<String> {
        let is_set = self.rp_id.is_some() || !self.rp_origins.is_empty();
        self.passkey_scope().err().filter(|_| is_set)
    }
}

fn host_of(url: Option<&str>) -> Option<String> {
    Url::parse(url?).ok()?.host_str().map(str::to_owned)
}

/// An origin in `RP_ORIGINS`: a page's, or an Android app's.
fn named_origin(text: &str, rp_id: &RpId) -> Result<Url, String> {
    if text.starts_with(ANDROID) {
        return Url::parse(text)
            .map_err(|_| format!("RP_ORIGINS names {text:?}, which is not an origin."));
    }
    page_origin(text, rp_id).map_err(|why| format!("RP_ORIGINS names {text}, {why}."))
}

/// The origin of a page that may use passkeys of this domain; the error is the end of a sentence.
fn page_origin(text: &str, rp_id: &RpId) -> Result<Url, String> {
    let bad = || "which is not an origin such as https://app.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| bad())?;
    let Some(url::Host::Domain(host)) = url.host() else {
        return Err("which has no domain: browsers create no passkeys for an IP address".into());
    };
    let domain = rp_id.as_str();
    if !rp_id.covers(host) {
        return Err(format!(
            "which is not below RP_ID ({domain}): use an origin of {domain} or of a subdomain"
        ));
    }
    let is_local = host == LOCALHOST || host.ends_with(".localhost");
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        "http" => {
            return Err(
                "which is not https: browsers only create passkeys over http on localhost".into()
            );
        }
        _ => return Err(bad()),
    }
    Url::parse(&url.origin().ascii_serialization()).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DatabaseUrl, Secret};

    fn settings(public_url: &str, rp_id: &str, rp_origins: &[&str]) -> Settings {
        let database = DatabaseUrl::Sqlite("a.db".into());
        let mut settings = Settings::new(database, Secret::new("s"));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        settings.public_url = some(public_url);
        settings.rp_id = some(rp_id).map(|id| RpId::parse(&id).unwrap());
        settings.rp_origins = rp_origins.iter().map(|one| (*one).to_owned()).collect();
        settings
    }

    fn origins(settings: &Settings) -> Vec<String> {
        let scope = settings.passkey_scope().unwrap();
        scope.origins.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect()
    }

    #[test]
    fn public_url_is_enough_and_front_ends_below_its_host_count_as_well() {
        let mut settings = settings("https://example.com/auth", "", &[]);
        settings.letters.app_url = Some("https://app.example.com/start".into());
        settings.allowed_origins = AllowedOrigins::List(vec![
            "https://app.example.com".into(),
            "https://other.org".into(),
            "http://old.example.com".into(),
            "https://admin.example.com:8443".into(),
        ]);
        let expected =
            ["https://example.com", "https://app.example.com", "https://admin.example.com:8443"];
        assert_eq!(origins(&settings), expected);
        assert_eq!(settings.passkey_scope().unwrap().rp_id.as_str(), "example.com");
        assert_eq!(settings.passkey_problem(), None);
    }

    #[test]
    fn localhost_takes_any_port() {
        let scope = settings("", "localhost", &[]).passkey_scope().unwrap();
        assert!(scope.any_port);
        assert!(
            !settings("", "localhost", &["http://localhost:3000"])
                .passkey_scope()
                .unwrap()
                .any_port
        );
    }

    #[test]
    fn what_cannot_work_is_said_and_is_a_problem_only_where_somebody_asked_for_passkeys() {
        for (public_url, rp_id, rp_origins, said, is_problem) in [
            ("", "", &[][..], "set PUBLIC_URL, or RP_ID and RP_ORIGINS", false),
            ("http://10.0.0.7:8000", "", &[], "not the address 10.0.0.7", false),
            ("http://example.com", "", &[], "no https origin of example.com", false),
            ("", "example.com", &[], "RP_ORIGINS must name one, such as https://example.com", true),
            ("", "", &["https://example.com"], "RP_ORIGINS needs RP_ID", true),
            ("", "example.com", &["https://example.org"], "not below RP_ID (example.com)", true),
            ("", "example.com", &["https://badexample.com"], "not below RP_ID", true),
            ("", "app.example.com", &["https://example.com"], "not below RP_ID", true),
            ("", "example.com", &["http://example.com"], "over http on localhost", true),
            ("", "example.com", &["https://10.0.0.7"], "IP address", true),
            ("", "example.com", &["android:apk-key-hash:abc"], "names apps only", true),
        ] {
            let settings = settings(public_url, rp_id, rp_origins);
            let why = settings.passkey_scope().unwrap_err();
            assert!(why.contains(said), "{why}");
            assert_eq!(settings.passkey_problem().is_some(), is_problem, "{why}");
        }
    }

    #[test]
    fn an_android_app_is_an_origin_beside_a_page_s() {
        let app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";
        let settings = settings("", "example.com", &[app, "https://example.com"]);
        assert_eq!(origins(&settings), ["https://example.com", app]);
    }
}
