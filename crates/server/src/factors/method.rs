//! How somebody proved who they are, as a session remembers it and its tokens say it: `amr` (RFC 8176),
//! `acr` and `auth_time` (RFC 9068 §2.2.1).

use time::OffsetDateTime;

use crate::db::FromValue;
use crate::row;
use crate::sql::{Value, ValueRef};

/// `acr` of a session that one factor began.
pub const ONE_FACTOR: &str = "aal1";
/// `acr` of a session that two factors began, named as in NIST SP 800-63B.
pub const TWO_FACTORS: &str = "aal2";

/// What `amr` says besides where there were two factors.
const MULTI: &str = "mfa";

macro_rules! methods {
    ($($(#[doc = $about:literal])+ $Name:ident = $letter:literal, $amr:expr;)+) => {
        /// One way to prove who one is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method { $($(#[doc = $about])+ $Name,)+ }

        impl Method {
            /// All of them, in the order that the column holds them in.
            pub const ALL: &'static [Self] = &[$(Self::$Name),+];

            const fn letter(self) -> char {
                match self { $(Self::$Name => $letter),+ }
            }

            /// What it is called in `amr` (RFC 8176 §2).
            const fn amr(self) -> &'static [&'static str] {
                match self { $(Self::$Name => $amr),+ }
            }
        }
    };
}

methods! {
    /// The password.
    Password = 'p', &["pwd"];
    /// A link or a code in a mail.
    Mail = 'm', &["otp"];
    /// A code of an authenticator app.
    Totp = 't', &["otp"];
    /// A recovery code.
    RecoveryCode = 'r', &["otp"];
    /// A passkey, whose authenticator did not ask who is there.
    Passkey = 'k', &["pop"];
    /// A passkey, whose authenticator verified its user: two factors in one.
    VerifiedPasskey = 'v', &["pop", "user"];
    /// The token of a trusted device, in place of a second factor: none itself, and no name of RFC 8176.
    TrustedDevice = 'd', &["trusted_device"];
}

/// The ways in which somebody proved who they are, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// These and this one.
    #[must_use]
    pub const fn and(self, method: Method) -> Self {
        Self(self.0 | 1 << method as u8)
    }

    /// This one alone.
    pub const fn of(method: Method) -> Self {
        Self(0).and(method)
    }

    /// Whether it is among them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }

    /// Whether they are two factors: two of what is known, what makes codes and what holds a passkey, or a
    /// passkey that verified its user.
    pub const fn are_two_factors(self) -> bool {
        let known = self.has(Method::Password) || self.has(Method::Mail);
        let code = self.has(Method::Totp) || self.has(Method::RecoveryCode);
        let passkey = self.has(Method::Passkey);
        let factors = known as u8 + code as u8 + passkey as u8;
        factors >= 2 || self.has(Method::VerifiedPasskey)
    }

    /// What the column holds: a letter each, and `2` at the end where they are two factors, so that
    /// statements need not know which are.
    pub fn as_text(self) -> String {
        let letters = Method::ALL.iter().filter(|it| self.has(**it)).map(|it| it.letter());
        letters.chain(self.are_two_factors().then_some('2')).collect()
    }

    /// What the letters say; unknown ones, which a newer server may write, say nothing.
    pub fn parse(text: &str) -> Self {
        let known = |letter| Method::ALL.iter().find(|it| it.letter() == letter);
        text.chars().filter_map(known).fold(Self::default(), |all, it| all.and(*it))
    }

    /// The claim `amr`.
    pub fn amr(self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in Method::ALL.iter().filter(|it| self.has(**it)).flat_map(|it| it.amr()) {
            if !names.iter().any(|known| known == name) {
                names.push((*name).into());
            }
        }
        if self.are_two_factors() {
            names.push(MULTI.into());
        }
        names
    }

    /// Whether the claim `amr` can hold this name.
    pub fn is_amr(name: &str) -> bool {
        name == MULTI || Method::ALL.iter().any(|method| method.amr().contains(&name))
    }

    /// The claim `acr`.
    pub const fn acr(self) -> &'static str {
        if self.are_two_factors() { TWO_FACTORS } else { ONE_FACTOR }
    }
}

impl From<Methods> for Value {
    fn from(methods: Methods) -> Self {
        methods.as_text().into()
    }
}

impl FromValue for Methods {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Text(text) => Some(Self::parse(text)),
            _ => None,
        }
    }
}

row! {
    /// When and how the user of a session proved who they are.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Authentication {
        /// The claim `auth_time`.
        pub at: OffsetDateTime = "coalesce(sessions.auth_time, sessions.created_at)",
        /// The claims `amr` and `acr`.
        pub methods: Methods = "sessions.amr",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_says_what_was_proven_and_a_letter_of_a_newer_server_nothing() {
        for text in ["", "p", "pm", "pt2", "mr2", "v2", "pk2", "tk2", "pd", "ptd2"] {
            assert_eq!(Methods::parse(text).as_text(), text);
        }
        assert_eq!(Methods::parse("Zp?"), Methods::of(Method::Password));
    }

    #[test]
    fn two_factors_are_a_first_and_another_or_a_passkey_that_verified_its_user() {
        for (text, acr, amr) in [
            ("p", ONE_FACTOR, vec!["pwd"]),
            ("m", ONE_FACTOR, vec!["otp"]),
            ("pm", ONE_FACTOR, vec!["pwd", "otp"]),
            ("t", ONE_FACTOR, vec!["otp"]),
            ("k", ONE_FACTOR, vec!["pop"]),
            ("pt", TWO_FACTORS, vec!["pwd", "otp", "mfa"]),
            ("mr", TWO_FACTORS, vec!["otp", "mfa"]),
            ("pk", TWO_FACTORS, vec!["pwd", "pop", "mfa"]),
            ("v", TWO_FACTORS, vec!["pop", "user", "mfa"]),
            ("pd", ONE_FACTOR, vec!["pwd", "trusted_device"]),
            ("ptd", TWO_FACTORS, vec!["pwd", "otp", "trusted_device", "mfa"]),
        ] {
            let methods = Methods::parse(text);
            assert_eq!(
                (methods.acr(), methods.amr()),
                (acr, amr.iter().map(|it| (*it).into()).collect()),
                "{text}"
            );
        }
    }
}
