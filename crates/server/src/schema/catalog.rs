//! The contents of a schema according to the database's catalog: tables, views, indexes, columns, policies. A
//! migration's report is the difference of two readings, so it lists what was really created and dropped, not
//! what the migration's text says.

/// One object of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// `table`, `view`, `index`, `column`, `policy`, `trigger`, `function` or `role`.
    pub kind: String,
    /// Its name; `table.column` for a column.
    pub name: String,
    /// The table it belongs to; empty for tables, views, functions and roles.
    pub table: String,
}

/// A created or dropped object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `created` or `dropped`.
    pub action: &'static str,
    /// What.
    pub object: Object,
}

impl std::fmt::Display for Change {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Object { kind, name, table } = &self.object;
        write!(out, "{} {kind} {name}", self.action)?;
        if ["index", "policy", "trigger"].contains(&kind.as_str()) {
            write!(out, " on {table}")?;
        }
        Ok(())
    }
}

/// The differences between two readings. Parts of a created table are listed, except columns; parts of a
/// dropped table are not.
pub(super) fn changes(before: &[Object], after: &[Object]) -> Vec<Change> {
    let dropped = only_in(before, after).into_iter().rev().filter(|(_, whole)| !whole);
    let created = only_in(after, before)
        .into_iter()
        .filter(|(object, whole)| !whole || object.kind != "column");
    dropped
        .map(|(object, _)| Change { action: "dropped", object })
        .chain(created.map(|(object, _)| Change { action: "created", object }))
        .collect()
}

/// Objects in `these` but not in `others`, and whether their table is missing too.
fn only_in(these: &[Object], others: &[Object]) -> Vec<(Object, bool)> {
    let lacking = |object: &&Object| !others.contains(object);
    let whole = |table: &str| {
        these.iter().filter(lacking).any(|object| object.kind == "table" && object.name == table)
    };
    these.iter().filter(lacking).map(|object| (object.clone(), whole(&object.table))).collect()
}

/// Reads the catalog of a SQLite file, in order of creation.
pub(super) const SQLITE: &str = "SELECT m.type, m.name, CASE WHEN m.type IN ('index', 'trigger') \
    THEN m.tbl_name ELSE '' END FROM sqlite_master m WHERE m.type IN ('table', 'view', 'trigger') AND m.name NOT \
    LIKE 'sqlite\\_%' ESCAPE '\\' OR m.type = 'index' AND m.sql IS NOT NULL \
    UNION ALL SELECT 'column', m.name || '.' || c.name, m.name FROM sqlite_master m \
    JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";

/// Reads the catalog of the current PostgreSQL schema and the tenant role, in order of creation.
pub(super) fn postgres(tenant: &str) -> String {
    format!(
        "{POSTGRES} UNION ALL SELECT 'role', rolname, '', oid::bigint, 0 FROM pg_roles \
        WHERE rolname = '{tenant}') found ORDER BY age, col"
    )
}

const POSTGRES: &str = "\
    SELECT kind, name, tbl FROM (
        SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, relname::text AS name,
            ''::text AS tbl, oid::bigint AS age, 0 AS col
        FROM pg_class WHERE relkind IN ('r', 'p', 'v')
            AND relnamespace = quote_ident(current_schema())::regnamespace
        UNION ALL
        SELECT 'index', i.relname::text, t.relname::text, i.oid::bigint, 0
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        WHERE i.relnamespace = quote_ident(current_schema())::regnamespace
            AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid)
        UNION ALL
        SELECT 'policy', p.polname::text, t.relname::text, p.oid::bigint, 0
        FROM pg_policy p JOIN pg_class t ON t.oid = p.polrelid
        WHERE t.relnamespace = quote_ident(current_schema())::regnamespace
        UNION ALL
        SELECT 'function', p.proname::text, '', p.oid::bigint, 0
        FROM pg_proc p WHERE p.pronamespace = quote_ident(current_schema())::regnamespace
        UNION ALL
        SELECT 'trigger', g.tgname::text, t.relname::text, g.oid::bigint, 0
        FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
        WHERE NOT g.tgisinternal AND t.relnamespace = quote_ident(current_schema())::regnamespace
        UNION ALL
        SELECT 'column', t.relname || '.' || a.attname, t.relname::text, t.oid::bigint, a.attnum::int
        FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
        WHERE t.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            AND t.relnamespace = quote_ident(current_schema())::regnamespace";

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, table: &str) -> Object {
        Object { kind: kind.into(), name: name.into(), table: table.into() }
    }

    fn described(changes: &[Change]) -> Vec<String> {
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_new_table_is_reported_with_its_indexes_and_without_its_columns() {
        let after = [
            object("table", "users", ""),
            object("column", "users.id", "users"),
            object("index", "users_email", "users"),
        ];
        let expected = ["created table users", "created index users_email on users"];
        assert_eq!(described(&changes(&[], &after)), expected);
        assert_eq!(described(&changes(&after, &[])), ["dropped table users"]);
    }

    #[test]
    fn a_column_of_an_old_table_is_reported() {
        let before = [object("table", "users", "")];
        let after = [object("table", "users", ""), object("column", "users.age", "users")];
        assert_eq!(described(&changes(&before, &after)), ["created column users.age"]);
        assert_eq!(described(&changes(&after, &before)), ["dropped column users.age"]);
    }
}
