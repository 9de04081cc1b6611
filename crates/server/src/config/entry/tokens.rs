//! The settings of what access tokens say.

use super::parse;
use crate::config::entry::entries::{PLAIN, TOKENS};
use crate::config::entry::table::Setting;
use crate::config::entry::word::{put, put_some};

/// How many fields of an account a token carries at most.
const MOST: usize = 8;

/// `TOKEN_AUDIENCE`.
pub(in crate::config) const TOKEN_AUDIENCE: Setting = Setting {
    name: "TOKEN_AUDIENCE",
    section: TOKENS,
    about: "The `aud` claim of access tokens. Left out unless set, because PyJWT and \
        python-jose refuse an `aud` they do not expect.",
    set: Some(|settings, text| put_some(&mut settings.token_audience, parse::short_text(text))),
    ..PLAIN
};

/// `TOKEN_APP_METADATA`.
pub(in crate::config) const TOKEN_APP_METADATA: Setting = Setting {
    name: "TOKEN_APP_METADATA",
    section: TOKENS,
    about: "Names of fields of `app_metadata` that access tokens carry in a claim of that name, such as \
        `plan,org`: at most 8, each with at most 256 bytes of JSON. A token shows them until it expires, to \
        whoever holds it: no secrets, nothing personal.",
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
