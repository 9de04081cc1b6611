//! The values of the mail settings.

pub(in crate::config) mod app_paths;
pub(in crate::config) mod authority_file;
pub(in crate::config) mod letter_settings;
pub(in crate::config) mod mail_from;
pub(in crate::config) mod notices;
pub(in crate::config) mod smtp_url;
