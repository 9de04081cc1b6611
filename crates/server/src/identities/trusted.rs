//! The issuers whose published keys count: Better Auth's JWT plugin, whose tokens say its address as
//! `iss` and as `aud`, and those of `[[issuers]]`.

use doorward_verify::{Issuer, Issuers, RemoteKeys};

use crate::config::Settings;
use crate::http::DocumentFetch;

/// Seconds that a foreign clock may be behind.
const LEEWAY: u8 = 30;

/// The issuers these settings trust.
pub(super) fn issuers(settings: &Settings) -> Issuers {
    let better_auth = settings.better_auth_url.as_deref().map(|url| {
        let keys = RemoteKeys::new(better_auth_keys(url), DocumentFetch::default());
        Issuer::other_at(url, keys).audience(url).leeway(LEEWAY)
    });
    let others = settings.trusted_issuers.iter().map(|one| {
        let keys = RemoteKeys::new(one.keys(), DocumentFetch::default());
        Issuer::other_at(&one.issuer, keys).audience(&*one.audience).leeway(LEEWAY)
    });
    Issuers::new(better_auth.into_iter().chain(others))
}

/// Below `/api/auth` unless the address has a path of its own, as in Better Auth itself.
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
