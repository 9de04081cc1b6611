//! Whether row-level security stands. Every connection shows it before anybody uses it, in the round trip of its
//! first look: so a database that was restored without it under a running server is refused, and taken again
//! once it is repaired.

use tokio_postgres::{Client, Error};

use crate::metrics::LaneLabel;
use crate::text;

/// What is said of a database without it.
pub(crate) const EXPOSED: &str = "has its tables, but not its row-level security, as after restoring a \
    dump where the role that owns the view was missing: run `doorward db repair`";
/// What is said of a database that has nothing to protect yet.
pub(in crate::db) const EMPTY: &str = "has no table of tasks: run `doorward db migrate`";

/// The view is there, its owner may do with the table what the server does, PostgreSQL applies the policy to
/// it, and no other policy lets more through.
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

/// How a database stood when a connection to it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Isolation {
    /// Users are kept apart.
    Stands,
    /// There is nothing to keep apart yet.
    Empty,
    /// There are tables, and users are not kept apart.
    Exposed,
}

impl Isolation {
    /// Asks the database.
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

    /// What is wrong, if this lane cannot use such a connection. The probes find out what is wrong, so they use
    /// any; what is behind row-level security needs it proven, since tables may appear while a connection lives.
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
