//! The texts sent to PostgreSQL: a store's statement alone, or behind the gate that checks the session and
//! sets the user for row-level security.

use std::borrow::Cow;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::gate::{
    Gate, Via, active, holds, key_of_owner, live, refuse_key, unexpired, used_since,
};
use crate::input::PAGE_BYTES;
use crate::sql::Value;
use crate::sql::{Sql, Step, TextPlace};
use crate::step;

/// The first statement of a writing bundle. Without a live session its cast fails and aborts the whole
/// transaction, whatever the steps are.
pub(in crate::db) const GATE: Sql = crate::statement!(
    "WRITE_GATE",
    concat!(
        "WITH live AS MATERIALIZED (SELECT s.confirmed, s.user_id FROM sessions s \
        JOIN users u ON u.id = s.user_id WHERE s.id = :session AND s.user_id = :user \
        AND ",
        live!("s.", ":now"),
        " AND ",
        active!("u.", ":now"),
        ") \
        SELECT (SELECT confirmed FROM live), set_config('doorward.user_id', \
        coalesce((SELECT user_id::text FROM live), 'no live session')::uuid::text, true)"
    )
);

/// The same for the user of an identity at another issuer.
pub(in crate::db) const IDENTITY_GATE: Sql = crate::statement!(
    "WRITE_IDENTITY_GATE",
    concat!(
        "WITH live AS MATERIALIZED (SELECT i.user_id FROM identities i \
        JOIN users u ON u.id = i.user_id WHERE i.id = :session AND i.user_id = :user AND ",
        active!("u.", ":now"),
        ") \
        SELECT CAST(0 AS BIGINT), set_config('doorward.user_id', \
        coalesce((SELECT user_id::text FROM live), 'no such identity')::uuid::text, true)"
    )
);

/// The same for the owner of an API key.
pub(in crate::db) const KEY_GATE: Sql = crate::statement!(
    "WRITE_KEY_GATE",
    concat!(
        "WITH live AS MATERIALIZED (",
        key_of_owner!(),
        ") \
        SELECT (SELECT confirmed FROM live), set_config('doorward.user_id', \
        coalesce((SELECT user_id::text FROM live), 'no such key')::uuid::text, true)"
    )
);

/// The second statement of a writing bundle whose gate requires a permission.
pub(in crate::db) const HOLDS: Sql = crate::statement!(
    "HOLDS",
    concat!(
        "SELECT doorward_refuse('insufficient_scope:' || :needed) WHERE NOT ",
        holds!(":user", ":needed")
    )
);

/// The first statement of a search's transaction. A search is stopped before it delays others in its lane for
/// long; a transaction's own setting also works behind a pooler.
pub(in crate::db) const SEARCH_LIMIT: Sql =
    crate::statement!("SEARCH_LIMIT", "SELECT set_config('statement_timeout', '1500ms', true)");

/// Opens one user's view in this transaction, for the operator.
pub(in crate::db) const VIEW_OF: Sql =
    crate::statement!("VIEW_OF", "SELECT set_config('doorward.user_id', :user, true)");

/// What a gate checks in addition to an active user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::db) enum Way {
    Session,
    Identity,
    Key,
}

impl Way {
    fn of(gate: &Gate) -> Self {
        match gate.via {
            Via::Session | Via::Imported => Self::Session,
            Via::Identity => Self::Identity,
            Via::Key(_) => Self::Key,
        }
    }

    /// The number of parameters of its gate, without the permission's.
    fn params(self) -> usize {
        if self == Self::Key { 6 } else { 3 }
    }
}

/// The form in which a statement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::db) enum Form {
    /// Alone.
    Plain,
    /// Behind the gate, which may require a permission; the gate's parameters come last.
    Gated { way: Way, rows: GatedRows, is_permitted: bool },
}

/// The rows of a statement behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::db) enum GatedRows {
    /// A column before theirs says that there is a row: all of theirs may be null.
    Any,
    /// Those of a page, whose first column is never null.
    Page,
    /// The same until the page is full.
    UntilFull,
}

/// A statement with its parameters.
#[derive(Debug)]
pub(in crate::db) struct Query<'a> {
    sql: Sql,
    form: Form,
    pub(in crate::db) params: Cow<'a, [Value]>,
}

impl<'a> Query<'a> {
    pub(in crate::db) fn plain(sql: Sql, params: &'a [Value]) -> Self {
        Self { sql, form: Form::Plain, params: Cow::Borrowed(params) }
    }

    /// The writing bundle's first statement.
    pub(in crate::db) fn gate(gate: &Gate) -> Self {
        let Gate { session_id: session, user_id: user, now, .. } = *gate;
        Self::owned(match gate.via {
            Via::Session | Via::Imported => step!(GATE { session, user, now }),
            Via::Identity => step!(IDENTITY_GATE { session, user, now }),
            Via::Key(of_key) => {
                let (scope, address) = (of_key.scope_name(), of_key.address.as_slice());
                step!(KEY_GATE { session, user, now, since: gate.used_since(), scope, address })
            }
        })
    }

    /// The statement after the gate, if it requires a permission.
    pub(in crate::db) fn holds(gate: &Gate) -> Option<Self> {
        let needed = gate.permission?.as_str();
        Some(Self::owned(step!(HOLDS { user: gate.user_id, needed })))
    }

    fn owned(Step { sql, params }: Step) -> Self {
        Self { sql, form: Form::Plain, params: Cow::Owned(params) }
    }

