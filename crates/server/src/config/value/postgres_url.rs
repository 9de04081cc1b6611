//! A parsed PostgreSQL URL: user, password, host, port, database and the parameters that Doorward knows
//! (`sslmode`, `channel_binding`, `sslrootcert`, …). Unknown parameters are rejected by name. The TLS level
//! is determined here: on a host that is not local, `require` is raised to `verify-full`, since an unverified
//! certificate protects against nobody.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::value::database_url::decoded;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Disabled,
    /// With TLS if the server offers it; the certificate is not checked.
    Preferred,
    /// With TLS; the certificate is not checked. On this machine only.
    Required,
    /// With TLS; the certificate must be from a trusted CA.
    VerifyCa,
    /// With TLS; the certificate must be from a trusted CA and match the host.
    VerifyFull,
}

/// `channel_binding`: binds the password exchange to the TLS channel (RFC 5929).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disabled,
    /// If the server offers it.
    Preferred,
    /// Always.
    Required,
}

/// The parts of a PostgreSQL URL.
#[derive(Clone, Debug)]
pub struct PostgresUrl {
    /// The role; the operating system's user if absent.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database; named like the user if absent.
    pub database: Option<String>,
    /// How the connection is protected.
    pub tls: Tls,
    /// Whether authentication is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// The CAs to trust instead of the public ones.
    pub root_certificates: Option<PathBuf>,
    /// The name in `pg_stat_activity`.
    pub application_name: String,
    /// Startup options, passed on; most poolers reject them.
    pub options: Option<String>,
    /// False if the URL disables prepared statements (`pgbouncer=true`).
    pub keeps_statements: bool,
}

impl PostgresUrl {
    /// Parses what follows `postgresql://`.
    pub(in crate::config) fn parse(rest: &str) -> Result<Self, String> {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // The last @ ends the login, so that a password with an unescaped @ or / is still parsed.
        let (login, place) = match place.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, place),
        };
        let (address, database) = place.split_once('/').unwrap_or((place, ""));
        let mut url = Self::at(address)?;
        if let Some(login) = login {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            url.user = some(decoded(user, "user name")?);
            url.password = some(decoded(password, "password")?).map(SecretString::from);
        }
        url.database = some(decoded(database, "database name")?);
        let mut mode = None;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            url.set(name, decoded(value, "parameters")?, &mut mode)?;
        }
        url.settle_tls(mode)?;
        Ok(url)
    }

    fn at(address: &str) -> Result<Self, String> {
        let (host, port) = host_and_port(address)?;
        Ok(Self {
            user: None,
            password: None,
            host: if host.is_empty() { "localhost".into() } else { host },
            port: if port.is_empty() { 5432 } else { number(&port)? },
            database: None,
            tls: Tls::Preferred,
            channel_binding: ChannelBinding::Preferred,
            root_certificates: None,
            application_name: "doorward".into(),
            options: None,
            keeps_statements: true,
        })
    }

    fn set(&mut self, name: &str, value: String, mode: &mut Option<Tls>) -> Result<(), String> {
        match name {
            "sslmode" | "ssl" => *mode = Some(tls(name, &value)?),
            "channel_binding" => self.channel_binding = binding(&value)?,
            "sslrootcert" if value == "system" => self.root_certificates = None,
            "sslrootcert" => self.root_certificates = some(value).map(PathBuf::from),
            "host" => self.host = value,
            "port" => self.port = number(&value)?,
            "user" => self.user = some(value),
            "password" => self.password = some(value).map(SecretString::from),
            "dbname" => self.database = some(value),
            "application_name" => self.application_name = value,
            "options" => self.options = some(value),
            "pgbouncer" => self.keeps_statements &= value != "true",
            "statement_cache_size" | "prepared_statement_cache_size" => {
                self.keeps_statements &= value != "0";
            }
            // Doorward has its own timeouts and keep-alives, so these have no effect. Pool sizes are
            // rejected, because whoever sets one expects it to be applied.
            "connect_timeout"
            | "keepalives"
            | "keepalives_idle"
            | "keepalives_interval"
            | "keepalives_count"
            | "tcp_user_timeout"
            | "prepared_statement_name_func" => {}
            "gssencmode" if value != "require" => {}
            "sslnegotiation" if value == "postgres" => {}
            "target_session_attrs" if matches!(value.as_str(), "any" | "read-write") => {}
            "schema" if value == "public" => {}
            _ => {
                return Err(format!(
                    "The database URL has a parameter `{}` that Doorward does not support: remove it.",
                    name.chars().take(40).collect::<String>()
                ));
            }
        }
        Ok(())
    }

    fn settle_tls(&mut self, mode: Option<Tls>) -> Result<(), String> {
        let verified = self.root_certificates.is_some();
        self.tls = match mode {
            _ if self.host.starts_with('/') => Tls::Disabled,
            Some(Tls::Required) if !self.is_local() => Tls::VerifyFull,
            // As in libpq: with a CA given, `require` verifies it.
            Some(Tls::Required) if verified => Tls::VerifyCa,
            None if verified => Tls::VerifyFull,
            None if self.channel_binding == ChannelBinding::Required && self.is_local() => {
                Tls::Required
            }
            None if self.channel_binding == ChannelBinding::Required => Tls::VerifyFull,
            mode => mode.unwrap_or(Tls::Preferred),
        };
        if self.channel_binding == ChannelBinding::Required && self.tls == Tls::Disabled {
            return Err("The database URL has channel_binding=require, which needs TLS: set \
                sslmode=require."
                .into());
        }
        Ok(())
    }

    /// Whether the server is on this machine, so that nobody can intercept the connection.
    pub fn is_local(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        host.starts_with('/')
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The direct host, if this one is Neon's pooler (`ep-…-pooler.region.aws.neon.tech`).
    pub fn unpooled(&self) -> Option<Self> {
        let (first, rest) = self.host.split_once('.')?;
        let direct = first.strip_suffix("-pooler")?;
        Some(Self { host: format!("{direct}.{rest}"), keeps_statements: true, ..self.clone() })
    }
}

