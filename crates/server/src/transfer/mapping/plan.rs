//! The plan of an import from a database: the mapping of tables and columns. Matched by name, overridden by
//! flags, and shown before anything is done.

use serde::Serialize;
use serde_json::{Map, Value};

use super::known_fields::{KnownFields, TASK_FIELDS, USER_FIELDS, folded, matched};
use super::linked::{better_auth_password, linked, sessions};
use super::profile::Profile;
use crate::db::foreign::ForeignTable;
use crate::transfer::cell::json_of;

/// The operator's overrides.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The table of accounts, optionally with its schema.
    pub users_table: Option<String>,
    /// The table of tasks.
    pub tasks_table: Option<String>,
    /// Skips tasks.
    pub no_tasks: bool,
    /// No sessions are read.
    pub no_sessions: bool,
    /// (field, column) of accounts; an empty column means none.
    pub users: Vec<(String, String)>,
    /// The same for tasks.
    pub tasks: Vec<(String, String)>,
    /// Columns of accounts to keep in `user_metadata`.
    pub keep: Vec<String>,
}

/// The tables to read.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The profile of the source.
    pub profile: &'static str,
    /// The accounts.
    pub users: TablePlan,
    /// The links to other providers, if there is such a table.
    pub identities: Option<TablePlan>,
    /// The sessions that go on here, if there are any.
    pub sessions: Option<TablePlan>,
    /// The tasks, if there are any.
    pub tasks: Option<TablePlan>,
}

impl Plan {
    /// Whether this table is read.
    pub(in crate::transfer) fn reads(&self, table: &ForeignTable) -> bool {
        let name = named_in_sql(table);
        self.tables().any(|plan| plan.select.contains(&format!("FROM {name} ")))
    }

    /// What is read from each table.
    pub(in crate::transfer) fn tables(&self) -> impl Iterator<Item = &TablePlan> {
        let own = std::iter::once(&self.users);
        own.chain(&self.identities).chain(&self.sessions).chain(&self.tasks)
    }
}

/// The mapping of one table.
#[derive(Clone, Debug, Serialize)]
pub struct TablePlan {
    /// Its name.
    pub table: String,
    /// (field, source), in the order of the columns.
    pub fields: Vec<(&'static str, String)>,
    /// Columns that are not read.
    pub unread: Vec<String>,
    /// Columns that are kept in the metadata.
    pub kept: Vec<String>,
    /// Their types.
    #[serde(skip)]
    kinds: Vec<String>,
    #[serde(skip)]
    pub(in crate::transfer) select: String,
    #[serde(skip)]
    pub(in crate::transfer) count: String,
}

impl TablePlan {
    /// The kept columns of a row.
    pub(in crate::transfer) fn rest(&self, row: &[Option<String>]) -> Map<String, Value> {
        let cells = row.iter().skip(self.fields.len());
        let kept =
            self.kept.iter().zip(&self.kinds).zip(cells).filter_map(|((name, kind), cell)| {
                cell.as_ref().map(|text| (name.clone(), json_of(kind, text)))
            });
        kept.collect()
    }

