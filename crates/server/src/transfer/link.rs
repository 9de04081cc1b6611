//! Accounts at other providers that an account of the source is linked to: `accounts` of Better Auth,
//! `auth.identities` of Supabase. Each becomes an identity here, so that tokens of that issuer find the account
//! once the operator lets the issuer in.

use super::incoming::{IncomingIdentity, Item, MAX_SUBJECT, Reading, Reject, SourceOwner};
use super::row_cells::Cells;

/// Providers that stand for the account itself.
const OWN: [&str; 5] = ["credential", "email", "phone", "anonymous", "siwe"];

impl Reading {
    /// The identity of a row; none for the account's own password, address or telephone.
    pub(super) fn link(&self, cells: Cells<'_>) -> Option<Item> {
        let provider = cells.filled("provider").unwrap_or_default();
        if OWN.contains(&provider) {
            return None;
        }
        let subject = cells.filled("subject").unwrap_or_default();
        let item = self.identity(cells, provider, subject).map(Item::Identity);
        Some(item.unwrap_or_else(|reason| {
            let id = format!("{provider} {subject}");
            Item::Bad(Reject { kind: "identity", id, reason: reason.into() })
        }))
    }

    fn identity(
        &self,
        cells: Cells<'_>,
        provider: &str,
        subject: &str,
    ) -> Result<IncomingIdentity, &'static str> {
        let owner = self.key(cells.filled("owner").ok_or("has no owner")?);
        let issuer = issuer(provider);
        let fits = |text: &str| text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control);
        if provider.is_empty() || subject.is_empty() {
            return Err("has no provider or no id there");
        }
        if !fits(&issuer) || !fits(subject) {
            return Err("its provider or id is longer than 255 bytes or has control characters");
        }
        let created_at = cells.instant("created_at").ok().flatten();
        Ok(IncomingIdentity {
            id: self.derived("identity", &format!("{issuer}\0{subject}"), created_at),
            owner: SourceOwner::Subject(owner),
            subject: subject.to_owned(),
            created_at: created_at.unwrap_or(self.now),
            // The address of the account decides, once it is known.
            address_proven: false,
            issuer,
        })
    }
}

/// Who signs the tokens of a provider; a name that no token has where it signs none.
fn issuer(provider: &str) -> String {
    match provider {
        "google" => "https://accounts.google.com".into(),
        "apple" => "https://appleid.apple.com".into(),
        "gitlab" => "https://gitlab.com".into(),
        "linkedin" | "linkedin_oidc" => "https://www.linkedin.com/oauth".into(),
        "twitch" => "https://id.twitch.tv/oauth2".into(),
        other => format!("provider:{other}"),
    }
}
