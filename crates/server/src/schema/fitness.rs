//! Whether a PostgreSQL database can be worked with: it takes writes, its settings leave statements
//! their meaning, the login has the privileges that the server uses, and row-level security is in
//! place. Asked at start, by `/readyz`, by `db verify`, and by `db migrate` before its first change.

use crate::db::postgres::connect::READS_ONLY;
use crate::row;
use crate::text;

/// What keeps a database that answers from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It takes no writes.
    ReadOnly,
    /// Settings or an encoding under which statements mean something else, each with its value.
    Settings(String),
    /// Privileges that the login lacks, as the statements that grant them.
    Privileges(String),
    /// The login of this name sees no schema.
    NoSchema(String),
    /// Row-level security is not in place.
    Exposed,
}

impl std::fmt::Display for Unfit {
    /// What is wrong, and what to do, after the name of the database.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ReadOnly => write!(out, "{READS_ONLY}."),
            Self::Settings(found) => write!(
                out,
                "has settings under which statements mean something else: {found}. Reset them for the \
                 database and the login (ALTER DATABASE … RESET …, ALTER ROLE … RESET …); an \
                 encoding other than UTF8 needs a new database."
            ),
            Self::Privileges(grants) => write!(
                out,
                "does not give the login every privilege that the server needs. Let the owner of the \
                 tables or an administrator run: {grants};"
            ),
            Self::NoSchema(login) => write!(
                out,
                "has no schema that the login may use and its search_path names: create one, correct \
                 search_path, or run GRANT USAGE ON SCHEMA … TO {login};"
            ),
            Self::Exposed => out.write_str(
                "has its tables, but not its row-level security, as after restoring a dump where the \
                 role that owns the view was missing: run `doorward db repair`.",
            ),
        }
    }
}

row! {
    /// What the catalog and the settings tell, whatever the schema.
    pub(super) struct Fitness {
        read_only: bool = "s.read_only",
        settings: Option<String> = "s.settings",
        grants: Option<String> = "s.grants",
    }
}

row! {
    /// The same where the history cannot be read.
    pub(super) struct Diagnosis {
        login: String = "quote_ident(current_user)",
        has_schema: bool = "current_schema() IS NOT NULL",
        fitness: Fitness = ..,
    }
}

impl Fitness {
    /// What is wrong, if anything is.
    pub(super) fn unfit(&self) -> Option<Unfit> {
        if self.read_only {
            return Some(Unfit::ReadOnly);
        }
        let settings = self.settings.clone().map(Unfit::Settings);
        settings.or_else(|| self.grants.clone().map(Unfit::Privileges))
    }
}

impl Diagnosis {
    /// What is wrong, if anything is.
    pub(super) fn unfit(self) -> Option<Unfit> {
        if self.has_schema { self.fitness.unfit() } else { Some(Unfit::NoSchema(self.login)) }
    }
}

/// Each setting that must have its value, as text, where it has another.
pub(super) const SETTINGS: &str = "(SELECT string_agg(w.name || ' is ' || current_setting(w.name) || \
    ' instead of ' || w.value, ', ' ORDER BY w.name) FROM (VALUES ('server_encoding', 'UTF8'), \
    ('standard_conforming_strings', 'on'), ('transform_null_equals', 'off'), ('row_security', 'on'), \
    ('session_replication_role', 'origin'), ('default_transaction_isolation', 'read committed')) \
    w (name, value) WHERE current_setting(w.name) <> w.value)";

/// What the server does with each table. A guard test holds it against the statements.
pub const USES: &str = "VALUES ('doorward_migrations', 'SELECT'), \
    ('users', 'SELECT, INSERT, UPDATE, DELETE'), ('roles', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('user_roles', 'SELECT, INSERT, DELETE'), ('role_permissions', 'SELECT, INSERT, DELETE'), \
    ('sessions', 'SELECT, INSERT, UPDATE, DELETE'), ('own_tasks', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('audit_log', 'SELECT, INSERT, DELETE'), ('audit_horizon', 'SELECT, UPDATE'), \
    ('login_guards', 'SELECT, INSERT, UPDATE, DELETE'), ('identities', 'SELECT, INSERT, DELETE'), \
    ('signing_keys', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('single_use', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('mail', 'SELECT, INSERT, UPDATE, DELETE')";

/// The grants that the login lacks.
const GRANTS: &str = text!(
    "(SELECT string_agg('GRANT ' || l.privileges || ' ON ' || l.name || ' TO ' || \
    quote_ident(current_user), '; ' ORDER BY l.name) FROM (SELECT u.name, string_agg(p.privilege, ', ') \
    AS privileges FROM (",
    USES,
    ") u (name, privileges), unnest(string_to_array(u.privileges, ', ')) p (privilege) \
    WHERE NOT has_table_privilege(to_regclass(u.name), p.privilege) GROUP BY u.name) l)"
);

/// The view is there, PostgreSQL applies the policy to its owner, and no other policy lets more through.
const ISOLATED: &str = "coalesce((SELECT v.relkind = 'v' AND t.relrowsecurity AND NOT o.rolsuper \
    AND NOT o.rolbypassrls AND NOT pg_has_role(v.relowner, t.relowner, 'USAGE') \
    AND coalesce(array_to_string(v.reloptions, ',') NOT LIKE '%security_invoker=%', TRUE) \
    AND coalesce((SELECT bool_and(p.polname = 'own_tasks' AND p.polcmd = '*') FROM pg_policy p \
        WHERE p.polrelid = t.oid AND p.polpermissive), FALSE) \
    FROM pg_class v JOIN pg_class t ON t.oid = to_regclass('tasks') \
    JOIN pg_roles o ON o.oid = v.relowner WHERE v.oid = to_regclass('own_tasks')), FALSE)";

/// All of it, as the one row `s`.
pub(super) const STANDING: &str = text!(
    "(SELECT current_setting('transaction_read_only')::bool AS read_only, ",
    SETTINGS,
    " AS settings, ",
    GRANTS,
    " AS grants, ",
    ISOLATED,
    " AS isolated) s"
);

/// The same without what hangs on the schema's own tables.
pub(super) const DIAGNOSIS: &str = text!(
    "(SELECT current_setting('transaction_read_only')::bool AS read_only, ",
    SETTINGS,
    " AS settings, ",
    GRANTS,
    " AS grants) s"
);
