//! The settings against abuse: rate limits, delays after wrong passwords, rejected passwords.

use crate::config::entry::entries::{LIMITS, PASSWORDS, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{put, put_some};
use crate::config::{BreachFile, Quota, RedisUrl, WordList};

/// `RATE_LIMIT_LOGIN`.
pub(in crate::config) const RATE_LIMIT_LOGIN: Setting = Setting {
    name: "RATE_LIMIT_LOGIN",
    section: LIMITS,
    about: "Sign-in requests per client address (IPv6: per /64), as requests per time; `off` for no limit. \
        Behind a proxy or a front-end server set `TRUSTED_PROXIES` too; otherwise all users share its address.",
    default: "60/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_login, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_REGISTER`.
pub(in crate::config) const RATE_LIMIT_REGISTER: Setting = Setting {
    name: "RATE_LIMIT_REGISTER",
    section: LIMITS,
    about: "Registrations per client address, including rejected ones.",
    default: "20/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_register, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_REFRESH`.
pub(in crate::config) const RATE_LIMIT_REFRESH: Setting = Setting {
    name: "RATE_LIMIT_REFRESH",
    section: LIMITS,
    about: "Refreshes per client address.",
    default: "300/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_refresh, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_AUTH`.
pub(in crate::config) const RATE_LIMIT_AUTH: Setting = Setting {
    name: "RATE_LIMIT_AUTH",
    section: LIMITS,
    about: "Other requests below `AUTH_PATH` per client address that check a password, send mail or change the \
        account.",
    default: "120/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_auth, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_API`.
pub(in crate::config) const RATE_LIMIT_API: Setting = Setting {
    name: "RATE_LIMIT_API",
    section: LIMITS,
    about: "All other requests with a token per client address: reading the account, tasks, administration.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.rate_limit_api, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_INTROSPECT`.
pub(in crate::config) const RATE_LIMIT_INTROSPECT: Setting = Setting {
    name: "RATE_LIMIT_INTROSPECT",
    section: LIMITS,
    about: "Token introspections per client address: a service sends one for each of its users.",
    default: "6000/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_introspect, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_API_KEY`.
pub(in crate::config) const RATE_LIMIT_API_KEY: Setting = Setting {
    name: "RATE_LIMIT_API_KEY",
    section: LIMITS,
    about: "Requests per API key from all addresses, in addition to the limits per address.",
    default: "6000/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_api_key, Quota::parse(text))),
    ..PLAIN
};

/// `REDIS_URL`.
pub(in crate::config) const REDIS_URL: Setting = Setting {
    name: "REDIS_URL",
    section: LIMITS,
    about: "A Redis or Valkey server through which several nodes share the limits above: `redis://host:6379`, \
        or `rediss://user:password@host:6379/0` with TLS. Without it, and while it is unavailable, each node \
        counts for itself. Wrong passwords are always counted in the database.",
    secrecy: Secrecy::Redis,
    set: Some(|settings, text| put_some(&mut settings.redis_url, RedisUrl::parse(text))),
    ..PLAIN
};

/// `PASSWORD_WORD_LIST`.
pub(in crate::config) const PASSWORD_WORD_LIST: Setting = Setting {
    name: "PASSWORD_WORD_LIST",
    section: PASSWORDS,
    about: "A file of words, one per line, that new passwords must not consist of: your company, its products, \
        its city. The most common passwords (COMMON_PASSWORDS), the user's own address and the product name are \
        rejected anyway. Read at the start and again on SIGHUP.",
    set: Some(|settings, text| {
        put_some(&mut settings.password_word_list, WordList::read(text.as_ref()))
    }),
    ..PLAIN
};

/// `PASSWORD_BREACH_FILE`.
pub(in crate::config) const PASSWORD_BREACH_FILE: Setting = Setting {
    name: "PASSWORD_BREACH_FILE",
    section: PASSWORDS,
    about: "A file of SHA-1 hashes of breached passwords in ascending order, one per line (`HASH:COUNT`, the \
        format of the Have I Been Pwned downloader). It is searched on disk, never loaded. Opened at the start \
        and again on SIGHUP.",
    set: Some(|settings, text| {
        put_some(&mut settings.password_breach_file, BreachFile::open(text.as_ref()))
    }),
    ..PLAIN
};

/// `LOGIN_MAX_FAILURES`.
pub(in crate::config) const LOGIN_MAX_FAILURES: Setting = Setting {
    name: "LOGIN_MAX_FAILURES",
    section: LIMITS,
    about: "Number of consecutive wrong passwords for an account before further attempts are delayed, whoever \
        sends them.",
    default: "10",
    set: Some(|settings, text| put(&mut settings.login_max_failures, parse::number(text, 1..=100))),
    ..PLAIN
};
