//! Checks that row-level security is in effect. Every connection is checked before its first use, in the
//! round trip of its first checks, so a database that was restored without it under a running server is
//! rejected, and accepted again once it is repaired.

use tokio_postgres::{Client, Error};

use crate::metrics::LaneLabel;
use crate::text;

/// The error for a database without it.
pub(crate) const EXPOSED: &str = "has tables without row-level security, as after restoring a dump into a cluster without the role that owns the view: run `doorward db repair`";
/// The error for a database with nothing to protect yet.
pub(in crate::db) const EMPTY: &str = "has no table of tasks: run `doorward db migrate`";

/// The view exists, its owner has the server's privileges on the table, PostgreSQL applies the policy to it,
/// and no other policy allows more.
pub(crate) const ISOLATED: &str = "coalesce((SELECT v.relkind = 'v' AND t.relrowsecurity AND NOT o.rolsuper \
    AND NOT o.rolbypassrls AND NOT pg_has_role(v.relowner, t.relowner, 'USAGE') \
    AND has_table_privilege(v.relowner, t.oid, 'SELECT') \
    AND has_table_privilege(v.relowner, t.oid, 'INSERT') \
    AND has_table_privilege(v.relowner, t.oid, 'UPDATE') \
    AND has_table_privilege(v.relowner, t.oid, 'DELETE') \
    AND coalesce(array_to_string(v.reloptions, ',') NOT LIKE '%security_invoker=%', TRUE) \
    AND coalesce((SELECT bool_and(p.polname = 'own_tasks' AND p.polcmd = '*') FROM pg_policy p \
        WHERE p.polrelid = t.oid AND p.polpermissive), FALSE) \
    FROM pg_class v JOIN pg_class t ON t.oid = to_regclass('tasks') \
    JOIN pg_roles o ON o.oid = v.relowner WHERE v.oid = to_regclass('own_tasks')), FALSE)";

const LOOK: &str = text!("SELECT ", ISOLATED, ", to_regclass('tasks') IS NOT NULL");

/// The state of a database when a connection to it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Isolation {
    /// Users are isolated.
    Stands,
    /// There is nothing to isolate yet.
    Empty,
    /// There are tables, and users are not isolated.
    Exposed,
}

impl Isolation {
    /// Queries the database.
    pub(in crate::db) async fn look(client: &Client) -> Result<Self, Error> {
        let rows = client.query_typed(LOOK, &[]).await?;
        let Some(row) = rows.first() else { return Ok(Self::Exposed) };
        let (stands, has_tables): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        Ok(match (stands, has_tables) {
            (true, _) => Self::Stands,
            (false, true) => Self::Exposed,
            (false, false) => Self::Empty,
        })
    }

    /// Why this lane cannot use such a connection, if so. Probes find out what is wrong, so they use any;
    /// lanes with row-level security need proof, since tables may be created while a connection is open.
    pub(in crate::db) fn refusal(self, lane: LaneLabel) -> Option<&'static str> {
        match (self, lane) {
            (Self::Stands, _)
            | (Self::Empty, LaneLabel::Reads | LaneLabel::Writes)
            | (_, LaneLabel::Probes) => None,
            (Self::Empty, _) => Some(EMPTY),
            (Self::Exposed, _) => Some(EXPOSED),
        }
    }
}
