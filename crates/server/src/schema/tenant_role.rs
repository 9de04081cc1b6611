//! The role that owns `own_tasks`, so that PostgreSQL applies the policy to every login, even superusers.
//! Roles belong to the whole cluster and not every login may create one: this checks before any change, and
//! writes the SQL that an administrator must run.

use std::fmt::Write as _;

use tokio_postgres::Client;

use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::postgres::answer;

/// The login's abilities, in one statement that also works if the role is absent.
fn abilities(tenant: &str) -> String {
    format!(
        "\
    SELECT quote_ident(current_user), quote_ident(current_schema()), me.rolsuper, me.rolcreaterole,
        tenant.oid IS NOT NULL,
        coalesce(pg_has_role(current_user, tenant.oid, CASE WHEN v.number >= 160000 THEN 'SET'
            ELSE 'MEMBER' END), false),
        coalesce(pg_has_role(current_user, tenant.oid, 'MEMBER WITH ADMIN OPTION'), false),
        has_schema_privilege(current_user, current_schema(), 'CREATE'),
        has_schema_privilege(current_user, current_schema(), 'CREATE WITH GRANT OPTION')
            OR coalesce(has_schema_privilege(tenant.oid, current_schema(), 'CREATE'), false),
        v.number < 160000,
        coalesce(tenant.rolsuper OR tenant.rolbypassrls
            OR pg_has_role(tenant.oid, me.oid, 'USAGE'), false)
    FROM (SELECT current_setting('server_version_num')::int AS number) v
    JOIN pg_roles me ON me.rolname = current_user
    LEFT JOIN pg_roles tenant ON tenant.rolname = '{tenant}'"
    )
}

/// The login's abilities concerning the tenant role.
#[allow(clippy::struct_excessive_bools, reason = "nine independent answers of the catalog")]
#[derive(Clone, Debug, Default)]
struct Abilities {
    login: String,
    schema: String,
    superuser: bool,
    createrole: bool,
    /// Creating roles no longer implies managing others (PostgreSQL 16).
    createrole_manages_all: bool,
    role_exists: bool,
    acts_as_role: bool,
    administers_role: bool,
    creates_in_schema: bool,
    role_may_create_in_schema: bool,
    /// Row-level security would not apply to the role: it is the login itself, may act as it, or bypasses
    /// policies.
    role_sees_all: bool,
}

/// Stops with SQL for an administrator if the login cannot make the role own the view.
pub(super) async fn check(client: &Client, tenant: &str) -> MigrateResult<()> {
    let (_, rows) = answer(client, &abilities(tenant)).await?;
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let login = row.next().flatten().unwrap_or_default();
    let Some(schema) = row.next().flatten() else {
        return Err(MigrateError::Refused(
            "No schema of the login's search_path exists: create one, or correct search_path."
                .into(),
        ));
    };
    let mut next = || row.next().flatten().as_deref() == Some("t");
    let abilities = Abilities {
        login,
        schema,
        superuser: next(),
        createrole: next(),
        role_exists: next(),
        acts_as_role: next(),
        administers_role: next(),
        creates_in_schema: next(),
        role_may_create_in_schema: next(),
        createrole_manages_all: next(),
        role_sees_all: next(),
    };
    if abilities.role_sees_all {
        return Err(MigrateError::Misconfigured(sees_all(&abilities.login, tenant)));
    }
    match request(&abilities, tenant) {
        None => Ok(()),
        Some((why, sql)) => Err(MigrateError::NeedsAdministrator { why, sql }),
    }
}

/// Why the role cannot isolate users.
fn sees_all(login: &str, tenant: &str) -> String {
    let what = if login == tenant {
        "the login itself, which owns the tables"
    } else {
        "a role that bypasses row-level security"
    };
    format!(
        "DATABASE_TENANT_ROLE names {tenant}, {what}: users would not be isolated. Remove the setting, or name a role without privileges of its own."
    )
}

/// What the login lacks and the SQL to grant it; `None` if nothing.
fn request(can: &Abilities, tenant: &str) -> Option<(String, String)> {
    if can.superuser {
        return None;
    }
    let Abilities { login, schema, .. } = can;
    let mut why = String::new();
    let mut sql = String::new();
    let grant = format!("GRANT \"{tenant}\" TO {login};\n");
    if !can.role_exists {
        if !can.createrole {
            let _ =
                write!(why, "The role {tenant} does not exist and {login} may not create roles. ");
            let _ = write!(sql, "CREATE ROLE \"{tenant}\" NOLOGIN;\n{grant}");
        }
    } else if !(can.acts_as_role
        || can.administers_role
        || can.createrole && can.createrole_manages_all)
    {
        let _ = write!(why, "The role {tenant} exists, but {login} may not act as it. ");
        sql.push_str(&grant);
    }
    if !can.creates_in_schema {
        let _ = write!(why, "{login} may not create tables in the schema {schema}. ");
        let _ =
            writeln!(sql, "GRANT USAGE, CREATE ON SCHEMA {schema} TO {login} WITH GRANT OPTION;");
    } else if !can.role_may_create_in_schema {
        let _ = write!(why, "{login} may not share the schema {schema} with {tenant}. ");
        let _ =
            writeln!(sql, "GRANT USAGE, CREATE ON SCHEMA {schema} TO {login} WITH GRANT OPTION;");
    }
    (!sql.is_empty()).then(|| (why.trim_end().to_owned(), sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Abilities {
        Abilities {
            login: "app".into(),
            schema: "public".into(),
            creates_in_schema: true,
            role_may_create_in_schema: true,
            createrole_manages_all: true,
            ..Abilities::default()
        }
    }

    fn asked(can: &Abilities) -> String {
        request(can, "doorward_tenant").map(|(_, sql)| sql).unwrap_or_default()
    }

    #[test]
    fn a_superuser_lacks_nothing() {
        assert_eq!(asked(&Abilities { superuser: true, ..Abilities::default() }), "");
    }

    #[test]
    fn an_owner_without_createrole_needs_the_role_made() {
        let sql = "CREATE ROLE \"doorward_tenant\" NOLOGIN;\nGRANT \"doorward_tenant\" TO app;\n";
        assert_eq!(asked(&owner()), sql);
        assert_eq!(asked(&Abilities { createrole: true, ..owner() }), "");
    }

    #[test]
    fn a_role_made_before_is_enough_once_granted() {
        let made = Abilities { role_exists: true, ..owner() };
        assert_eq!(asked(&made), "GRANT \"doorward_tenant\" TO app;\n");
        assert_eq!(asked(&Abilities { acts_as_role: true, ..made }), "");
    }

    #[test]
    fn since_16_createrole_alone_does_not_manage_a_role_made_by_another() {
        let made = Abilities { role_exists: true, createrole: true, ..owner() };
        assert_eq!(asked(&made), "");
        let newer = Abilities { createrole_manages_all: false, ..made };
        assert_eq!(asked(&newer), "GRANT \"doorward_tenant\" TO app;\n");
        assert_eq!(asked(&Abilities { administers_role: true, ..newer }), "");
    }

    #[test]
    fn a_schema_that_is_not_the_logins_is_asked_for() {
        let guest = Abilities { createrole: true, creates_in_schema: false, ..owner() };
        let sql = "GRANT USAGE, CREATE ON SCHEMA public TO app WITH GRANT OPTION;\n";
        assert_eq!(asked(&guest), sql);
    }
}
