//! Imports sessions, and ends those that no longer exist at the source: their users signed out there.

use std::collections::HashSet;

use super::staging::{self, AT_ONCE, SESSIONS};
use crate::db::Row;
use crate::db::bulk::{Ending, Load};
use crate::sql::{Result, Value};
use crate::transfer::incoming::{IncomingSession, Reject};
use crate::transfer::loader::{LONELY, Loader, TWICE, said};

const SHUT_OUT: &str = "its owner is disabled or banned";
const OUTDATED: &str = "the sessions of its owner were ended here after it began";

impl Loader<'_> {
    /// Whether Better Auth's own tables are in this database, so that its sessions are looked up there.
    pub(in crate::transfer) async fn has_better_auth(&mut self) -> Result<bool> {
        let rows = self.bulk.run(&[], &[staging::find_tables()], Ending::Rollback).await?;
        let found = rows.first().and_then(|rows| rows.first());
        found.map_or(Ok(false), Row::read)
    }

    pub(in crate::transfer) async fn sessions(
        &mut self,
        sessions: Vec<IncomingSession>,
    ) -> std::result::Result<(), String> {
        let (mut kept, mut seen) = (Vec::with_capacity(sessions.len()), HashSet::new());
        for session in sessions {
            let reason = if self.is_doubtful(&session.owner) {
                LONELY
            } else if !seen.insert(session.digest) {
                TWICE
            } else {
                kept.push(session);
                continue;
            };
            self.leave_out(session, reason)?;
        }
        if kept.is_empty() {
            return Ok(());
        }
        let rows = (0..).zip(&kept).map(|one| self.session_row(one)).collect();
        let loads = [Load { staging: &SESSIONS, rows }];
        let steps = staging::take_sessions(&self.issuer, self.now);
        let fates = self.run(&loads, &steps).await.map_err(said)?;
        let mut fates = fates.into_iter().peekable();
        for (ordinal, session) in (0..).zip(kept) {
            let fate = fates.next_if(|fate| fate.ordinal == ordinal);
            let reason = match fate.as_ref().map(|fate| fate.word.as_str()) {
                Some("known") => {
                    self.report.sessions.already_here += 1;
                    self.live_here += 1;
                    continue;
                }
                Some("ended") => {
                    self.report.sessions.already_here += 1;
                    continue;
                }
                Some("owner") if !self.is_rehearsed("owner", &session.owner) => LONELY,
                Some("owner") if self.is_rehearsed("shut_out", &session.owner) => SHUT_OUT,
                Some("shut_out") => SHUT_OUT,
                Some("outdated") => OUTDATED,
                _ => {
                    self.report.sessions.imported += 1;
                    continue;
                }
            };
            self.leave_out(session, reason)?;
        }
        Ok(())
    }

    fn leave_out(
        &mut self,
        session: IncomingSession,
        reason: &str,
    ) -> std::result::Result<(), String> {
        let id = session.source_id;
        self.reject(&Reject { kind: "session", id, reason: reason.into() })
    }

    fn session_row(&self, (ordinal, session): (i64, &IncomingSession)) -> Vec<Value> {
        vec![
            ordinal.into(),
            self.random.id(session.created_at).into(),
            (&session.owner).into(),
            session.digest.as_slice().into(),
            self.random.bytes::<32>().as_slice().into(),
            session.ip.as_deref().into(),
            session.user_agent.as_deref().into(),
            session.created_at.into(),
            session.last_seen_at.into(),
            session.expires_at.into(),
        ]
    }

    /// Ends the sessions of earlier imports that no longer exist at the source. Called after all its sessions
    /// were read.
    pub(in crate::transfer) async fn end_gone(&mut self) -> std::result::Result<(), String> {
        if self.ending == Ending::Rollback {
            let count = [staging::count_here(&self.issuer, self.now)];
            let rows = self.bulk.run(&[], &count, Ending::Rollback).await.map_err(said)?;
            let found = rows.first().and_then(|rows| rows.first()).map(Row::read::<i64>);
            let here = found.transpose().map_err(said)?.unwrap_or_default();
            let here = u64::try_from(here).unwrap_or_default();
            self.report.sessions_ended = here.saturating_sub(self.live_here);
            return Ok(());
        }
        loop {
            let steps = [staging::end_gone(&self.issuer, self.now)];
            let rows = self.bulk.run(&[], &steps, Ending::Commit).await.map_err(said)?;
            let ended = rows.first().map_or(0, Vec::len) as u64;
            self.report.sessions_ended += ended;
            if ended < AT_ONCE.unsigned_abs() {
                return Ok(());
            }
        }
    }
}
