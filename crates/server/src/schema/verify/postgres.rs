//! The queries on PostgreSQL's catalog. The expected results are in `migrations/expected.postgres.json`,
//! because a migrating login may not be allowed a second schema to compare with; a guard test regenerates the
//! file from the migrations.

use tokio_postgres::Client;

use super::Answer;
use crate::config::TENANT_ROLE;
use crate::schema::migrate::error::MigrateResult;
use crate::schema::migrate::postgres::answer;
use crate::schema::migration::Engine;
use crate::schema::script::upward;
use crate::schema::verify::drift::{Check, Rows};

const EXPECTED: &str = include_str!("../../../migrations/expected.postgres.json");

pub(in crate::schema) const CHECKS: &[Check] = &[
    Check {
        title: "Tables",
        key: 1,
        noun: "{1} {0}",
        sql: "SELECT table_name AS name,\n    \
            CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END AS kind\n\
            FROM information_schema.tables\n\
            WHERE table_schema = current_schema() AND table_name IN ({tables})\n\
            ORDER BY table_name",
    },
    Check {
        title: "Columns",
        key: 2,
        noun: "column {0}.{1}",
        sql: "SELECT table_name AS \"table\", column_name AS \"column\", data_type AS type,\n    \
            is_nullable AS nullable, column_default AS \"default\", collation_name AS \"collation\"\n\
            FROM information_schema.columns\n\
            WHERE table_schema = current_schema() AND table_name IN ({tables})\n\
            ORDER BY table_name, ordinal_position",
    },
    Check {
        title: "Keys and constraints",
        key: 2,
        noun: "constraint {1} on {0}",
        sql: "SELECT t.relname AS \"table\", c.conname AS \"constraint\",\n    \
            pg_get_constraintdef(c.oid) AS definition, c.convalidated AS validated\n\
            FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid\n\
            WHERE t.relnamespace = quote_ident(current_schema())::regnamespace\n    \
            AND c.contype IN ('p', 'f', 'u', 'c') AND t.relname IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Indexes",
        key: 2,
        noun: "index {1} on {0}",
        sql: "SELECT t.relname AS \"table\", i.relname AS \"index\",\n    \
            replace(pg_get_indexdef(i.oid), quote_ident(current_schema()) || '.', '') AS definition,\n    \
            x.indisvalid AS valid\n\
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid\n\
            WHERE t.relnamespace = quote_ident(current_schema())::regnamespace\n    \
            AND t.relname IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Triggers",
        key: 2,
        noun: "trigger {1} on {0}",
        sql: "SELECT t.relname AS \"table\", g.tgname AS \"trigger\",\n    \
            replace(pg_get_triggerdef(g.oid), quote_ident(current_schema()) || '.', '') AS definition,\n    \
            g.tgenabled AS \"state of enablement\"\n\
            FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid\n\
            WHERE NOT g.tgisinternal AND t.relname IN ({tables})\n    \
            AND t.relnamespace = quote_ident(current_schema())::regnamespace\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Functions",
        key: 1,
        noun: "function {0}",
        sql: "SELECT p.proname AS function, pg_get_function_arguments(p.oid) AS arguments,\n    \
            pg_get_function_result(p.oid) AS result, md5(p.prosrc) AS \"checksum\"\n\
            FROM pg_proc p\n\
            WHERE p.pronamespace = quote_ident(current_schema())::regnamespace\n    \
            AND p.proname IN ({functions})\n\
            ORDER BY 1",
    },
    Check {
        title: "Row-level security",
        key: 1,
        noun: "table {0}",
        sql: "SELECT relname AS \"table\", CASE WHEN relrowsecurity THEN 'on' ELSE 'off' END AS \
            \"row-level security\",\n    \
            CASE WHEN relforcerowsecurity THEN 'yes' ELSE 'no' END AS \"row-level security forced\"\n\
            FROM pg_class\n\
            WHERE relnamespace = quote_ident(current_schema())::regnamespace\n    \
            AND relkind IN ('r', 'p') AND relname IN ({tables})\n\
            ORDER BY 1",
    },
    Check {
        title: "Policies",
        key: 2,
        noun: "policy {1} on {0}",
        sql: "SELECT tablename AS \"table\", policyname AS policy, permissive AS kind, roles,\n    \
            cmd AS command, qual AS \"condition\", with_check AS \"check\"\n\
            FROM pg_policies\n\
            WHERE schemaname = current_schema() AND tablename IN ({tables})\n\
            ORDER BY 1, 2",
    },
    Check {
        title: "Views and their owners",
        key: 1,
        noun: "view {0}",
        sql: "SELECT relname AS view, pg_get_userbyid(relowner) AS owner,\n    \
            array_to_string(reloptions, ', ') AS options,\n    \
            regexp_replace(replace(pg_get_viewdef(oid), 'tasks.', ''), '\\s+', ' ', 'g') AS definition\n\
            FROM pg_class\n\
            WHERE relnamespace = quote_ident(current_schema())::regnamespace\n    \
            AND relkind = 'v' AND relname IN ({tables})\n\
            ORDER BY 1",
    },
    Check {
        title: "The role that owns the view",
        key: 1,
        noun: "role {0}",
        sql: "SELECT rolname AS role, rolcanlogin AS \"right to sign in\", rolsuper AS \"superuser right\",\n    \
            rolbypassrls AS \"right to bypass row-level security\"\n\
            FROM pg_roles WHERE rolname = '{tenant}'",
    },
    Check {
        title: "Privileges of that role",
        key: 2,
        noun: "grant to {1} on {0}",
        sql: "SELECT t.relname AS \"table\", r.rolname AS role,\n    \
            string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges\n\
            FROM pg_class t, aclexplode(t.relacl) a JOIN pg_roles r ON r.oid = a.grantee\n\
            WHERE t.relnamespace = quote_ident(current_schema())::regnamespace\n    \
            AND t.relkind IN ('r', 'p') AND r.rolname = '{tenant}' AND t.relname IN ({tables})\n\
            GROUP BY 1, 2 ORDER BY 1, 2",
    },
];