impl fmt::Display for PostgresUrl {
    /// Without the password; IPv6 addresses in brackets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("postgresql://")?;
        if let Some(user) = &self.user {
            write!(out, "{user}{}@", if self.password.is_some() { ":***" } else { "" })?;
        }
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)?;
        } else {
            write!(out, "{}:{}", self.host, self.port)?;
        }
        write!(out, "/{}?sslmode={}", self.database.as_deref().unwrap_or_default(), self.tls)?;
        if self.channel_binding == ChannelBinding::Required {
            out.write_str("&channel_binding=require")?;
        }
        match &self.root_certificates {
            Some(path) => write!(out, "&sslrootcert={}", path.display()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Disabled => "disable",
            Self::Preferred => "prefer",
            Self::Required => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        })
    }
}

fn host_and_port(address: &str) -> Result<(String, String), String> {
    if address.contains(',') {
        return Err("The database URL names several hosts: name the one to use.".into());
    }
    let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').unwrap_or(port)),
        None => address.rsplit_once(':').unwrap_or((address, "")),
    };
    Ok((decoded(host, "host")?, port.to_owned()))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn number(port: &str) -> Result<u16, String> {
    port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
        "The port in the database URL is not a number from 1 to 65535; if the password contains any of : / ? # [ ] @ % write it percent-encoded."
            .into()
    })
}

fn tls(name: &str, value: &str) -> Result<Tls, String> {
    Ok(match value.to_ascii_lowercase().as_str() {
        "disable" => Tls::Disabled,
        "false" if name == "ssl" => Tls::Disabled,
        "allow" | "prefer" => Tls::Preferred,
        "require" => Tls::Required,
        "true" if name == "ssl" => Tls::Required,
        "verify-ca" => Tls::VerifyCa,
        "verify-full" => Tls::VerifyFull,
        _ => {
            return Err(format!(
                "The database URL's {name} must be disable, prefer, require, verify-ca or \
                    verify-full."
            ));
        }
    })
}

