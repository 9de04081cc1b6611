//! The settings of accounts: who may register, what registering answers with, how people change their
//! address and their password, and what renews an access token.

use crate::config::entry::entries::{PASSWORDS, PLAIN, SESSIONS};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word;
use crate::config::entry::word::put;

/// `REFRESH_WITH_ACCESS_TOKEN`.
pub(in crate::config) const REFRESH_WITH_ACCESS_TOKEN: Setting = Setting {
    name: "REFRESH_WITH_ACCESS_TOKEN",
    section: SESSIONS,
    about: "Whether `POST /auth/refresh` without a body gives another access token for the one in \
        `Authorization`, for front ends that keep no refresh token. No limit of the session moves. A \
        stolen access token is then good until the session ends, not until the token expires, and no \
        theft is noticed.",
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
    about: "Who may register: `open` for anybody, `verified` for anybody who proves the address by a link \
        in a mail before the first sign-in, `closed` for nobody. With `verified` registering answers 202 \
        whether or not the address was free, so nobody learns who has an account; the owner of a taken one \
        gets a mail that says so. It needs SMTP_URL.",
    default: "open",
    example: "open",
    set: Some(|settings, text| put(&mut settings.registration, word::registration(text))),
    ..PLAIN
};

/// `REGISTRATION_SIGNS_IN`.
pub(in crate::config) const REGISTRATION_SIGNS_IN: Setting = Setting {
    name: "REGISTRATION_SIGNS_IN",
    section: PASSWORDS,
    about: "Whether `POST /auth/register` begins a session and answers with its tokens, as many front \
        ends expect, instead of the account alone.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.registration_signs_in, parse::yes_or_no(text))),
    ..PLAIN
};

/// `REQUIRE_VERIFIED_EMAIL`.
pub(in crate::config) const REQUIRE_VERIFIED_EMAIL: Setting = Setting {
    name: "REQUIRE_VERIFIED_EMAIL",
    section: PASSWORDS,
    about: "What an address means that nobody has proven by a link in a mail: `off` for nothing, `claim` for \
        `email_verified` in access tokens, where your services can look, or `sign-in`, \
        which answers the right password with 403 `email_not_verified` until then. `REGISTRATION=verified` \
        does so too.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.unverified_email, word::unverified_email(text))),
    ..PLAIN
};

/// `EMAIL_VERIFICATION_TTL`.
pub(in crate::config) const EMAIL_VERIFICATION_TTL: Setting = Setting {
    name: "EMAIL_VERIFICATION_TTL",
    section: PASSWORDS,
    about: "How long a link that proves an address works.",
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
    about: "Whether people may sign in by a mail instead of a password: `POST /auth/login/code` sends one \
        with six digits and a link, `POST /auth/login/code/verify` takes either. Where REGISTRATION lets \
        anybody register, an address without an account gets one that way. It needs SMTP_URL.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.login_codes, parse::yes_or_no(text))),
    ..PLAIN
};

/// `PASSWORD_RESET_TTL`.
pub(in crate::config) const PASSWORD_RESET_TTL: Setting = Setting {
    name: "PASSWORD_RESET_TTL",
    section: PASSWORDS,
    about: "How long a link to set a new password works.",
    default: "1h",
    set: Some(|settings, text| put(&mut settings.password_reset_ttl, parse::duration(text, 60))),
    ..PLAIN
};

/// `INVITATION_TTL`.
pub(in crate::config) const INVITATION_TTL: Setting = Setting {
    name: "INVITATION_TTL",
    section: PASSWORDS,
    about: "How long the link works in the mail that invites somebody to an account made for them.",
    default: "7d",
    set: Some(|settings, text| put(&mut settings.invitation_ttl, parse::duration(text, 60))),
    ..PLAIN
};

/// `USERNAMES`.
pub(in crate::config) const USERNAMES: Setting = Setting {
    name: "USERNAMES",
    section: PASSWORDS,
    about: "Whether people may choose a user name, `username`, and sign in with it or with their address, \
        which every account keeps: 3 to 30 letters, digits, dots, underscores and hyphens, unique whatever \
        the case. While it is off, `username` is not looked at, and nobody signs in with one.",
    default: "off",
    set: Some(|settings, text| put(&mut settings.usernames, parse::yes_or_no(text))),
    ..PLAIN
};

/// `EMAIL_CHANGE`.
pub(in crate::config) const EMAIL_CHANGE: Setting = Setting {
    name: "EMAIL_CHANGE",
    section: PASSWORDS,
    about: "How people change the e-mail address of their account. `confirmed`: by \
        `POST /auth/email`, once a link in a mail to the new one has proven that it is theirs, which needs \
        SMTP_URL; the old one gets a link that takes the change back for 72 hours. `immediate`: at once by `PATCH /auth/me`, within STEP_UP_AGE of signing in; the new address \
        counts as unverified. Until then a stolen access token is enough to take the account over.",
    default: "confirmed",
    set: Some(|settings, text| put(&mut settings.email_change, word::email_change(text))),
    ..PLAIN
};

/// `PASSWORD_CHANGE`.
pub(in crate::config) const PASSWORD_CHANGE: Setting = Setting {
    name: "PASSWORD_CHANGE",
    section: PASSWORDS,
    about: "What changing the own password asks for. `current`: the present one. `fresh`: the same at \
        `POST /auth/password`, and nothing at `PATCH /auth/me {password}` within STEP_UP_AGE of signing \
        in, as FastAPI Users allows at any time. Until then a stolen access token is enough to take the \
        account over.",
    default: "current",
    set: Some(|settings, text| put(&mut settings.password_change, word::password_change(text))),
    ..PLAIN
};

/// `ACCOUNT_DELETION`.
pub(in crate::config) const ACCOUNT_DELETION: Setting = Setting {
    name: "ACCOUNT_DELETION",
    section: PASSWORDS,
    about: "What deleting the own account asks for. `password`: the present one, in the body. `fresh`: that, \
        or no body within STEP_UP_AGE of signing in, as many front ends expect. Until then a stolen access \
        token is enough to delete the account.",
    default: "password",
    set: Some(|settings, text| put(&mut settings.account_deletion, word::account_deletion(text))),
    ..PLAIN
};

/// `PASSWORD_KERNEL`.
pub(in crate::config) const PASSWORD_KERNEL: Setting = Setting {
    name: "PASSWORD_KERNEL",
    section: PASSWORDS,
    about: "Which code makes Argon2id hashes: `auto` (ours for AVX-512 or AVX2 where the processor has \
        it, else the crate `argon2`), `portable` (ours without such instructions) or `reference` (the \
        crate `argon2` alone). The hashes are the same; `auto` is up to three times as fast. At each start \
        ours is checked against the crate, which takes over if they differ.",
    default: "auto",
    set: Some(|settings, text| put(&mut settings.password_kernel, word::password_kernel(text))),
    ..PLAIN
};

/// `PASSWORD_MIN_LENGTH`.
pub(in crate::config) const PASSWORD_MIN_LENGTH: Setting = Setting {
    name: "PASSWORD_MIN_LENGTH",
    section: PASSWORDS,
    about: "The fewest characters of a new password. Without a second factor 15 are \
        recommended (NIST SP 800-63B-4).",
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
    about: "Whether one of the 21 618 most common passwords may become somebody's: `refuse` or `allow`. \
        Attackers try these first: allow them only while tests or accounts that move here need them.",
    default: "refuse",
    set: Some(|settings, text| put(&mut settings.common_passwords, word::allowed(text))),
    ..PLAIN
};
