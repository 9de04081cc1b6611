//! The settings of other issuers whose tokens are accepted.

use crate::config::entry::entries::{ISSUERS, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::{Alias, Setting};
use crate::config::entry::word;
use crate::config::entry::word::{put, put_some};
use crate::config::value::trusted_issuer;

/// `BETTER_AUTH_URL`.
pub(in crate::config) const BETTER_AUTH_URL: Setting = Setting {
    name: "BETTER_AUTH_URL",
    section: ISSUERS,
    about: "Trust the tokens of the Better Auth server at this address (its `baseURL`). Both sides must use the \
        same `BETTER_AUTH_SECRET`. See `docs/better-auth.md`.",
    example: "https://app.example.com",
    set: Some(|settings, text| put_some(&mut settings.better_auth_url, parse::public_url(text))),
    ..PLAIN
};

/// `NEON_AUTH_URL`.
pub(in crate::config) const NEON_AUTH_URL: Setting = Setting {
    name: "NEON_AUTH_URL",
    aliases: &[Alias { name: "NEON_AUTH_BASE_URL", set: None }],
    section: ISSUERS,
    about: "Trust the JWTs of the Neon Auth service at this address (the Auth URL in Neon's console). The keys \
        are at `.well-known/jwks.json` below it; `iss` and `aud` are its origin. See `docs/neon.md`.",
    example: "https://ep-name.neonauth.region.aws.neon.tech/neondb/auth",
    set: Some(|settings, text| put_some(&mut settings.neon_auth_url, neon_auth_url(text))),
    ..PLAIN
};

/// The URL of the keys is often copied instead.
fn neon_auth_url(text: &str) -> parse::Parsed<String> {
    parse::public_url(text.strip_suffix("/.well-known/jwks.json").unwrap_or(text))
}

/// `ACCEPT_COOKIES`.
pub(in crate::config) const ACCEPT_COOKIES: Setting = Setting {
    name: "ACCEPT_COOKIES",
    section: ISSUERS,
    about: "Accept Better Auth's session cookie if a request has no `Authorization` header. A request that \
        changes data must then come from a page of `ALLOWED_ORIGINS`, of `PUBLIC_URL`, or of the same origin. \
        Requires `BETTER_AUTH_URL`, and its PostgreSQL database or its imported sessions. See `docs/better-auth.md`.",
    default: "false",
    set: Some(|settings, text| put(&mut settings.accept_cookies, parse::yes_or_no(text))),
    ..PLAIN
};

/// `BETTER_AUTH_COOKIE_PREFIX`.
pub(in crate::config) const BETTER_AUTH_COOKIE_PREFIX: Setting = Setting {
    name: "BETTER_AUTH_COOKIE_PREFIX",
    section: ISSUERS,
    about: "Better Auth's `advanced.cookiePrefix`, if it is set there.",
    default: "better-auth",
    set: Some(|settings, text| put(&mut settings.better_auth_cookie_prefix, word::token(text))),
    ..PLAIN
};

/// `TRUSTED_ISSUERS`, or `[[issuers]]` in the file.
pub(in crate::config) const TRUSTED_ISSUERS: Setting = Setting {
    name: "TRUSTED_ISSUERS",
    aliases: &[Alias { name: "ISSUERS", set: None }],
    section: ISSUERS,
    about: "Other trusted issuers that publish their keys: in `doorward.toml` one section `[[issuers]]` each, \
        with `issuer` (the `iss`, a URL), `audience` and, if the keys are not at `.well-known/jwks.json` below \
        it, `jwks_url`. In the environment, a JSON list of the same.",
    set: Some(|settings, text| put(&mut settings.trusted_issuers, trusted_issuer::issuers(text))),
    ..PLAIN
};

/// `ACCEPT_SHARED_SECRET_TOKENS`.
pub(in crate::config) const ACCEPT_SHARED_SECRET_TOKENS: Setting = Setting {
    name: "ACCEPT_SHARED_SECRET_TOKENS",
    section: ISSUERS,
    about: "Accept HS256 tokens that other services sign with the shared secret: with `exp` and one of `sub`, \
        `id`, `user_id`, `userId`, without `kid`, and without `iss` unless `SHARED_SECRET_ISSUER` is set. \
        Whoever has the secret can impersonate any user.",
    default: "`true` if the secret is set as `BETTER_AUTH_SECRET`, otherwise `false`",
    set: Some(|settings, text| {
        put(&mut settings.accept_shared_secret_tokens, parse::yes_or_no(text))
    }),
    ..PLAIN
};

/// `SHARED_SECRET_ISSUER`.
pub(in crate::config) const SHARED_SECRET_ISSUER: Setting = Setting {
    name: "SHARED_SECRET_ISSUER",
    section: ISSUERS,
    about: "The required `iss` of tokens that other services sign with the shared secret. If it is not set, \
        they must not have an `iss`.",
    set: Some(|settings, text| {
        put_some(&mut settings.shared_secret_issuer, parse::short_text(text))
    }),
    ..PLAIN
};

/// `SHARED_SECRET_AUDIENCE`.
pub(in crate::config) const SHARED_SECRET_AUDIENCE: Setting = Setting {
    name: "SHARED_SECRET_AUDIENCE",
    section: ISSUERS,
    about: "The required `aud` of tokens that other services sign with the shared secret, if it is not \
        `TOKEN_AUDIENCE`. It may be one of a list.",
    set: Some(|settings, text| {
        put_some(&mut settings.shared_secret_audience, parse::short_text(text))
    }),
    ..PLAIN
};

/// `LINK_VERIFIED_EMAILS`.
pub(in crate::config) const LINK_VERIFIED_EMAILS: Setting = Setting {
    name: "LINK_VERIFIED_EMAILS",
    section: ISSUERS,
    about: "Link a user of another issuer to the local account with the same e-mail address, if the address is \
        verified at the issuer and here. Otherwise they get a separate account.",
    default: "false",
    set: Some(|settings, text| put(&mut settings.link_verified_emails, parse::yes_or_no(text))),
    ..PLAIN
};
