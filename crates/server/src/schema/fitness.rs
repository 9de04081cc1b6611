//! Checks whether a PostgreSQL database is usable: it accepts writes, its settings do not change the meaning
//! of statements, the login has the privileges that the server needs, and row-level security is in place.
//! Used at the start, by `/readyz`, by `db verify`, and by `db migrate` before its first change.

use crate::db::postgres::connect::READS_ONLY;
use crate::db::postgres::isolation::EXPOSED;
pub(super) use crate::db::postgres::isolation::ISOLATED;
use crate::row;
use crate::text;

/// Why a database that responds is not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It accepts no writes.
    ReadOnly,
    /// Settings or an encoding that change the meaning of statements, each with its value.
    Settings(String),
    /// Privileges that the login lacks.
    Privileges(Lack),
    /// Tables with these names belong to another application: no migration created them.
    Occupied(String),
    /// This login sees no schema.
    NoSchema(String),
    /// Row-level security is not in place.
    Exposed,
}

/// Privileges that a login lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The login, quoted for SQL where it must be.
    pub login: String,
    /// `SELECT, INSERT ON users`, one an object.
    pub privileges: Vec<String>,
}

impl Lack {
    /// Parses the result of [`lacking`].
    pub(super) fn read(login: &str, found: &str) -> Self {
        Self { login: login.into(), privileges: found.lines().map(str::to_owned).collect() }
    }

    /// The statements that grant them.
    pub fn grants(&self) -> Vec<String> {
        let login = &self.login;
        self.privileges.iter().map(|privilege| format!("GRANT {privilege} TO {login};")).collect()
    }
}

impl std::fmt::Display for Lack {
    /// Each by name, then the statements that grant them.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let login = &self.login;
        let named: Vec<_> =
            self.privileges.iter().map(|privilege| privilege.replacen(" ON ", " on ", 1)).collect();
        write!(
            out,
            "does not grant the login {login} what the server needs: {} missing. As the owner of the \
             tables, run `doorward db migrate --grant-to {login}`, or let an administrator run: {}",
            if let [one] = named.as_slice() {
                format!("{one} is")
            } else {
                format!("{} are", named.join("; "))
            },
            self.grants().join(" ")
        )
    }
}

impl std::fmt::Display for Unfit {
    /// The problem and what to do, after the name of the database.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ReadOnly => write!(out, "{READS_ONLY}."),
            Self::Settings(found) => write!(
                out,
                "has settings under which statements mean something else: {found}. Reset them for the \
                 database and the login (ALTER DATABASE … RESET …, ALTER ROLE … RESET …); an \
                 encoding other than UTF8 needs a new database."
            ),
            Self::Privileges(lack) => lack.fmt(out),
            Self::Occupied(tables) => write!(
                out,
                "contains another application's tables with Doorward's names ({tables}): use a separate database, or on PostgreSQL a separate schema in the login's search_path."
            ),
            Self::NoSchema(login) => write!(
                out,
                "has no schema that the login may use and its search_path names: create one, correct \
                 search_path, or run GRANT USAGE ON SCHEMA … TO {login};"
            ),
            Self::Exposed => write!(out, "{EXPOSED}."),
        }
    }
}

row! {
    /// The facts from catalog and settings, whatever the schema.
    pub(super) struct Fitness {
        login: String = "quote_ident(current_user)",
        read_only: bool = "s.read_only",
        settings: Option<String> = "s.settings",
        grants: Option<String> = "s.grants",
    }
}

row! {
    /// The same if the history cannot be read.
    pub(super) struct Diagnosis {
        has_schema: bool = "current_schema() IS NOT NULL",
        occupied: Option<String> = "s.occupied",
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
        let lack = |found: &String| Unfit::Privileges(Lack::read(&self.login, found));
        settings.or_else(|| self.grants.as_ref().map(lack))
    }
}

impl Diagnosis {
    /// What is wrong, if anything is.
    pub(super) fn unfit(self) -> Option<Unfit> {
        if !self.has_schema {
            return Some(Unfit::NoSchema(self.fitness.login));
        }
        self.occupied.clone().map(Unfit::Occupied).or_else(|| self.fitness.unfit())
    }
}

