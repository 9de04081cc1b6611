//! What follows from several settings about tokens and cookies.

use doorward_verify::token_type;

use super::{MfaPolicy, Settings};

/// Whom access tokens must suit besides Doorward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProfile {
    /// Nobody.
    Doorward,
    /// Neon's Data API and `pg_session_jwt`.
    Neon,
}

impl Settings {
    /// Whether a holder of these roles needs a second factor.
    pub fn requires_factor(&self, roles: &[String]) -> bool {
        match self.mfa {
            MfaPolicy::Off => false,
            MfaPolicy::Required => true,
            MfaPolicy::Optional => roles.iter().any(|role| self.mfa_roles.contains(role)),
        }
    }

    /// The `typ` of access tokens. Neon takes no other than `JWT`, also where there is an audience.
    pub fn token_type(&self) -> &'static str {
        match self.token_profile {
            TokenProfile::Doorward => token_type(self.token_audience.as_deref()),
            TokenProfile::Neon => token_type(None),
        }
    }

    /// What the tokens of Neon Auth say in `iss` and `aud`: the origin of its address.
    pub fn neon_auth_issuer(&self) -> Option<String> {
        let url = url::Url::parse(self.neon_auth_url.as_deref()?).ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// The name of Better Auth's session cookie; `None` where no cookie counts. Where it is reached by https
    /// only the name that a plain-text answer cannot set counts, as in Better Auth itself.
    pub fn session_cookie(&self) -> Option<String> {
        let url = self.better_auth_url.as_deref().filter(|_| self.accept_cookies)?;
        let secure = if url.starts_with("https://") { "__Secure-" } else { "" };
        Some(format!("{secure}{}.session_token", self.better_auth_cookie_prefix))
    }
}
