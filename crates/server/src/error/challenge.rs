//! The challenge that asks for a second factor.

use secrecy::SecretString;

/// What answers the first step of a sign-in where a second has to follow.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The `mfa_token`.
    pub token: SecretString,
    /// Seconds it lives.
    pub expires_in: u64,
    /// The kinds of factors that would do.
    pub methods: Vec<String>,
    /// The kinds that may be added, where one is asked for and the account has none.
    pub enrol: Vec<&'static str>,
}