    /// The fields with their indexes in a row.
    pub(in crate::transfer) fn places(&self) -> Vec<(&'static str, usize)> {
        self.fields.iter().enumerate().map(|(place, (field, _))| (*field, place)).collect()
    }
}

/// Makes the plan; the error is one sentence.
pub(in crate::transfer) fn plan(
    profile: Profile,
    tables: &[ForeignTable],
    overrides: &Overrides,
) -> Result<Plan, String> {
    let users = users_table(profile, tables, overrides)?;
    let is_own = ["emailkey", "hashedpassword", "emailverified"]
        .iter()
        .all(|name| users.columns.iter().any(|column| folded(&column.name) == *name));
    if is_own {
        return Err(format!(
            "{} is a table of Doorward: run `doorward export` on that database and import its file.",
            shown(users)
        ));
    }
    let mut of_users = read(users, USER_FIELDS, &overrides.users)?;
    if profile.has_issuer() && !of_users.has("password") {
        of_users.add("password", better_auth_password(tables, users, &of_users)?);
    }
    for needed in ["id", "email"] {
        of_users.need(needed, "--map", users)?;
    }
    let keep = overrides.keep.iter().map(String::as_str).collect::<Vec<_>>();
    let of_users = of_users.keep(users, &keep)?;
    let identities = linked(profile, tables, users)?;
    let sessions = if overrides.no_sessions { None } else { sessions(profile, tables, users)? };
    let tasks = match tasks_table(profile, tables, overrides)? {
        None => None,
        Some(table) => {
            let fields = read(table, TASK_FIELDS, &overrides.tasks)?;
            for needed in ["id", "owner", "title"] {
                fields.need(needed, "--map-task", table)?;
            }
            Some(fields.keep_rest(table).finish(table, "id"))
        }
    };
    let users = of_users.finish(users, "id");
    Ok(Plan { profile: profile.name(), users, identities, sessions, tasks })
}

fn users_table<'a>(
    profile: Profile,
    tables: &'a [ForeignTable],
    overrides: &Overrides,
) -> Result<&'a ForeignTable, String> {
    if let Some(name) = &overrides.users_table {
        return named(tables, name);
    }
    let here = |table: &&ForeignTable| profile.users_schema().is_none_or(|it| it == table.schema);
    let by_name = profile.users_tables().iter().find_map(|name| {
        tables.iter().filter(here).find(|table| folded(&table.name) == *name && is_of_users(table))
    });
    let by_shape = || {
        let mut alike =
            tables.iter().filter(|table| is_of_users(table) && profile == Profile::Sqlmodel);
        alike.next().filter(|_| alike.next().is_none())
    };
    by_name.or_else(by_shape).ok_or_else(|| {
        format!(
            "No table of accounts was found: choose one with --users-table. The tables are {}.",
            listed(tables)
        )
    })
}

/// Whether it has an address and an id, by any name.
fn is_of_users(table: &ForeignTable) -> bool {
    has_all(table, USER_FIELDS, &["id", "email"])
}

fn has_all(table: &ForeignTable, known: KnownFields, fields: &[&str]) -> bool {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let found = matched(known, &names, &[]).unwrap_or_default();
    fields.iter().all(|field| found.iter().any(|(own, _)| own == field))
}

fn tasks_table<'a>(
    profile: Profile,
    tables: &'a [ForeignTable],
    overrides: &Overrides,
) -> Result<Option<&'a ForeignTable>, String> {
    if overrides.no_tasks {
        return Ok(None);
    }
    if let Some(name) = &overrides.tasks_table {
        return named(tables, name).map(Some);
    }
    // Better Auth's tables may be in Doorward's own database, where the tasks are already.
    let is_own =
        |table: &ForeignTable| table.columns.iter().any(|column| column.name == "due_sort");
    let is_of_tasks = |table: &&ForeignTable| {
        has_all(table, TASK_FIELDS, &["id", "owner", "title"]) && !is_own(table)
    };
    let find = |fits: &dyn Fn(&str, &str) -> bool| {
        profile.tasks_tables().iter().find_map(|name| {
            tables.iter().filter(is_of_tasks).find(|table| fits(&folded(&table.name), name))
        })
    };
    // Django prefixes the application's name.
    Ok(find(&|table, name| table == name).or_else(|| find(&|table, name| table.ends_with(name))))
}

/// The table with this name, optionally with its schema.
fn named<'a>(tables: &'a [ForeignTable], name: &str) -> Result<&'a ForeignTable, String> {
    let (schema, table) = match name.split_once('.') {
        Some((schema, table)) => (Some(schema), table),
        None => (None, name),
    };
    let found = tables
        .iter()
        .find(|own| own.name == table && schema.is_none_or(|schema| own.schema == schema));
    let whole = || tables.iter().find(|own| own.name == name);
    found
        .or_else(whole)
        .ok_or_else(|| format!("There is no table {name}. The tables are {}.", listed(tables)))
}

pub(super) fn listed(tables: &[ForeignTable]) -> String {
    if tables.is_empty() {
        return "no tables that this login may read".into();
    }
    tables.iter().map(shown).collect::<Vec<_>>().join(", ")
}

