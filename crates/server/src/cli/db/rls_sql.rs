//! `doorward db rls-sql`: prints row-level security for your own tables.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::report::say;
use crate::cli::{Exit, Failure};
use crate::schema::OwnRows;

/// Arguments of `db rls-sql`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RlsSqlArgs {
    /// One of your tables, TABLE or SCHEMA.TABLE; repeat for each. Without it, only the helper functions
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// The column with the owner's id
    #[arg(long, value_name = "COLUMN", default_value = "user_id")]
    owner_column: String,
    /// The type of that column
    #[arg(long, value_enum, default_value_t = OwnerType::Uuid)]
    owner_type: OwnerType,
    /// The role that callers have in the database; Neon's Data API calls it authenticated
    #[arg(long, value_name = "ROLE", default_value = "authenticated")]
    role: String,
    /// Only accept tokens of this issuer (`iss`)
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OwnerType {
    /// uuid
    Uuid,
    /// text or varchar
    Text,
}

/// Runs `doorward db rls-sql`, which needs no database.
pub(super) fn run(args: &RlsSqlArgs, json: bool) -> Exit {
    let asked = OwnRows {
        tables: args.tables.clone(),
        owner_column: args.owner_column.clone(),
        is_uuid: args.owner_type == OwnerType::Uuid,
        role: args.role.clone(),
        issuer: args.issuer.clone(),
    };
    let script = asked.script().map_err(|why| Failure::Usage(format!("{why}.")))?;
    if json {
        say!("{:#}", json!({"tables": args.tables, "role": args.role, "sql": script}));
    } else {
        say!("{}", script.trim_end());
    }
    Ok(())
}
