//! The settings of accounts: registration and its response, changes of address and password, and renewal of
//! access tokens.

use crate::config::entry::entries::{PASSWORDS, PLAIN, SESSIONS};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word;
use crate::config::entry::word::put;

/// `REFRESH_WITH_ACCESS_TOKEN`.
pub(in crate::config) const REFRESH_WITH_ACCESS_TOKEN: Setting = Setting {
    name: "REFRESH_WITH_ACCESS_TOKEN",
    section: SESSIONS,
    about: "Whether `POST /auth/refresh` without a body returns a new access token for the one in \
        `Authorization`, for front ends that do not store the refresh token. The session's limits do not \
        change. A stolen access token can then be used until the session ends instead of until it expires, and \
        the theft is not detected.",
    default: "off",
    set: Some(|settings, text| {
        put(&mut settings.refresh_with_access_token, parse::yes_or_no(text))
    }),
    ..PLAIN
};

/// `REGISTRATION`.
pub(in crate::config) const REGISTRATION: Setting = Setting {
    name: "REGISTRATION",
    section: PASSWORDS,
    about: "Who may register: `open` for everybody, `verified` for everybody who verifies the address by a link \
        in a mail before the first sign-in, `closed` for nobody. With `verified`, registration answers 202 \
        whether or not the address is taken, so it does not reveal who has an account; the owner of a taken \
        address gets a mail. Requires SMTP_URL.",
    default: "open",
    example: "open",
    set: Some(|settings, text| put(&mut settings.registration, word::registration(text))),
    ..PLAIN
};

/// `REGISTRATION_SIGNS_IN`.
pub(in crate::config) const REGISTRATION_SIGNS_IN: Setting = Setting {
    name: "REGISTRATION_SIGNS_IN",
    section: PASSWORDS,
    about: "Whether `POST /auth/register` starts a session and returns its tokens, as many front ends expect, \
        instead of only the account.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.registration_signs_in, parse::yes_or_no(text))),
    ..PLAIN
};

/// `REQUIRE_VERIFIED_EMAIL`.
pub(in crate::config) const REQUIRE_VERIFIED_EMAIL: Setting = Setting {
    name: "REQUIRE_VERIFIED_EMAIL",
    section: PASSWORDS,
    about: "What is required of unverified addresses: `off` for nothing, `claim` to add `email_verified` to \
        access tokens for your services to check, or `sign-in` to reject the right password with 403 \
        `email_not_verified`. `REGISTRATION=verified` includes `sign-in`.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.unverified_email, word::unverified_email(text))),
    ..PLAIN
};

/// `EMAIL_VERIFICATION_TTL`.
pub(in crate::config) const EMAIL_VERIFICATION_TTL: Setting = Setting {
    name: "EMAIL_VERIFICATION_TTL",
    section: PASSWORDS,
    about: "Lifetime of a link that verifies an address.",
    default: "24h",
    set: Some(|settings, text| {
        put(&mut settings.email_verification_ttl, parse::duration(text, 60))
    }),
    ..PLAIN
};

/// `LOGIN_CODES`.
pub(in crate::config) const LOGIN_CODES: Setting = Setting {
    name: "LOGIN_CODES",
    section: PASSWORDS,
    about: "Whether users can sign in by mail instead of a password: `POST /auth/login/code` sends a six-digit \
        code and a link, and `POST /auth/login/code/verify` accepts either. If REGISTRATION allows it, this \
        creates an account for an address that has none. Requires SMTP_URL.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.login_codes, parse::yes_or_no(text))),
    ..PLAIN
};

/// `PASSWORD_RESET_TTL`.
pub(in crate::config) const PASSWORD_RESET_TTL: Setting = Setting {
    name: "PASSWORD_RESET_TTL",
    section: PASSWORDS,
    about: "Lifetime of a link to set a new password.",
    default: "1h",
    set: Some(|settings, text| put(&mut settings.password_reset_ttl, parse::duration(text, 60))),
    ..PLAIN
};

/// `INVITATION_TTL`.
pub(in crate::config) const INVITATION_TTL: Setting = Setting {
    name: "INVITATION_TTL",
    section: PASSWORDS,
    about: "Lifetime of the link in an invitation.",
    default: "7d",
    set: Some(|settings, text| put(&mut settings.invitation_ttl, parse::duration(text, 60))),
    ..PLAIN
};

