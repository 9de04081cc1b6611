//! The issuers with published keys: Better Auth's JWT plugin, whose tokens have its URL as `iss` and `aud`;
//! Neon Auth, whose tokens have its origin; and those of `[[issuers]]`.

use std::time::Duration;

use doorward_verify::{HttpFetch, Issuer, Issuers, RemoteKeys};

use crate::config::Settings;

/// Allowed clock skew in seconds.
const LEEWAY: u8 = 30;
/// Limits of a fetch: a request may wait for it.
const WITHIN: Duration = Duration::from_secs(3);
const MAX_BYTES: usize = 64 * 1024;
const AGENT: &str = concat!("doorward/", env!("CARGO_PKG_VERSION"));

/// The setting that names Neon Auth.
pub(super) const NEON_AUTH_URL: &str = "NEON_AUTH_URL";

/// An issuer with published keys.
#[derive(Clone, Debug)]
pub(super) struct Trusted {
    /// The `iss` of its tokens.
    pub(super) name: String,
    /// The setting that names it.
    pub(super) setting: &'static str,
    /// The URL of its keys.
    pub(super) keys: String,
    /// The required `aud`.
    pub(super) audience: String,
}

/// Those of these settings.
pub(super) fn all(settings: &Settings) -> Vec<Trusted> {
    let better_auth = settings.better_auth_url.iter().map(|url| Trusted {
        name: url.clone(),
        setting: "BETTER_AUTH_URL",
        keys: better_auth_keys(url),
        audience: url.clone(),
    });
    let others = settings.trusted_issuers.iter().map(|one| Trusted {
        name: one.issuer.clone(),
        setting: "one of [[issuers]]",
        keys: one.keys(),
        audience: one.audience.clone(),
    });
    better_auth.chain(neon_auth(settings)).chain(others).collect()
}

/// Neon Auth: a Better Auth server of Neon's, below a path of a branch's own host.
fn neon_auth(settings: &Settings) -> Option<Trusted> {
    let origin = settings.neon_auth_issuer()?;
    let keys = format!("{}/.well-known/jwks.json", settings.neon_auth_url.as_deref()?);
    Some(Trusted { name: origin.clone(), setting: NEON_AUTH_URL, keys, audience: origin })
}

/// The client that fetches their keys.
pub(super) fn fetch() -> HttpFetch {
    HttpFetch::default().within(WITHIN).max_bytes(MAX_BYTES).agent(AGENT)
}

/// The verifier of their tokens.
pub(super) fn issuers(settings: &Settings) -> Issuers {
    Issuers::new(all(settings).into_iter().map(|one| {
        let fetch = fetch();
        // As sent over the wire: the host may have been given in non-ASCII letters.
        let keys = url::Url::parse(&one.keys).map_or(one.keys, Into::into);
        let keys = RemoteKeys::new(keys, fetch);
        Issuer::other_at(&one.name, keys).audience(one.audience).leeway(LEEWAY)
    }))
}

/// Below `/api/auth` unless the URL has its own path, as in Better Auth itself.
fn better_auth_keys(url: &str) -> String {
    let has_path = url::Url::parse(url).is_ok_and(|url| url.path() != "/");
    if has_path { format!("{url}/jwks") } else { format!("{url}/api/auth/jwks") }
}

#[cfg(test)]
mod tests {
    use super::better_auth_keys;

    #[test]
    fn the_keys_are_where_better_auth_publishes_them() {
        for (url, keys) in [
            ("https://app.example", "https://app.example/api/auth/jwks"),
            ("http://localhost:3000", "http://localhost:3000/api/auth/jwks"),
            ("https://app.example/auth", "https://app.example/auth/jwks"),
        ] {
            assert_eq!(better_auth_keys(url), keys);
        }
    }
}
