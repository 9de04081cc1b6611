//! The settings of passkeys: domain and origins.

use crate::config::RpId;
use crate::config::entry::entries::{PASSKEYS, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word::{put, put_some};

/// `RP_ID`.
pub(in crate::config) const RP_ID: Setting = Setting {
    name: "RP_ID",
    section: PASSKEYS,
    about: "The WebAuthn relying party ID: the domain that passkeys belong to, such as `example.com`. They work \
        on its pages and on those of its subdomains. Do not change it: passkeys of one domain do not work for \
        another.",
    default: "the host of `PUBLIC_URL`; in `dev` `localhost`",
    example: "example.com",
    set: Some(|settings, text| put_some(&mut settings.rp_id, RpId::parse(text))),
    ..PLAIN
};

/// `RP_ORIGINS`.
pub(in crate::config) const RP_ORIGINS: Setting = Setting {
    name: "RP_ORIGINS",
    section: PASSKEYS,
    about: "The origins that may use passkeys: a list of https origins below `RP_ID` (http only on localhost), \
        and `android:apk-key-hash:…` for apps.",
    default: "the origins of `PUBLIC_URL`, `APP_URL` and `ALLOWED_ORIGINS` that are below `RP_ID`",
    example: "https://app.example.com",
    set: Some(|settings, text| put(&mut settings.rp_origins, parse::list(text))),
    ..PLAIN
};