/// Runs all checks.
pub(in crate::schema) async fn read(client: &Client, tenant: &str) -> MigrateResult<Vec<Answer>> {
    let tables = made(&["TABLE", "VIEW"], &["doorward_migrations"]);
    let functions = made(&["FUNCTION"], &[]);
    let mut answers = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        let sql = check
            .sql
            .replace("{tables}", &tables)
            .replace("{functions}", &functions)
            .replace("{tenant}", tenant);
        let (columns, rows) = answer(client, &sql).await?;
        answers.push(Answer { title: check.title, sql, columns, rows });
    }
    Ok(answers)
}

/// What the migrations create: the rows of each check.
pub(in crate::schema) fn expected(tenant: &str) -> Vec<Rows> {
    let text = EXPECTED.replace(TENANT_ROLE, tenant);
    #[allow(clippy::expect_used, reason = "a constant that a guard test writes and reads")]
    let file: serde_json::Value = serde_json::from_str(&text).expect("the file is JSON");
    CHECKS
        .iter()
        .map(|check| serde_json::from_value(file[check.title].clone()).unwrap_or_default())
        .collect()
}

/// The names that the migrations create, for an IN list. A database may also contain other applications'
/// tables, which are not drift.
fn made(kinds: &[&str], more: &[&str]) -> String {
    let mut names: Vec<_> = more.iter().map(|name| format!("'{name}'")).collect();
    for step in upward(0, i64::MAX) {
        for line in step.outline(Engine::Postgres, TENANT_ROLE) {
            let mut words = line.split([' ', '(']);
            if let (Some("CREATE"), Some(kind), Some(name)) =
                (words.next(), words.next(), words.next())
                && kinds.contains(&kind)
            {
                names.push(format!("'{name}'"));
            }
        }
    }
    names.join(", ")
}
