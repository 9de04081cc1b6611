//! The settings of second factors.

use crate::config::entry::entries::{FACTORS, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word::{self, put};

/// `MFA`.
pub(in crate::config) const MFA: Setting = Setting {
    name: "MFA",
    section: FACTORS,
    about: "Who needs a second factor to sign in: `optional` for whoever added one, `required` for everybody, \
        `off` for nobody: factors that were added before are then not asked for. Somebody who needs one and \
        has none adds it when they next sign in, before they are signed in. See `docs/second-factors.md`.",
    default: "optional",
    example: "optional",
    set: Some(|settings, text| put(&mut settings.mfa, word::mfa_policy(text))),
    ..PLAIN
};

/// `MFA_ROLES`.
pub(in crate::config) const MFA_ROLES: Setting = Setting {
    name: "MFA_ROLES",
    section: FACTORS,
    about: "Roles whose holders need a second factor even where MFA is `optional`. A list.",
    default: "none",
    example: "admin",
    set: Some(|settings, text| put(&mut settings.mfa_roles, parse::list(text))),
    ..PLAIN
};