fn binding(value: &str) -> Result<ChannelBinding, String> {
    Ok(match value {
        "disable" => ChannelBinding::Disabled,
        "prefer" => ChannelBinding::Preferred,
        "require" => ChannelBinding::Required,
        _ => {
            return Err("The database URL's channel_binding must be disable, prefer or \
                require."
                .into());
        }
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::DatabaseUrl;

    fn read(text: &str) -> PostgresUrl {
        match DatabaseUrl::parse(text).unwrap() {
            DatabaseUrl::Postgres(url) => *url,
            DatabaseUrl::Sqlite(_) => panic!("not PostgreSQL"),
        }
    }

    #[test]
    fn a_neon_url_verifies_the_server_and_requires_channel_binding() {
        let url = read(
            "postgresql://neondb_owner:npg_x@ep-cool-sky-123-pooler.eu-central-1.aws.neon.tech/\
             neondb?sslmode=require&channel_binding=require",
        );
        assert_eq!((url.tls, url.channel_binding), (Tls::VerifyFull, ChannelBinding::Required));
        assert_eq!((url.user.as_deref(), url.port), (Some("neondb_owner"), 5432));
        assert_eq!(url.database.as_deref(), Some("neondb"));
        assert_eq!(url.unpooled().unwrap().host, "ep-cool-sky-123.eu-central-1.aws.neon.tech");
        assert!(url.unpooled().unwrap().unpooled().is_none());
    }

    #[test]
    fn sqlalchemy_spellings_mean_the_same() {
        for text in [
            "postgresql+asyncpg://ada:s%40f%2Fe@db.example.com:6543/app?ssl=require",
            "postgresql+psycopg://ada:s%40f%2Fe@db.example.com:6543/app?sslmode=require",
            "postgresql+psycopg2://ada:s%40f%2Fe@db.example.com:6543/app?sslmode=require",
            "postgres://ada:s@f/e@db.example.com:6543/app?sslmode=require",
        ] {
            let url = read(text);
            assert_eq!(url.password.unwrap().expose_secret(), "s@f/e", "{text}");
            assert_eq!((url.host.as_str(), url.port), ("db.example.com", 6543), "{text}");
            assert_eq!(url.tls, Tls::VerifyFull, "{text}");
        }
    }

    #[test]
    fn require_checks_no_certificate_on_this_machine_only() {
        assert_eq!(read("postgres://localhost/a?sslmode=require").tls, Tls::Required);
        assert_eq!(read("postgres://127.0.0.1/a?sslmode=require").tls, Tls::Required);
        assert_eq!(read("postgres://[::1]:5433/a?sslmode=require").tls, Tls::Required);
        assert_eq!(read("postgres://10.0.0.5/a?sslmode=require").tls, Tls::VerifyFull);
        assert_eq!(read("postgres://db/a").tls, Tls::Preferred);
        assert_eq!(read("postgres://db/a?sslmode=disable").tls, Tls::Disabled);
        assert_eq!(read("postgres:///a?host=/run/postgresql").tls, Tls::Disabled);
        assert_eq!(read("postgres://localhost/a?sslrootcert=/ca.pem").tls, Tls::VerifyFull);
    }

    #[test]
    fn what_is_wrong_is_named_without_the_password() {
        for (text, named) in [
            ("postgres://u:hunter2@h/d?sslmod=require", "`sslmod`"),
            ("postgres://u:hunter2@h/d?sslmode=maybe", "sslmode"),
            ("postgres://u:hunter2@h/d?channel_binding=yes", "channel_binding"),
            ("postgres://u:hunter2@h/d?channel_binding=require&sslmode=disable", "needs TLS"),
            ("postgres://u:hunter2@h:port/d", "port"),
            ("postgres://u:hun?ter2@h/d", "percent-encoded"),
            ("postgres://u:hunter2@h,i/d", "several hosts"),
            ("postgres://u:hunter2@h/d?sslkey=a.pem", "`sslkey`"),
            ("postgres://u:hunter2@h/d?connection_limit=3", "`connection_limit`"),
            ("postgres://u:hunter2@h/d?pool_size=3", "`pool_size`"),
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
            assert!(!error.contains("hunter2") && !error.contains("ter2"), "{error}");
        }
    }

    #[test]
    fn the_password_is_never_printed() {
        let url = read("postgres://ada:hunter2@db/app?sslmode=require");
        assert_eq!(url.to_string(), "postgresql://ada:***@db:5432/app?sslmode=verify-full");
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