/// `USERNAMES`.
pub(in crate::config) const USERNAMES: Setting = Setting {
    name: "USERNAMES",
    section: PASSWORDS,
    about: "Whether users can choose a user name, `username`, and sign in with it or with their address: 3 to \
        30 letters, digits, dots, underscores and hyphens, unique ignoring case. Every account still has an \
        address. While it is off, `username` is ignored and cannot be used to sign in.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.usernames, parse::yes_or_no(text))),
    ..PLAIN
};

/// `EMAIL_CHANGE`.
pub(in crate::config) const EMAIL_CHANGE: Setting = Setting {
    name: "EMAIL_CHANGE",
    section: PASSWORDS,
    about: "How users change their e-mail address. `confirmed`: with `POST /auth/email`, effective when a link \
        in a mail to the new address is used; requires SMTP_URL. The old address gets a link that can undo the \
        change for 72 hours. `immediate`: with `PATCH /auth/me`, within STEP_UP_AGE of a sign-in; the new \
        address is unverified. Within that time a stolen access token is enough to take over the account.",
    default: "confirmed",
    set: Some(|settings, text| put(&mut settings.email_change, word::email_change(text))),
    ..PLAIN
};

/// `PASSWORD_CHANGE`.
pub(in crate::config) const PASSWORD_CHANGE: Setting = Setting {
    name: "PASSWORD_CHANGE",
    section: PASSWORDS,
    about: "What users need to change their password. `current`: the current password. `fresh`: the same at \
        `POST /auth/password`, but nothing at `PATCH /auth/me {password}` within STEP_UP_AGE of a sign-in \
        (FastAPI Users allows it at any time). Within that time a stolen access token is enough to take over \
        the account.",
    default: "current",
    set: Some(|settings, text| put(&mut settings.password_change, word::password_change(text))),
    ..PLAIN
};

/// `ACCOUNT_DELETION`.
pub(in crate::config) const ACCOUNT_DELETION: Setting = Setting {
    name: "ACCOUNT_DELETION",
    section: PASSWORDS,
    about: "What users need to delete their account. `password`: the current password in the body. `fresh`: the \
        password, or no body within STEP_UP_AGE of a sign-in, as many front ends expect. Within that time a \
        stolen access token is enough to delete the account.",
    default: "password",
    set: Some(|settings, text| put(&mut settings.account_deletion, word::account_deletion(text))),
    ..PLAIN
};

/// `PASSWORD_KERNEL`.
pub(in crate::config) const PASSWORD_KERNEL: Setting = Setting {
    name: "PASSWORD_KERNEL",
    section: PASSWORDS,
    about: "The implementation of Argon2id: `auto` (our own for AVX-512 or AVX2 if the processor has it, \
        otherwise the crate `argon2`), `portable` (our own without such instructions) or `reference` (only the \
        crate `argon2`). The hashes are the same; `auto` is up to three times as fast. At each start our own is \
        checked against the crate, which is used instead if they differ.",
    default: "auto",
    set: Some(|settings, text| put(&mut settings.password_kernel, word::password_kernel(text))),
    ..PLAIN
};

/// `PASSWORD_MIN_LENGTH`.
pub(in crate::config) const PASSWORD_MIN_LENGTH: Setting = Setting {
    name: "PASSWORD_MIN_LENGTH",
    section: PASSWORDS,
    about: "Minimum length of a new password in characters. Without a second factor 15 are recommended (NIST SP \
        800-63B-4).",
    default: "8",
    example: "8",
    set: Some(|settings, text| {
        put(&mut settings.password_min_length, parse::number(text, 8..=128))
    }),
    ..PLAIN
};

/// `COMMON_PASSWORDS`.
pub(in crate::config) const COMMON_PASSWORDS: Setting = Setting {
    name: "COMMON_PASSWORDS",
    section: PASSWORDS,
    about: "Whether the 21 618 most common passwords are allowed as new passwords: `refuse` or `allow`. \
        Attackers try these first: only allow them for tests or while importing accounts.",
    default: "refuse",
    set: Some(|settings, text| put(&mut settings.common_passwords, word::allowed(text))),
    ..PLAIN
};
