//! The settings that keep floods and guessing out: rate limits, delays after wrong passwords, refused
//! passwords.

use crate::config::entry::entries::{LIMITS, PASSWORDS, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{put, put_some};
use crate::config::{BreachFile, Quota, RedisUrl, WordList};

/// `RATE_LIMIT_LOGIN`.
pub(in crate::config) const RATE_LIMIT_LOGIN: Setting = Setting {
    name: "RATE_LIMIT_LOGIN",
    section: LIMITS,
    about: "Sign-ins of one client address (IPv6: one /64), right or wrong, as requests per time; `off` \
        for no limit. Behind a proxy or a front-end server set `TRUSTED_PROXIES` too, or all people \
        share its address.",
    default: "60/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_login, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_REGISTER`.
pub(in crate::config) const RATE_LIMIT_REGISTER: Setting = Setting {
    name: "RATE_LIMIT_REGISTER",
    section: LIMITS,
    about: "Registrations of one client address, refused ones included.",
    default: "20/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_register, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_REFRESH`.
pub(in crate::config) const RATE_LIMIT_REFRESH: Setting = Setting {
    name: "RATE_LIMIT_REFRESH",
    section: LIMITS,
    about: "Refreshes of one client address.",
    default: "300/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_refresh, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_AUTH`.
pub(in crate::config) const RATE_LIMIT_AUTH: Setting = Setting {
    name: "RATE_LIMIT_AUTH",
    section: LIMITS,
    about: "One client address's other requests below `AUTH_PATH` that check a password, send mail or \
        change the account.",
    default: "120/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_auth, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_API`.
pub(in crate::config) const RATE_LIMIT_API: Setting = Setting {
    name: "RATE_LIMIT_API",
    section: LIMITS,
    about: "Everything of one client address that needs a token and is not limited above: reading the \
        account, tasks, administration.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.rate_limit_api, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_INTROSPECT`.
pub(in crate::config) const RATE_LIMIT_INTROSPECT: Setting = Setting {
    name: "RATE_LIMIT_INTROSPECT",
    section: LIMITS,
    about: "Introspections of one client address: a service asks for each of its users.",
    default: "6000/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_introspect, Quota::parse(text))),
    ..PLAIN
};

/// `RATE_LIMIT_API_KEY`.
pub(in crate::config) const RATE_LIMIT_API_KEY: Setting = Setting {
    name: "RATE_LIMIT_API_KEY",
    section: LIMITS,
    about: "Requests by one API key, from however many addresses, besides the limits of each address.",
    default: "6000/1m",
    set: Some(|settings, text| put(&mut settings.rate_limit_api_key, Quota::parse(text))),
    ..PLAIN
};

/// `REDIS_URL`.
pub(in crate::config) const REDIS_URL: Setting = Setting {
    name: "REDIS_URL",
    section: LIMITS,
    about: "A Redis or Valkey through which several nodes share the limits above: `redis://host:6379`, \
        `rediss://user:password@host:6379/0` with TLS. Without it, and while it is away, each node \
        counts for itself. Wrong passwords are counted in the database either way.",
    secrecy: Secrecy::Redis,
    set: Some(|settings, text| put_some(&mut settings.redis_url, RedisUrl::parse(text))),
    ..PLAIN
};

/// `PASSWORD_WORD_LIST`.
pub(in crate::config) const PASSWORD_WORD_LIST: Setting = Setting {
    name: "PASSWORD_WORD_LIST",
    section: PASSWORDS,
    about: "A file of words, a line each, that no new password may be made of: your company, its \
        products, its town. The most common passwords (COMMON_PASSWORDS), the person's own address and \
        the product's name are refused anyway. Read at the start and anew at SIGHUP.",
    set: Some(|settings, text| {
        put_some(&mut settings.password_word_list, WordList::read(text.as_ref()))
    }),
    ..PLAIN
};

/// `PASSWORD_BREACH_FILE`.
pub(in crate::config) const PASSWORD_BREACH_FILE: Setting = Setting {
    name: "PASSWORD_BREACH_FILE",
    section: PASSWORDS,
    about: "A file of SHA-1 hashes of passwords known from breaches, in ascending order, a line each \
        (`HASH:COUNT`, as the downloader of Have I Been Pwned writes them). It is searched on disk, \
        never loaded. Opened at the start and anew at SIGHUP.",
    set: Some(|settings, text| {
        put_some(&mut settings.password_breach_file, BreachFile::open(text.as_ref()))
    }),
    ..PLAIN
};

/// `LOGIN_MAX_FAILURES`.
pub(in crate::config) const LOGIN_MAX_FAILURES: Setting = Setting {
    name: "LOGIN_MAX_FAILURES",
    section: LIMITS,
    about: "Wrong passwords in a row for one account before further attempts are delayed, whoever sends them.",
    default: "10",
    set: Some(|settings, text| put(&mut settings.login_max_failures, parse::number(text, 1..=100))),
    ..PLAIN
};
