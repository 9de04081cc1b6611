//! Links from accounts of the source to other providers: `accounts` of Better Auth, `auth.identities` of
//! Supabase. Each becomes an identity here, so that tokens of that issuer match the account once the operator
//! trusts the issuer.

use std::collections::HashSet;

use time::OffsetDateTime;
use uuid::Uuid;

use super::incoming::{Item, MAX_SUBJECT, Reading, Reject};
use super::loader::{LONELY, Loader, TWICE, said};
use super::row_cells::Cells;
use super::staging::{self, IDENTITIES};
use crate::db::bulk::Load;
use crate::sql::Value;

#[derive(Debug)]
pub(super) struct IncomingIdentity {
    pub(super) id: Uuid,
    pub(super) owner: SourceOwner,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) address_proven: bool,
}

/// Whose a task or an identity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SourceOwner {
    /// Of whoever is called that in the source.
    Subject(String),
    /// Of the user with this id here.
    Id(Uuid),
}

impl SourceOwner {
    /// What they are called there, or their id here.
    pub(super) fn parts(&self) -> (Option<&str>, Option<Uuid>) {
        match self {
            Self::Subject(subject) => (Some(subject), None),
            Self::Id(id) => (None, Some(*id)),
        }
    }

    /// The same as one text.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Subject(subject) => subject.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// Providers that mean the account itself.
const OWN: [&str; 5] = ["credential", "email", "phone", "anonymous", "siwe"];

impl Reading {
    /// The identity of a row; `None` for the account's own password, address or phone number.
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
            // Depends on the account's address, once it is known.
            address_proven: false,
            issuer,
        })
    }
}

/// The issuer of a provider's tokens; a name that no token has if it has none.
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

impl Loader<'_> {
    /// Takes identities over whose accounts are here by now.
    pub(super) async fn identities(
        &mut self,
        all: Vec<IncomingIdentity>,
    ) -> std::result::Result<(), String> {
        if all.is_empty() {
            return Ok(());
        }
        let (mut kept, mut seen) = (Vec::with_capacity(all.len()), HashSet::new());
        for one in all {
            let reason = match &one.owner {
                SourceOwner::Subject(owner) if self.is_doubtful(owner) => LONELY,
                _ if !seen.insert((one.issuer.clone(), one.subject.clone())) => TWICE,
                _ => {
                    kept.push(one);
                    continue;
                }
            };
            let id = one.id.to_string();
            self.reject(&Reject { kind: "identity", id, reason: reason.into() })?;
        }
        let row = |(ordinal, one): (i64, &IncomingIdentity)| -> Vec<Value> {
            let (owner, id) = one.owner.parts();
            vec![
                ordinal.into(),
                one.id.into(),
                id.into(),
                (&one.issuer).into(),
                (&one.subject).into(),
                one.created_at.into(),
                one.address_proven.into(),
                owner.into(),
            ]
        };
        let rows = (0..).zip(&kept).map(row).collect();
        let loads = [Load { staging: &IDENTITIES, rows }];
        let fates =
            self.run(&loads, &staging::take_identities(&self.issuer)).await.map_err(said)?;
        let mut fates = fates.into_iter().peekable();
        for (ordinal, one) in (0..).zip(kept) {
            let fate = fates.next_if(|fate| fate.ordinal == ordinal);
            let reason = match fate.as_ref().map(|fate| fate.word.as_str()) {
                Some("known") => {
                    self.report.identities.already_here += 1;
                    continue;
                }
                Some("owner") if !self.is_rehearsed("owner", &one.owner.shown()) => LONELY,
                Some("taken") => "another account has this identity",
                _ => {
                    self.report.identities.imported += 1;
                    continue;
                }
            };
            let id = one.id.to_string();
            self.reject(&Reject { kind: "identity", id, reason: reason.into() })?;
        }
        Ok(())
    }
}
