//! The password policy: length, and nothing that attackers guess early. Rejected are the most common
//! passwords, the account's own address and its parts, the product's name, an operator's words, and breached
//! passwords. No composition rules (NIST SP 800-63B-4 §3.1.1.2); every rejection says what to do instead. The
//! operator's files are reloaded at SIGHUP (`lists.rs`).

mod breach;
mod common_password;
mod easy_words;
mod lists;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::sync::Semaphore;

use super::Password;
use crate::config::{Reread, Settings};
use crate::email::Email;
use crate::error::Error;
use crate::input::Refusal;

use crate::user::User;
use crate::username::Username;
pub(crate) use common_password::is_common;
use easy_words::EasyWords;
use lists::Lists;

pub(super) const MAX_CHARS: usize = 256;
/// Maximum number of concurrent look-ups in the breach file.
static READERS: Semaphore = Semaphore::const_new(8);

const ADVICE: &str =
    "use three or four unrelated words, or let a password manager generate and store one";

/// The checks of length, the user's own address, the product's name and, unless `common` ones are allowed,
/// the list of common passwords.
fn refusal(text: &str, min: usize, common: bool, email: Option<&Email>) -> Option<Refusal> {
    let characters = text.chars().count();
    if characters < min {
        return Some((format!("must have at least {min} characters"), "string_too_short"));
    }
    if characters > MAX_CHARS {
        return Some((format!("must have at most {MAX_CHARS} characters"), "string_too_long"));
    }
    let why = if email.is_some_and(|email| is_own(text, email)) {
        "must not be your e-mail address or a part of it"
    } else if EasyWords::of(["doorward"]).make(text) {
        "must not be the product's name"
    } else if !common && is_common(text) {
        "is one of the most commonly used passwords"
    } else {
        return None;
    };
    Some((format!("{why}: {ADVICE}"), "value_error"))
}

fn is_own(text: &str, email: &Email) -> bool {
    let is = |other: &str| text.eq_ignore_ascii_case(other);
    let local = email.local_part();
    let domain = email.key().rsplit_once('@').map_or("", |(_, domain)| domain);
    let parts = local.split(|letter: char| !letter.is_alphanumeric());
    is(email.as_str())
        || is(email.key())
        || is(domain)
        || domain.split('.').any(is)
        || EasyWords::of(parts.chain([local])).make(text)
}

/// The policy; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    min: usize,
    /// Whether common passwords are allowed.
    common: bool,
    lists: Lists,
}

impl Policy {
    /// The policy of these settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let (min, common) = (settings.password_min_length, settings.common_passwords);
        Self { min, common, lists: Lists::new(settings) }
    }

    /// Reloads the operator's files. Blocks on the disk: not for async workers.
    pub(super) fn reread(&self) -> Vec<Reread> {
        self.lists.reread()
    }

    /// Why `password` is not allowed for this account, if so.
    pub(crate) async fn judge(
        &self,
        password: &Password,
        email: Option<&Email>,
        username: Option<&Username>,
    ) -> Result<Option<Refusal>, Error> {
        Ok(match self.refusal(password, email, username) {
            Some(refusal) => Some(refusal),
            None if self.is_own_word(password) => Some((
                format!("must not be an easily guessed word of this service: {ADVICE}"),
                "value_error",
            )),
            None => self.is_breached(password).await?.then(|| {
                let why = "has appeared in a data breach";
                (format!("{why}: {ADVICE}"), "value_error")
            }),
        })
    }

    /// Why the password is not allowed for this user, without reading files.
    pub(super) fn refusal_of(&self, password: &Password, user: &User) -> Option<Refusal> {
        let email = user.email.as_deref().and_then(Email::parse);
        let username = user.username.as_deref().and_then(Username::parse);
        self.refusal(password, email.as_ref(), username.as_ref())
    }

    fn refusal(
        &self,
        password: &Password,
        email: Option<&Email>,
        username: Option<&Username>,
    ) -> Option<Refusal> {
        let text = password.text();
        let own = |username: &Username| EasyWords::of([username.as_str()]).make(text);
        refusal(text, self.min, self.common, email).or_else(|| {
            let why = "must not be your user name";
            username.is_some_and(own).then(|| (format!("{why}: {ADVICE}"), "value_error"))
        })
    }

    fn is_own_word(&self, password: &Password) -> bool {
        self.lists.words().is_some_and(|words| words.make(password.text()))
    }

    /// Reads the breach file on a thread that may block on the disk.
    async fn is_breached(&self, password: &Password) -> Result<bool, Error> {
        let Some(file) = self.lists.breached() else { return Ok(false) };
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.text().as_bytes());
        let _place = READERS.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let found = tokio::task::spawn_blocking(move || breach::contains(&file, sha1.as_ref()));
        match found.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::error!(%error, "PASSWORD_BREACH_FILE cannot be read; new passwords are rejected");
                Err(Error::Unavailable(
                    "Passwords cannot be checked at the moment; try again shortly.",
                ))
            }
            // The panic hook has logged the location; the message might quote data.
            Err(_) => Err(Error::Internal("the reader of PASSWORD_BREACH_FILE panicked".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<&'static str> {
        let email = Email::parse("Ada.Lovelace+x@analytical.example.com");
        refusal(text, 8, false, email.as_ref()).map(|(_, kind)| kind)
    }

    #[test]
    fn length_is_counted_in_characters_from_8_to_256() {
        assert_eq!(refused("zq1xw2v"), Some("string_too_short"));
        assert_eq!(refused("äöüäöüä"), Some("string_too_short"));
        assert_eq!(refused("äöüäöüäö"), None);
        assert_eq!(refused(&"😀".repeat(256)), None);
        assert_eq!(refused(&"a".repeat(257)), Some("string_too_long"));
    }

    #[test]
    fn no_composition_rule_exists() {
        for text in [
            "aaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890",
            "zyxwvutsrqponmlkjihg",
            "          ",
            "nul\0nul\0",
            "🐢🐇🐢🐇🐢🐇🐢🐇",
        ] {
            assert_eq!(refused(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_own_address_and_its_parts_are_refused() {
        for text in [
            "Ada.Lovelace+x@analytical.example.com",
            "ada.lovelace+x@ANALYTICAL.example.com",
            "ada.lovelace+x",
            "AdaLovelaceX",
            "lovelace",
            "Lovelace1815",
            "1815lovelace",
            "analytical",
            "analytical.example.com",
        ] {
            assert_eq!(refused(text), Some("value_error"), "{text:?}");
        }
        for text in ["lovelace-engine", "Lovelace18151815", "analytical engine", "ada1815!!x"] {
            assert_eq!(refused(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_product_name_and_common_passwords_are_refused() {
        for text in ["doorward", "DoorWard", "DoorWard!", "doorward2026", "password1", "Qwertyuiop"]
        {
            assert_eq!(refused(text), Some("value_error"), "{text:?}");
        }
        assert_eq!(refused("doorward opens the gate"), None);
    }

    #[test]
    fn a_refusal_says_what_to_do_instead() {
        let (why, _) = refusal("password1", 8, false, None).unwrap();
        assert_eq!(
            why,
            "is one of the most commonly used passwords: use three or four unrelated words, or let a password \
                manager generate and store one"
        );
    }
}