/// The settings that must have a certain value and do not, as text.
pub(super) const SETTINGS: &str = "(SELECT string_agg(w.name || ' is ' || current_setting(w.name) || \
    ' instead of ' || w.value, ', ' ORDER BY w.name) FROM (VALUES ('server_encoding', 'UTF8'), \
    ('standard_conforming_strings', 'on'), ('transform_null_equals', 'off'), ('row_security', 'on'), \
    ('session_replication_role', 'origin'), ('default_transaction_isolation', 'read committed')) \
    w (name, value) WHERE current_setting(w.name) <> w.value)";

/// The privileges that the server uses on each table. A guard test compares them with the statements.
pub const USES: &str = "VALUES ('doorward_migrations', 'SELECT'), \
    ('users', 'SELECT, INSERT, UPDATE, DELETE'), ('roles', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('user_roles', 'SELECT, INSERT, DELETE'), ('role_permissions', 'SELECT, INSERT, DELETE'), \
    ('sessions', 'SELECT, INSERT, UPDATE, DELETE'), ('imported_sessions', 'SELECT'), \
    ('own_tasks', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('audit_log', 'SELECT, INSERT, DELETE'), ('audit_horizon', 'SELECT, UPDATE'), \
    ('login_guards', 'SELECT, INSERT, UPDATE, DELETE'), ('identities', 'SELECT, INSERT, DELETE'), \
    ('signing_keys', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('single_use', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('mail', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('factors', 'SELECT, INSERT, UPDATE, DELETE'), ('recovery_codes', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('trusted_devices', 'SELECT, INSERT, UPDATE, DELETE'), \
    ('passkeys', 'SELECT, INSERT, UPDATE, DELETE'), ('passkey_handles', 'SELECT, INSERT'), \
    ('api_keys', 'SELECT, INSERT, UPDATE, DELETE'), ('api_key_networks', 'SELECT, INSERT')";

/// The functions that statements call; everybody may call them unless that was revoked.
pub const CALLS: &str = "VALUES ('doorward_refuse(text)'), ('doorward_merge_patch(text, text, integer)'), \
    ('doorward_better_auth_tables()'), \
    ('doorward_better_auth_session_of(text, timestamp with time zone, text)')";

/// The privileges that the login lacks, a line per object as [`Lack::read`] parses it. Objects that do not
/// exist are skipped.
const GRANTS: &str = text!(
    "(SELECT string_agg(l.privileges || ' ON ' || l.name, E'\\n' ORDER BY l.name) FROM (\
    SELECT u.name, string_agg(p.privilege, ', ') AS privileges FROM (",
    USES,
    ") u (name, privileges), unnest(string_to_array(u.privileges, ', ')) p (privilege) \
    WHERE NOT has_table_privilege(current_user, to_regclass(u.name), p.privilege) GROUP BY u.name \
    UNION ALL SELECT 'FUNCTION ' || f.name, 'EXECUTE' FROM (",
    CALLS,
    ") f (name) WHERE NOT has_function_privilege(current_user, to_regprocedure(f.name), 'EXECUTE')) l)"
);

/// The privileges that this role lacks, as a `SELECT` without tables.
pub(super) fn lacking(role: &str) -> String {
    let role = format!("'{}'::name", role.replace('\'', "''"));
    format!("SELECT {}", GRANTS.replace("current_user", &role))
}

/// All facts, as the single row `s`.
pub(super) const STANDING: &str = text!(
    "(SELECT current_setting('transaction_read_only')::bool AS read_only, ",
    SETTINGS,
    " AS settings, ",
    GRANTS,
    " AS grants, ",
    ISOLATED,
    " AS isolated) s"
);

/// The same without facts about the schema's own tables. `pg_class` is read as of one moment, unlike
/// `to_regclass`, so that tables that are just being created are seen with their history or not at all.
pub(super) const DIAGNOSIS: &str = text!(
    "(SELECT current_setting('transaction_read_only')::bool AS read_only, ",
    SETTINGS,
    " AS settings, ",
    GRANTS,
    " AS grants, (SELECT string_agg(u.name, ', ' ORDER BY u.name) FROM (",
    USES,
    ") u (name, privileges) WHERE to_regclass('doorward_migrations') IS NULL \
    AND u.name IN (SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace) \
    AND 'doorward_migrations' NOT IN \
    (SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace)) AS occupied) s"
);
