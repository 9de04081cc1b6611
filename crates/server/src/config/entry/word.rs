//! Parses settings with a fixed list of values, and secrets; values that this version does not support and
//! that would be unsafe to ignore are rejected.

use doorward_verify::Algorithm;

use super::parse;
use crate::config::entry::parse::Parsed;
use crate::config::value::secret_strength::weakness;
use crate::config::{
    AccountDeletion, EmailChange, LogFormat, MfaPolicy, PasswordChange, PasswordKernel,
    Registration, Secret, TokenProfile, UnverifiedEmail,
};

pub(in crate::config) fn put<T>(slot: &mut T, parsed: Parsed<T>) -> Parsed<()> {
    *slot = parsed?;
    Ok(())
}

pub(in crate::config) fn put_some<T>(slot: &mut Option<T>, parsed: Parsed<T>) -> Parsed<()> {
    *slot = Some(parsed?);
    Ok(())
}

/// How to generate a secret, for all sentences that ask for one.
pub(in crate::config) const MAKE_A_SECRET: &str = "make one with `openssl rand -hex 32`";

pub(in crate::config) fn secret(text: &str) -> Parsed<Secret> {
    match weakness(text) {
        None => Ok(Secret::new(text)),
        Some(weakness) => Err(format!("{weakness}: {MAKE_A_SECRET}")),
    }
}

pub(in crate::config) fn secrets(text: &str) -> Parsed<Vec<Secret>> {
    let list = parse::list(text)?;
    match list.iter().find_map(|secret| weakness(secret)) {
        None => Ok(list.into_iter().map(Secret::new).collect()),
        Some(weakness) => Err(format!(
            "contains a secret that {weakness}: remove it; users will have to sign in again"
        )),
    }
}

pub(in crate::config) fn algorithm(text: &str) -> Parsed<Algorithm> {
    Algorithm::parse(text)
        .ok_or_else(|| format!("must be HS256, EdDSA, ES256 or RS256, not {text:?}"))
}

pub(in crate::config) fn token_profile(text: &str) -> Parsed<TokenProfile> {
    match text {
        "doorward" => Ok(TokenProfile::Doorward),
        "neon" => Ok(TokenProfile::Neon),
        _ => Err(format!("must be doorward or neon, not {text:?}")),
    }
}

pub(in crate::config) fn registration(text: &str) -> Parsed<Registration> {
    match text {
        "open" => Ok(Registration::Open),
        "verified" => Ok(Registration::Verified),
        "closed" => Ok(Registration::Closed),
        _ => Err(format!("must be open, verified or closed, not {text:?}")),
    }
}

pub(in crate::config) fn mfa_policy(text: &str) -> Parsed<MfaPolicy> {
    match text {
        "off" => Ok(MfaPolicy::Off),
        "optional" => Ok(MfaPolicy::Optional),
        "required" => Ok(MfaPolicy::Required),
        _ => Err(format!("must be off, optional or required, not {text:?}")),
    }
}

pub(in crate::config) fn unverified_email(text: &str) -> Parsed<UnverifiedEmail> {
    match text {
        "off" => Ok(UnverifiedEmail::Allowed),
        "claim" => Ok(UnverifiedEmail::Named),
        "sign-in" => Ok(UnverifiedEmail::Refused),
        _ => Err(format!("must be off, claim or sign-in, not {text:?}")),
    }
}

pub(in crate::config) fn email_change(text: &str) -> Parsed<EmailChange> {
    match text {
        "confirmed" => Ok(EmailChange::Confirmed),
        "immediate" => Ok(EmailChange::Immediate),
        _ => Err(format!("must be confirmed or immediate, not {text:?}")),
    }
}

pub(in crate::config) fn password_change(text: &str) -> Parsed<PasswordChange> {
    match text {
        "current" => Ok(PasswordChange::Current),
        "fresh" => Ok(PasswordChange::Fresh),
        _ => Err(format!("must be current or fresh, not {text:?}")),
    }
}

pub(in crate::config) fn account_deletion(text: &str) -> Parsed<AccountDeletion> {
    match text {
        "password" => Ok(AccountDeletion::Password),
        "fresh" => Ok(AccountDeletion::Fresh),
        _ => Err(format!("must be password or fresh, not {text:?}")),
    }
}

/// True for `allow`.
pub(in crate::config) fn allowed(text: &str) -> Parsed<bool> {
    match text {
        "allow" => Ok(true),
        "refuse" => Ok(false),
        _ => Err(format!("must be refuse or allow, not {text:?}")),
    }
}

pub(in crate::config) fn log_filter(text: &str) -> Parsed<String> {
    // The library would take a misspelt level for a module name.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let known = |word: &str| {
        levels.contains(&word.to_lowercase().as_str()) || word.contains(['=', '[', ':'])
    };
    let misspelt = text.split(',').map(str::trim).find(|word| !word.is_empty() && !known(word));
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) if misspelt.is_none() => Ok(text.into()),
        _ => Err(format!("must be like info, debug or doorward=debug,warn, not {text:?}")),
    }
}

pub(in crate::config) fn password_kernel(text: &str) -> Parsed<PasswordKernel> {
    match text {
        "auto" => Ok(PasswordKernel::Auto),
        "portable" => Ok(PasswordKernel::Portable),
        "reference" => Ok(PasswordKernel::Reference),
        _ => Err(format!("must be auto, portable or reference, not {text:?}")),
    }
}

pub(in crate::config) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("must be text or json, not {text:?}")),
    }
}

/// The prefix of a cookie name (RFC 6265 §4.1.1).
pub(in crate::config) fn token(text: &str) -> Parsed<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !text.is_empty() && text.len() <= 100 && text.bytes().all(plain) {
        Ok(text.into())
    } else {
        Err(format!("must consist of letters, digits, -, _ and ., not {text:?}"))
    }
}

/// A name that needs no quotes in PostgreSQL, with its limit of 63 bytes.
pub(in crate::config) fn role(text: &str) -> Parsed<String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts_well = text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    if starts_well && text.len() <= 63 && text.bytes().all(plain) {
        Ok(text.into())
    } else {
        Err(format!("must be a role name of lower-case letters, digits and _, not {text:?}"))
    }
}
