//! The settings of second factors.

use std::time::Duration;

use crate::config::entry::entries::{FACTORS, PLAIN, also};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word::{self, put};

/// `MFA`.
pub(in crate::config) const MFA: Setting = Setting {
    name: "MFA",
    section: FACTORS,
    about: "Who needs a second factor to sign in: `optional` for users who added one, `required` for all users, \
        `off` for nobody, even if they added one. Users who need a factor and have none must add one during \
        their next sign-in. See `docs/second-factors.md`.",
    default: "optional",
    example: "optional",
    set: Some(|settings, text| put(&mut settings.mfa, word::mfa_policy(text))),
    ..PLAIN
};

/// `MFA_ROLES`.
pub(in crate::config) const MFA_ROLES: Setting = Setting {
    name: "MFA_ROLES",
    section: FACTORS,
    about: "Roles that require a second factor even if MFA is `optional`. A list.",
    default: "none",
    example: "admin",
    set: Some(|settings, text| put(&mut settings.mfa_roles, parse::list(text))),
    ..PLAIN
};

/// `TRUSTED_DEVICES`.
pub(in crate::config) const TRUSTED_DEVICES: Setting = Setting {
    name: "TRUSTED_DEVICES",
    section: FACTORS,
    about: "How long a trusted device needs no second step after the sign-in with `remember_device`: a duration \
        of at most 90d, or `off`, which also suspends existing trusted devices. See `docs/second-factors.md`.",
    default: "off",
    example: "30d",
    set: Some(|settings, text| put(&mut settings.trusted_devices, trust(text))),
    ..PLAIN
};

fn trust(text: &str) -> parse::Parsed<Option<Duration>> {
    const MOST: Duration = Duration::from_hours(90 * 24);
    match text {
        "off" => Ok(None),
        _ => match parse::duration(text, 1) {
            Ok(time) if time <= MOST => Ok(Some(time)),
            _ => Err(format!("must be off or a duration of at most 90d such as 30d, not {text:?}")),
        },
    }
}

/// `STEP_UP_AGE`.
pub(in crate::config) const STEP_UP_AGE: Setting = Setting {
    name: "STEP_UP_AGE",
    aliases: &[also("FRESH_SIGN_IN")],
    section: FACTORS,
    about: "How long a sign-in or `POST /auth/reauthenticate` counts as recent. Changing factors, and what \
        EMAIL_CHANGE, PASSWORD_CHANGE and ACCOUNT_DELETION allow, requires recent authentication. Refreshing \
        does not count. An account with a second factor must have used it.",
    default: "10m",
    example: "10m",
    set: Some(|settings, text| put(&mut settings.step_up_age, parse::duration(text, 1))),
    ..PLAIN
};