pub(super) fn shown(table: &ForeignTable) -> String {
    match table.schema.as_str() {
        "" => table.name.clone(),
        schema => format!("{schema}.{}", table.name),
    }
}

/// Its name in SQL.
pub(super) fn named_in_sql(table: &ForeignTable) -> String {
    match table.schema.as_str() {
        "" => quoted(&table.name),
        schema => format!("{}.{}", quoted(schema), quoted(&table.name)),
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Fields with their SQL.
pub(super) struct FieldList {
    fields: Vec<(&'static str, String, String)>,
    unread: Vec<String>,
    /// (name, type)
    kept: Vec<(String, String)>,
}

pub(super) fn read(
    table: &ForeignTable,
    known: KnownFields,
    mapped: &[(String, String)],
) -> Result<FieldList, String> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let found = matched(known, &names, mapped).map_err(|why| format!("{}: {why}", shown(table)))?;
    let taken = |place: &usize| found.iter().any(|(_, other)| other == place);
    let unread = (0..names.len()).filter(|place| !taken(place)).map(|at| names[at].to_owned());
    let unread = unread.collect();
    let field = |(field, place): &(&'static str, usize)| {
        (*field, names[*place].to_owned(), format!("t.{}", quoted(names[*place])))
    };
    Ok(FieldList { fields: found.iter().map(field).collect(), unread, kept: Vec::new() })
}

impl FieldList {
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(own, ..)| *own == field)
    }

    fn add(&mut self, field: &'static str, (shown, sql): (String, String)) {
        self.fields.push((field, shown, sql));
    }

    pub(super) fn sql_of(&self, field: &str) -> &str {
        self.fields.iter().find(|(own, ..)| *own == field).map_or("", |(.., sql)| sql)
    }

    fn need(&self, field: &str, flag: &str, table: &ForeignTable) -> Result<(), String> {
        if self.has(field) {
            return Ok(());
        }
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let (table, columns) = (shown(table), columns.join(", "));
        Err(format!(
            "{table} has no column that looks like {field}: choose one with {flag} {field}=COLUMN. The columns \
                are {columns}."
        ))
    }

    /// Keeps the columns without a field.
    fn keep_rest(mut self, table: &ForeignTable) -> Self {
        for name in std::mem::take(&mut self.unread) {
            self.keep_one(table, name);
        }
        self
    }

    /// Keeps these columns, whether they have a field or not.
    fn keep(mut self, table: &ForeignTable, names: &[&str]) -> Result<Self, String> {
        for name in names {
            if table.columns.iter().all(|column| column.name != *name) {
                let columns: Vec<_> = table.columns.iter().map(|own| own.name.as_str()).collect();
                let (table, columns) = (shown(table), columns.join(", "));
                return Err(format!(
                    "--keep: {table} has no column {name}. The columns are {columns}."
                ));
            }
            self.unread.retain(|other| other != name);
            self.keep_one(table, (*name).to_owned());
        }
        Ok(self)
    }

    fn keep_one(&mut self, table: &ForeignTable, name: String) {
        let column = table.columns.iter().find(|column| column.name == name);
        self.kept.push((name, column.map(|column| column.kind.clone()).unwrap_or_default()));
    }

    pub(super) fn finish(self, table: &ForeignTable, order: &str) -> TablePlan {
        let from = named_in_sql(table);
        let fields = self.fields.iter().map(|(.., sql)| sql.clone());
        let kept = self.kept.iter().map(|(name, _)| format!("t.{}", quoted(name)));
        let columns: Vec<_> = fields.chain(kept).collect();
        let order = self.sql_of(order);
        TablePlan {
            table: shown(table),
            select: format!("SELECT {} FROM {from} t ORDER BY {order}", columns.join(", ")),
            count: format!("SELECT count(*) FROM {from}"),
            fields: self.fields.into_iter().map(|(field, shown, _)| (field, shown)).collect(),
            unread: self.unread,
            kept: self.kept.iter().map(|(name, _)| name.clone()).collect(),
            kinds: self.kept.into_iter().map(|(_, kind)| kind).collect(),
        }
    }
}
