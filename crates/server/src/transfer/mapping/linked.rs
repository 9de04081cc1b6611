//! Tables beside the accounts: Better Auth's passwords and sessions, and links to other providers.

use super::known_fields::{LINK_FIELDS, SESSION_FIELDS, folded};
use super::plan::{FieldList, TablePlan, listed, named_in_sql, quoted, read, shown};
use super::profile::Profile;
use crate::db::foreign::ForeignTable;

/// The tables with one of these names in the accounts' schema.
fn beside<'a>(
    tables: &'a [ForeignTable],
    users: &'a ForeignTable,
    names: &'static [&'static str],
) -> impl Iterator<Item = &'a ForeignTable> {
    tables
        .iter()
        .filter(|table| table.schema == users.schema)
        .filter(|table| names.contains(&folded(&table.name).as_str()))
}

/// The table that links accounts to other providers.
pub(super) fn linked(
    profile: Profile,
    tables: &[ForeignTable],
    users: &ForeignTable,
) -> Result<Option<TablePlan>, String> {
    let names: &[&str] = match profile {
        Profile::BetterAuth | Profile::NeonAuth => &["account", "accounts"],
        Profile::Supabase => &["identities"],
        _ => return Ok(None),
    };
    for table in beside(tables, users, names) {
        let fields = read(table, LINK_FIELDS, &[])?;
        if ["owner", "provider", "subject"].iter().all(|field| fields.has(field)) {
            return Ok(Some(fields.finish(table, "owner")));
        }
    }
    Ok(None)
}

/// The table of sessions whose tokens Doorward takes.
pub(super) fn sessions(
    profile: Profile,
    tables: &[ForeignTable],
    users: &ForeignTable,
) -> Result<Option<TablePlan>, String> {
    if profile != Profile::BetterAuth {
        return Ok(None);
    }
    for table in beside(tables, users, &["session", "sessions"]) {
        let fields = read(table, SESSION_FIELDS, &[])?;
        if ["id", "owner", "token", "expires_at"].iter().all(|field| fields.has(field)) {
            return Ok(Some(fields.finish(table, "id")));
        }
    }
    Ok(None)
}

/// Better Auth stores the password with the account of the provider `credential`.
pub(super) fn better_auth_password(
    tables: &[ForeignTable],
    table_of_users: &ForeignTable,
    users: &FieldList,
) -> Result<(String, String), String> {
    for table in beside(tables, table_of_users, &["account", "accounts"]) {
        let column = |name: &str| {
            table
                .columns
                .iter()
                .find(|column| folded(&column.name) == name)
                .map(|own| quoted(&own.name))
        };
        if let (Some(owner), Some(provider), Some(password)) =
            (column("userid"), column("providerid"), column("password"))
        {
            let from = named_in_sql(table);
            let id = users.sql_of("id");
            let sql = format!(
                "(SELECT max(a.{password}) FROM {from} a WHERE a.{owner} = {id} \
                 AND a.{provider} = 'credential')"
            );
            return Ok((format!("{}.password", shown(table)), sql));
        }
    }
    Err(format!("Better Auth's table account was not found. The tables are {}.", listed(tables)))
}
