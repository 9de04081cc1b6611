//! The challenge for a second factor.

use secrecy::SecretString;

/// The response to the first step of a sign-in if a second step is required.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The `mfa_token`.
    pub token: SecretString,
    /// Its lifetime in seconds.
    pub expires_in: u64,
    /// The kinds of factors that are accepted.
    pub methods: Vec<String>,
    /// The kinds that can be added, if one is required and the account has none.
    pub enrol: Vec<&'static str>,
}
