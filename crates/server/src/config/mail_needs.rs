//! What several settings together imply for mail.

use super::{Registration, Settings, UnverifiedEmail};

impl Settings {
    /// Whether mails are sent, written to files, or requested in a rehearsal.
    pub fn sends_mail(&self) -> bool {
        self.smtp_url.is_some() || self.mail_folder.is_some() || self.rehearses_mail
    }

    /// Whether signing in requires a verified address.
    pub fn signs_in_verified_only(&self) -> bool {
        self.registration == Registration::Verified
            || self.unverified_email == UnverifiedEmail::Refused
    }

    /// What these settings require mail for without having it, as a sentence.
    pub fn lacks_mail(&self) -> Option<&'static str> {
        if self.sends_mail() {
            None
        } else if self.registration == Registration::Verified {
            Some(
                "REGISTRATION=verified sends mails, so it needs SMTP_URL: set that, or choose open or \
                 closed.",
            )
        } else if self.unverified_email == UnverifiedEmail::Refused {
            Some(
                "REQUIRE_VERIFIED_EMAIL=sign-in needs SMTP_URL: without mails nobody can verify an \
                 address.",
            )
        } else if self.login_codes {
            Some("LOGIN_CODES=on sends codes by mail, so it needs SMTP_URL.")
        } else if !self.notices.is_empty() {
            Some("SECURITY_NOTICES are mails, so they need SMTP_URL: set that, or turn them off.")
        } else {
            None
        }
    }
}
