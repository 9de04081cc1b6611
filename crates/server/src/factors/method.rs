//! How a user authenticated, as stored with the session and shown in its tokens: `amr` (RFC 8176), `acr` and
//! `auth_time` (RFC 9068 §2.2.1).

use time::OffsetDateTime;

use crate::db::FromValue;
use crate::row;
use crate::sql::{Value, ValueRef};

/// The `acr` of a session with one factor.
pub const ONE_FACTOR: &str = "aal1";
/// The `acr` of a session with two factors, named as in NIST SP 800-63B.
pub const TWO_FACTORS: &str = "aal2";

/// Added to `amr` with two factors.
const MULTI: &str = "mfa";

macro_rules! methods {
    ($($(#[doc = $about:literal])+ $Name:ident = $letter:literal, $amr:expr;)+) => {
        /// An authentication method.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method { $($(#[doc = $about])+ $Name,)+ }

        impl Method {
            /// All methods, in their order in the column.
            pub const ALL: &'static [Self] = &[$(Self::$Name),+];

            const fn letter(self) -> char {
                match self { $(Self::$Name => $letter),+ }
            }

            /// Its names in `amr` (RFC 8176 §2).
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
    /// A passkey without user verification.
    Passkey = 'k', &["pop"];
    /// A passkey with user verification: two factors in one.
    VerifiedPasskey = 'v', &["pop", "user"];
    /// The token of a trusted device, in place of a second factor: not a factor itself, and not a name of RFC
    /// 8176.
    TrustedDevice = 'd', &["trusted_device"];
}

/// A set of authentication methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// This set and this method.
    #[must_use]
    pub const fn and(self, method: Method) -> Self {
        Self(self.0 | 1 << method as u8)
    }

    /// This method only.
    pub const fn of(method: Method) -> Self {
        Self(0).and(method)
    }

    /// Whether it contains this method.
    pub const fn has(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }

    /// Whether it includes two factors: two of password or mail, code generator, and passkey, or a passkey
    /// with user verification.
    pub const fn are_two_factors(self) -> bool {
        let known = self.has(Method::Password) || self.has(Method::Mail);
        let code = self.has(Method::Totp) || self.has(Method::RecoveryCode);
        let passkey = self.has(Method::Passkey);
        let factors = known as u8 + code as u8 + passkey as u8;
        factors >= 2 || self.has(Method::VerifiedPasskey)
    }

    /// The column's value: one letter each, and a final `2` for two factors, so that statements need not know
    /// the rule.
    pub fn as_text(self) -> String {
        let letters = Method::ALL.iter().filter(|it| self.has(**it)).map(|it| it.letter());
        letters.chain(self.are_two_factors().then_some('2')).collect()
    }

    /// Parses the letters; unknown ones, from a newer server, are ignored.
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

    /// Whether the claim `amr` can contain this name.
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
    /// When and how the user of a session authenticated.
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
