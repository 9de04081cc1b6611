//! Connections that these settings leave unencrypted, where an attacker on the network could read or change
//! the data. This is harmless on one machine and may be intended in a private network, so it is only a
//! warning.

use super::{DatabaseUrl, RedisUrl, Settings, Tls};

/// A warning for each.
pub(super) fn warnings(settings: &Settings) -> Vec<String> {
    let better_auth = settings.better_auth_url.iter().map(|url| ("BETTER_AUTH_URL", url.clone()));
    let issuers = settings.trusted_issuers.iter().map(|one| ("TRUSTED_ISSUERS", one.keys()));
    let neon = settings.neon_auth_url.iter().map(|url| ("NEON_AUTH_URL", url.clone()));
    let issuers = better_auth.chain(neon).chain(issuers).filter(|(_, url)| is_remote_http(url));
    let issuers = issuers.map(|(name, url)| {
        format!(
            "{name}: the keys of {url} are fetched without TLS, so an attacker on the network can sign in as \
                any user: use https."
        )
    });
    let database = match &settings.database {
        DatabaseUrl::Postgres(url)
            if !url.is_local() && matches!(url.tls, Tls::Disabled | Tls::Preferred) =>
        {
            let sure = if url.tls == Tls::Disabled { "goes" } else { "may go" };
            Some(format!(
                "DATABASE_URL: the connection to {} {sure} without TLS, so an attacker on the network can read \
                    and change the data: use sslmode=require.",
                url.host
            ))
        }
        _ => None,
    };
    let redis = settings.redis_url.as_ref().and_then(RedisUrl::in_plain_text).map(|host| {
        format!(
            "REDIS_URL: the connection to {host} does not use TLS, so an attacker on the network can read its \
                password and change the counters: use rediss://."
        )
    });
    issuers.chain(database).chain(redis).collect()
}

fn is_remote_http(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    url.scheme() == "http" && !is_local
}

#[cfg(test)]
mod tests {
    use super::warnings;
    use crate::config::{DatabaseUrl, RedisUrl, Secret, Settings};

    fn of(database: &str, better_auth: Option<&str>) -> Vec<String> {
        let mut settings = Settings::new(DatabaseUrl::parse(database).unwrap(), Secret::new(""));
        settings.better_auth_url = better_auth.map(Into::into);
        warnings(&settings)
    }

    #[test]
    fn a_database_elsewhere_without_tls_is_named_without_its_password() {
        for (url, expected) in [
            ("postgres://u:hunter2@db.example/d?sslmode=disable", "db.example goes without TLS"),
            ("postgres://u:hunter2@10.0.0.5/d?sslmode=prefer", "10.0.0.5 may go without TLS"),
        ] {
            let said = of(url, None);
            assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
            assert!(!said[0].contains("hunter2"));
        }
        for url in [
            "sqlite:a.db",
            "postgres://u@db.example/d?sslmode=require",
            "postgres://u@db.example/d?sslmode=verify-full",
            "postgres://u@localhost/d?sslmode=disable",
            "postgres://u@127.0.0.1/d",
        ] {
            assert_eq!(of(url, None), Vec::<String>::new(), "{url}");
        }
    }

    #[test]
    fn a_redis_elsewhere_without_tls_is_named_without_its_password() {
        let of = |url: &str| {
            let database = DatabaseUrl::parse("sqlite:a.db").unwrap();
            let mut settings = Settings::new(database, Secret::new(""));
            settings.redis_url = Some(RedisUrl::parse(url).unwrap());
            warnings(&settings)
        };
        for (url, host) in [
            ("redis://:hunter2@cache.example", "cache.example"),
            ("valkey://u:hunter2@10.0.0.5:6380/1", "10.0.0.5"),
            ("redis://[2001:db8::1]", "2001:db8::1"),
        ] {
            let said = of(url);
            assert!(said.len() == 1 && said[0].contains(host), "{said:?}");
            assert!(!said[0].contains("hunter2"));
        }
        for url in [
            "rediss://cache.example",
            "valkeys://10.0.0.5",
            "redis://localhost",
            "redis://127.0.0.1:6379",
            "redis://[::1]",
            "unix:///run/redis.sock",
        ] {
            assert_eq!(of(url), Vec::<String>::new(), "{url}");
        }
    }

    #[test]
    fn an_issuer_elsewhere_without_tls_is_named() {
        for url in ["http://id.example", "http://10.0.0.5:3000", "http://localhost.example"] {
            let said = of("sqlite:a.db", Some(url));
            assert!(said.len() == 1 && said[0].contains(url), "{said:?}");
        }
        for url in
            ["https://id.example", "http://localhost:3000", "http://127.0.0.1", "http://[::1]"]
        {
            assert_eq!(of("sqlite:a.db", Some(url)), Vec::<String>::new(), "{url}");
        }
    }
}