    /// Reads these rows behind the gate in one message.
    pub(in crate::db) fn gated(step: Step, gate: &Gate, rows: GatedRows) -> Self {
        let Step { sql, mut params } = step;
        // In the order of [`behind_gate`].
        params.extend([gate.session_id.into(), gate.user_id.into(), gate.now.into()]);
        if let Via::Key(used) = gate.via {
            let address = used.address.as_slice();
            params.extend([gate.used_since().into(), used.scope_name().into(), address.into()]);
        }
        params.extend(gate.permission.map(|needed| needed.as_str().into()));
        let form =
            Form::Gated { way: Way::of(gate), rows, is_permitted: gate.permission.is_some() };
        Self { sql, form, params: Cow::Owned(params) }
    }

    /// The forms in which a store's statement may be sent.
    pub(in crate::db) fn forms(sql: Sql) -> Vec<Self> {
        let mut forms = vec![Form::Plain];
        if sql.is_read {
            let pages = sql.weight.map(|_| [GatedRows::Page, GatedRows::UntilFull]);
            for rows in std::iter::once(GatedRows::Any).chain(pages.into_iter().flatten()) {
                for way in [Way::Session, Way::Identity, Way::Key] {
                    forms.extend([false, true].map(|is_permitted| Form::Gated {
                        way,
                        rows,
                        is_permitted,
                    }));
                }
            }
        }
        let query = |form| Query { sql, form, params: Cow::Borrowed(&[]) };
        forms.into_iter().map(query).collect()
    }

    /// Whether this is the gate and the error is its failed cast.
    pub(in crate::db) fn is_closed_gate(&self, error: &Error) -> bool {
        [GATE.name, IDENTITY_GATE.name, KEY_GATE.name].contains(&self.sql.name)
            && error.code() == Some(&SqlState::INVALID_TEXT_REPRESENTATION)
    }

    /// Identifies statements without comparing texts: they are constants.
    pub(in crate::db) fn key(&self) -> (TextPlace, Form) {
        (self.sql.place(), self.form)
    }

    pub(in crate::db) fn text(&self) -> Cow<'static, str> {
        let Sql { postgres, params, weight, .. } = self.sql;
        let params = params.len();
        let Form::Gated { way, rows, is_permitted } = self.form else {
            return Cow::Borrowed(postgres);
        };
        let work = match rows {
            GatedRows::Any => format!("SELECT TRUE AS found, w.* FROM ({postgres}) w"),
            GatedRows::Page => postgres.to_owned(),
            GatedRows::UntilFull => until_full(postgres, weight.unwrap_or("0")),
        };
        let holds = if is_permitted { permitted(way, params) } else { String::new() };
        Cow::Owned(behind_gate(way, &work, params, &holds))
    }
}

/// The permission check of a gate, after a statement with this many parameters.
fn permitted(way: Way, params: usize) -> String {
    let (user, needed) = (params + 2, params + way.params() + 1);
    format!(
        concat!(
            ", CASE WHEN NOT ",
            holds!("${user}", "${needed}"),
            " THEN doorward_refuse('insufficient_scope:' || ${needed}) END"
        ),
        user = user,
        needed = needed
    )
}

/// The rows of this page up to the one that fills it. The server need not send or read the texts of others,
/// because it knows the length of a text that is stored separately.
fn until_full(work: &str, weight: &str) -> String {
    format!(
        "SELECT page.* FROM (SELECT rows.*, coalesce(sum({weight}) \
         OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before \
         FROM ({work}) rows) page WHERE page.before < {PAGE_BYTES}"
    )
}

/// No row: no live session. The first column after `confirmed` null: the work found nothing. The gate is the
/// outer side of a left join without a condition, so it sets the user before the work reads its first row.
/// `OFFSET 0` keeps it a query of its own, and its functions are volatile, so none is left out; it saves the
/// copy that a materialized `WITH` is.
fn behind_gate(way: Way, work: &str, params: usize, holds: &str) -> String {
    let (session, user, now) = (params + 1, params + 2, params + 3);
    let (since, scope, address) = (params + 4, params + 5, params + 6);
    let (table, confirmed, live) = match way {
        Way::Session => {
            let live = format!(concat!("AND ", live!("s.", "${now}"), " "), now = now);
            ("sessions", "s.confirmed".to_owned(), live)
        }
        Way::Identity => ("identities", "CAST(0 AS BIGINT) AS confirmed".to_owned(), String::new()),
        Way::Key => {
            let confirmed = format!(
                concat!(
                    used_since!("s.", "${since}"),
                    " AS confirmed, ",
                    refuse_key!("s.", "${scope}", "${address}"),
                    " AS refused"
                ),
                since = since,
                scope = scope,
                address = address
            );
            let live = format!(concat!("AND ", unexpired!("s.", "${now}"), " "), now = now);
            ("api_keys", confirmed, live)
        }
    };
    format!(
        concat!(
            "SELECT gate.confirmed, work.* FROM (SELECT {confirmed}, \
         set_config('doorward.user_id', s.user_id::text, true){holds} FROM {table} s \
         JOIN users u ON u.id = s.user_id WHERE s.id = ${session} AND s.user_id = ${user} \
         {live}AND ",
            active!("u.", "${now}"),
            " OFFSET 0) gate LEFT JOIN LATERAL ({work}) work ON TRUE"
        ),
        confirmed = confirmed,
        holds = holds,
        table = table,
        session = session,
        user = user,
        live = live,
        now = now,
        work = work
    )
}
