//! The settings of accounts: who may register, and what registering answers with.

use super::parse;
use super::word;
use crate::config::entry::entries::{PASSWORDS, PLAIN};
use crate::config::entry::table::Setting;
use crate::config::entry::word::put;

/// `REGISTRATION`.
pub(in crate::config) const REGISTRATION: Setting = Setting {
    name: "REGISTRATION",
    section: PASSWORDS,
    about: "Who may register: `open` for anybody, `closed` for nobody.",
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
