//! A row of Better Auth's table `session`. Only a digest of its token is kept, and no report contains it.

use std::net::IpAddr;

use crate::identities::imported_digest;
use crate::input::Origin;
use crate::transfer::incoming::{IncomingSession, Item, Reading, Reject};
use crate::transfer::row_cells::Cells;

impl Reading {
    /// The session of a row.
    pub(in crate::transfer) fn session(&self, cells: Cells<'_>) -> Item {
        match self.foreign_session(cells) {
            Ok(session) if session.expires_at <= self.now => Item::PastSession,
            Ok(session) => Item::Session(Box::new(session)),
            Err(reason) => {
                let id = cells.filled("id").unwrap_or_default().to_owned();
                Item::Bad(Reject { kind: "session", id, reason })
            }
        }
    }

    fn foreign_session(&self, cells: Cells<'_>) -> Result<IncomingSession, String> {
        let owner = self.key(cells.filled("owner").ok_or("has no owner")?);
        let expires_at = cells.instant("expires_at")?.ok_or("has no end")?;
        let token = cells.get("token").unwrap_or_default();
        let digest = imported_digest(&self.issuer, token)
            .ok_or("its token does not have Better Auth's format")?;
        // An administrator who impersonates a user does not have that user's session.
        if cells.filled("impersonated_by").is_some() {
            return Err("was opened by an administrator who impersonates this account".into());
        }
        // A session cannot begin in the future, even if the clock there differs.
        let created_at = cells.instant("created_at")?.unwrap_or(self.now).min(self.now);
        let last_seen_at = cells.instant("updated_at")?.unwrap_or(created_at).min(self.now);
        let ip = cells.filled("ip").and_then(|text| text.parse::<IpAddr>().ok());
        let Origin { ip, user_agent, .. } = Origin::new(ip, cells.filled("user_agent"), None);
        Ok(IncomingSession {
            source_id: cells.filled("id").unwrap_or_default().to_owned(),
            owner,
            digest,
            ip: ip.map(|ip| ip.to_string()),
            user_agent,
            created_at,
            last_seen_at,
            expires_at,
        })
    }
}
