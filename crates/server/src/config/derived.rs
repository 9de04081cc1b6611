//! Values derived from several settings for tokens and cookies.

use doorward_verify::token_type;

use super::{MfaPolicy, Settings};

/// Other consumers that access tokens must be compatible with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProfile {
    /// None.
    Doorward,
    /// Neon's Data API and `pg_session_jwt`.
    Neon,
}

impl Settings {
    /// Whether a user with these roles needs a second factor.
    pub fn requires_factor(&self, roles: &[String]) -> bool {
        match self.mfa {
            MfaPolicy::Off => false,
            MfaPolicy::Required => true,
            MfaPolicy::Optional => roles.iter().any(|role| self.mfa_roles.contains(role)),
        }
    }

    /// The `typ` of access tokens. Neon only accepts `JWT`, even with an audience.
    pub fn token_type(&self) -> &'static str {
        match self.token_profile {
            TokenProfile::Doorward => token_type(self.token_audience.as_deref()),
            TokenProfile::Neon => token_type(None),
        }
    }

    /// The `iss` and `aud` of Neon Auth's tokens: the origin of its URL.
    pub fn neon_auth_issuer(&self) -> Option<String> {
        let url = url::Url::parse(self.neon_auth_url.as_deref()?).ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// The name of Better Auth's session cookie, if cookies are accepted. Over https, only the name that a
    /// plain-text response cannot set is accepted, as in Better Auth itself.
    pub fn session_cookie(&self) -> Option<String> {
        let url = self.better_auth_url.as_deref().filter(|_| self.accept_cookies)?;
        let secure = if url.starts_with("https://") { "__Secure-" } else { "" };
        Some(format!("{secure}{}.session_token", self.better_auth_cookie_prefix))
    }
}
