//! The known kinds of sources, and how to detect them by their tables.

use super::known_fields::folded;
use crate::db::foreign::ForeignTable;

/// The program that created the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Detected by its tables, or by the file extension.
    Auto,
    /// A schema of `SQLModel`, SQLAlchemy or your own: tables and columns are matched by name.
    Sqlmodel,
    /// FastAPI Users.
    FastapiUsers,
    /// full-stack-fastapi-template.
    FastapiTemplate,
    /// Better Auth, with tables in camel case or snake case.
    BetterAuth,
    /// Neon Auth: Better Auth's tables in the schema `neon_auth`.
    NeonAuth,
    /// Supabase Auth.
    Supabase,
    /// Django's `auth_user`.
    Django,
    /// The SQLite file of `PocketBase`.
    Pocketbase,
    /// A file of `doorward export`, or objects with other field names.
    Jsonl,
    /// A file with a header line.
    Csv,
}

/// The schema of Neon Auth's tables.
const NEON_AUTH: &str = "neon_auth";

/// Names of account tables, the likeliest first, without case and underscores.
const USERS: &[&str] =
    &["users", "user", "accounts", "account", "appusers", "appuser", "members", "member"];
/// Names of task tables.
const TASKS: &[&str] =
    &["tasks", "task", "todos", "todo", "todoitems", "todoitem", "items", "item"];

impl Profile {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Sqlmodel => "sqlmodel",
            Self::FastapiUsers => "fastapi-users",
            Self::FastapiTemplate => "fastapi-template",
            Self::BetterAuth => "better-auth",
            Self::NeonAuth => "neon-auth",
            Self::Supabase => "supabase",
            Self::Django => "django",
            Self::Pocketbase => "pocketbase",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The profile that fits these tables, if any.
    pub(in crate::transfer) fn of(tables: &[ForeignTable]) -> Self {
        let find = |name: &str| tables.iter().find(|table| folded(&table.name) == name);
        let has = |table: &str, column: &str| {
            find(table)
                .is_some_and(|table| table.columns.iter().any(|own| folded(&own.name) == column))
        };
        let is_in = |schema: &str, name: &str| {
            tables.iter().any(|it| it.schema == schema && it.name == name)
        };
        if is_in(NEON_AUTH, "user") && is_in(NEON_AUTH, "account") {
            Self::NeonAuth
        } else if is_in("auth", "users") && is_in("auth", "identities") {
            Self::Supabase
        } else if has("account", "providerid") && has("session", "token") && find("user").is_some()
        {
            Self::BetterAuth
        } else if find("authuser").is_some() && find("djangomigrations").is_some() {
            Self::Django
        } else if find("collections").is_some() && has("users", "tokenkey") {
            Self::Pocketbase
        } else if has("user", "hashedpassword") && has("user", "fullname") && find("item").is_some()
        {
            Self::FastapiTemplate
        } else if has("user", "hashedpassword") && has("user", "isverified") {
            Self::FastapiUsers
        } else {
            Self::Sqlmodel
        }
    }

    /// Possible names of the account table.
    pub(in crate::transfer) fn users_tables(self) -> &'static [&'static str] {
        match self {
            Self::Django => &["authuser"],
            Self::NeonAuth => &["user"],
            Self::BetterAuth | Self::FastapiUsers | Self::FastapiTemplate => &["user", "users"],
            Self::Supabase | Self::Pocketbase => &["users"],
            _ => USERS,
        }
    }

    /// The same for tasks.
    pub(in crate::transfer) fn tasks_tables(self) -> &'static [&'static str] {
        match self {
            Self::FastapiTemplate => &["item", "items"],
            _ => TASKS,
        }
    }

    /// The schema of the accounts, if it is fixed.
    pub(in crate::transfer) fn users_schema(self) -> Option<&'static str> {
        match self {
            Self::Supabase => Some("auth"),
            Self::NeonAuth => Some(NEON_AUTH),
            _ => None,
        }
    }

    /// Whether its users have tokens of an issuer that must be known.
    pub(super) fn has_issuer(self) -> bool {
        matches!(self, Self::BetterAuth | Self::NeonAuth)
    }
}
