//! The results of an import.

use std::collections::BTreeMap;

use serde::Serialize;

use super::incoming::Reject;

/// Maximum number of distinct reasons; further ones count as the last.
const MOST_REASONS: usize = 50;

/// The results for one kind of row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Imported.
    pub imported: u64,
    /// Already here, and not changed.
    pub already_here: u64,
    /// Rejected, each with its reason.
    pub rejected: u64,
}

/// The results of an import.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImportReport {
    /// Accounts.
    pub users: Tally,
    /// Tasks.
    pub tasks: Tally,
    /// Identities: from a file of `doorward export`, or links to other providers.
    pub identities: Tally,
    /// Sessions that go on here.
    pub sessions: Tally,
    /// Roles in such a file.
    pub roles: Tally,
    /// Lines of no known kind.
    pub lines: Tally,
    /// Sessions of the source that have expired, and are left there.
    pub sessions_expired: u64,
    /// Sessions of earlier imports that the source has no longer, and that were ended here.
    pub sessions_ended: u64,
    /// No session was read: Better Auth's tables are in this database, so its sessions are looked up there.
    pub sessions_in_place: bool,
    /// Imported accounts that had no password.
    pub users_without_password: u64,
    /// Imported accounts whose hash is of an unsupported kind, and so without a password.
    pub users_with_unknown_hash: u64,
    /// Imported accounts without an address, which only tokens of another issuer can access.
    pub users_without_email: u64,
    /// Imported accounts that are disabled or banned.
    pub users_shut_out: u64,
    /// Imported accounts without some metadata that is too large or not an object.
    pub users_with_unfit_metadata: u64,
    /// Imported accounts with another role than `user`, by role.
    pub roles_given: BTreeMap<String, u64>,
    /// The number of rows for each reason.
    pub reasons: BTreeMap<String, u64>,
}

impl ImportReport {
    /// The results for this kind.
    pub(super) fn of(&mut self, kind: &str) -> &mut Tally {
        match kind {
            "user" => &mut self.users,
            "task" => &mut self.tasks,
            "identity" => &mut self.identities,
            "session" => &mut self.sessions,
            "role" => &mut self.roles,
            _ => &mut self.lines,
        }
    }

    /// Counts a rejected row.
    pub(super) fn reject(&mut self, reject: &Reject) {
        self.of(reject.kind).rejected += 1;
        // A row's own values are not part of a reason: `"ada@" is not …` and `"bob@" is not …` are the same.
        let general: String = reject.reason.split('"').step_by(2).collect::<Vec<_>>().join("…");
        let reason = format!("{}: {general}", reject.kind);
        let known = self.reasons.contains_key(&reason) || self.reasons.len() < MOST_REASONS;
        let reason = if known { reason } else { "other reasons".to_owned() };
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// The number of rejected rows.
    pub fn rejected(&self) -> u64 {
        self.tallies().iter().map(|tally| tally.rejected).sum::<u64>() + self.lines.rejected
    }

    /// The number of processed rows.
    pub fn seen(&self) -> u64 {
        self.tallies()
            .iter()
            .map(|tally| tally.imported + tally.already_here + tally.rejected)
            .sum::<u64>()
            + self.sessions_expired
            + self.lines.rejected
    }

    fn tallies(&self) -> [&Tally; 5] {
        [&self.users, &self.tasks, &self.identities, &self.sessions, &self.roles]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_without_what_the_rows_say() {
        let mut report = ImportReport::default();
        for text in ["ada@", "bob@"] {
            let reason = format!("{text:?} is not a valid e-mail address");
            report.reject(&Reject { kind: "user", id: "1".into(), reason });
        }
        let reasons: Vec<_> = report.reasons.into_iter().collect();
        assert_eq!(reasons, [("user: … is not a valid e-mail address".to_owned(), 2)]);
        assert_eq!(report.users.rejected, 2);
    }
}
