//! `DATABASE_URL`: libpq URLs as pasted from Neon, SQLAlchemy's spellings (`postgresql+asyncpg://`,
//! `sqlite:///relative`) and `sqlite:path`. Only parses text; nothing is opened. Each error is one sentence
//! that names the wrong part and never contains the password. On a host that is not local, `sslmode=require`
//! means verified TLS, because libpq's `require` does not check the certificate.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::config::value::postgres_url::PostgresUrl;
use crate::config::value::sqlite_file::SqliteFile;

/// The database.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(SqliteFile),
    /// A PostgreSQL server.
    Postgres(Box<PostgresUrl>),
}

impl DatabaseUrl {
    /// Parses any spelling; the error is one sentence without secrets.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = unwrapped(text);
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err("The database URL has no scheme: write sqlite:path or \
                postgresql://user:password@host/database."
                .into());
        };
        let (engine, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
        match (engine.to_ascii_lowercase().as_str(), driver) {
            ("sqlite" | "sqlite3", "" | "aiosqlite" | "pysqlite") => {
                sqlite(rest).map(|path| Self::Sqlite(path.into()))
            }
            (
                "postgres" | "postgresql",
                "" | "asyncpg" | "psycopg" | "psycopg2" | "psycopg2cffi" | "psycopg_async"
                | "pg8000",
            ) => {
                let rest = rest.strip_prefix("//").ok_or_else(|| {
                    "The database URL needs two slashes: postgresql://user:password@host/database."
                        .to_owned()
                })?;
                PostgresUrl::parse(rest).map(|url| Self::Postgres(Box::new(url)))
            }
            _ => Err("The database URL has an unknown scheme: write sqlite:path or \
                postgresql://user:password@host/database (SQLAlchemy's +asyncpg, +psycopg, +psycopg2 and \
                +aiosqlite work too)."
                .into()),
        }
    }

    /// The direct host behind a `-pooler` host, for migrations.
    pub fn unpooled(&self) -> Option<Self> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) => url.unpooled().map(|url| Self::Postgres(Box::new(url))),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    /// The URL with its password masked.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(out),
        }
    }
}

/// Removes the spaces, quotes and `psql ` that come with a URL pasted from a console.
pub(in crate::config) fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("psql ").unwrap_or(text).trim();
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// `path`, `/absolute`, `//relative` (sqlx), `///relative` and `////absolute` (SQLAlchemy).
fn sqlite(rest: &str) -> Result<PathBuf, String> {
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    for option in options.split('&').filter(|option| !option.is_empty()) {
        if !matches!(option, "mode=rwc" | "mode=rw" | "check_same_thread=false") {
            let name = option.split('=').next().unwrap_or_default();
            return Err(format!("The SQLite URL has an unknown parameter `{name}`: remove it."));
        }
    }
    let path = path.strip_prefix("///").or_else(|| path.strip_prefix("//")).unwrap_or(path);
    let path = decoded(path, "path")?;
    if path.is_empty() || path == ":memory:" {
        return Err("The SQLite URL names no file: write sqlite:doorward.db.".into());
    }
    Ok(PathBuf::from(path))
}

/// The percent-decoded text of this part.
pub(in crate::config) fn decoded(text: &str, part: &str) -> Result<String, String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| format!("The {part} in the database URL is not UTF-8 once percent-decoded."))
}

/// Equality, including secrets, for comparing settings.
impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(two)) => one == two,
            (Self::Postgres(one), Self::Postgres(two)) => {
                let secret = |url: &PostgresUrl| {
                    url.password.as_ref().map(SecretString::expose_secret).map(str::to_owned)
                };
                one.to_string() == two.to_string() && secret(one) == secret(two)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        match DatabaseUrl::parse(text).unwrap() {
            DatabaseUrl::Sqlite(path) => path.display().to_string(),
            DatabaseUrl::Postgres(_) => panic!("not SQLite"),
        }
    }

    #[test]
    fn every_sqlite_spelling_names_its_file() {
        assert_eq!(path("sqlite:doorward.db"), "doorward.db");
        assert_eq!(path("sqlite:./data/a.db"), "./data/a.db");
        assert_eq!(path("sqlite:/var/lib/a.db"), "/var/lib/a.db");
        assert_eq!(path("sqlite://a.db?mode=rwc"), "a.db");
        assert_eq!(path("sqlite:///a.db"), "a.db");
        assert_eq!(path("sqlite:////var/lib/a.db"), "/var/lib/a.db");
        assert_eq!(path("sqlite+aiosqlite:///./a.db"), "./a.db");
        assert_eq!(path("sqlite:my%20data.db"), "my data.db");
    }

    #[test]
    fn an_unusable_url_is_refused_in_one_sentence() {
        for (text, named) in [
            ("", "scheme"),
            ("mysql://u:hunter2@h/d", "unknown scheme"),
            ("postgresql+fancy://u:hunter2@h/d", "unknown scheme"),
            ("postgres:u:hunter2@h/d", "two slashes"),
            ("sqlite::memory:", "no file"),
            ("sqlite://", "no file"),
            ("sqlite:a.db?cache=shared", "`cache`"),
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_url_pasted_with_its_psql_command_is_read() {
        let url = DatabaseUrl::parse("psql 'postgresql://ada:pw@ep-a.neon.tech/app'").unwrap();
        assert!(matches!(url, DatabaseUrl::Postgres(_)));
    }
}
