//! The settings of access tokens: signature and contents.

use crate::config::entry::entries::{PLAIN, TOKENS, also};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word;
use crate::config::entry::word::{put, put_some};

/// Maximum number of account fields in a token.
const MOST: usize = 8;

/// `TOKEN_ALGORITHM`.
pub(in crate::config) const TOKEN_ALGORITHM: Setting = Setting {
    name: "TOKEN_ALGORITHM",
    aliases: &[also("ALGORITHM")],
    section: TOKENS,
    about: "How access tokens are signed: `HS256` with the shared secret, or `EdDSA`, `ES256` or `RS256` with a \
        key pair that `doorward key create` creates and `/.well-known/jwks.json` publishes. Tokens signed \
        earlier with another algorithm stay valid.",
    default: "HS256",
    set: Some(|settings, text| put(&mut settings.token_algorithm, word::algorithm(text))),
    ..PLAIN
};

/// `TOKEN_ISSUER`.
pub(in crate::config) const TOKEN_ISSUER: Setting = Setting {
    name: "TOKEN_ISSUER",
    section: TOKENS,
    about: "The `iss` claim of access tokens.",
    default: "`PUBLIC_URL`, else `doorward`",
    set: Some(|settings, text| put(&mut settings.token_issuer, parse::short_text(text))),
    ..PLAIN
};

/// `TOKEN_AUDIENCE`.
pub(in crate::config) const TOKEN_AUDIENCE: Setting = Setting {
    name: "TOKEN_AUDIENCE",
    section: TOKENS,
    about: "The `aud` claim of access tokens. There is none by default, because PyJWT and python-jose reject an \
        unexpected `aud`.",
    set: Some(|settings, text| put_some(&mut settings.token_audience, parse::short_text(text))),
    ..PLAIN
};

/// `TOKEN_APP_METADATA`.
pub(in crate::config) const TOKEN_APP_METADATA: Setting = Setting {
    name: "TOKEN_APP_METADATA",
    section: TOKENS,
    about: "Fields of `app_metadata` to include in access tokens as claims of the same name, such as \
        `plan,org`: at most 8, each with at most 256 bytes of JSON. Anybody with the token can read them until \
        it expires: do not include secrets or personal data.",
    example: "plan,org",
    set: Some(|settings, text| put(&mut settings.token_app_metadata, names(text))),
    ..PLAIN
};

fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = parse::list(text)?;
    names.sort_unstable();
    names.dedup();
    let fits = |name: &String| (1..=64).contains(&name.len()) && !name.contains(char::is_control);
    if names.len() > MOST || !names.iter().all(fits) {
        return Err("must list at most 8 names of at most 64 bytes, such as plan,org".into());
    }
    Ok(names)
}

/// `TOKEN_PROFILE`.
pub(in crate::config) const TOKEN_PROFILE: Setting = Setting {
    name: "TOKEN_PROFILE",
    section: TOKENS,
    about: "`neon` for access tokens that Neon's Data API and `pg_session_jwt` accept too: they have `role: \
        \"authenticated\"`, a role of that database, and `typ` is `JWT` even with an audience. Requires \
        `TOKEN_ALGORITHM` `EdDSA`, `ES256` or `RS256`. See `docs/neon.md`.",
    default: "doorward",
    set: Some(|settings, text| put(&mut settings.token_profile, word::token_profile(text))),
    ..PLAIN
};
