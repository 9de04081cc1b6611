//! A setting's value for display. URLs are split as their own parsers do, so that no spelling of a password
//! is missed; of an invalid URL, only the scheme is shown.

use crate::config::entry::table::Secrecy;
use crate::config::value::database_url::unwrapped;
use crate::config::{DatabaseUrl, RedisUrl, SmtpUrl};

const MASK: &str = "********";

/// A value for display.
pub(in crate::config) fn masked(secrecy: Secrecy, text: &str) -> String {
    match secrecy {
        Secrecy::Plain => text.into(),
        Secrecy::Secret => MASK.into(),
        Secrecy::Database => match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Sqlite(_)) => text.into(),
            Ok(DatabaseUrl::Postgres(_)) => postgres(unwrapped(text)),
            Err(_) => scheme_alone(text),
        },
        Secrecy::Redis => RedisUrl::parse(text)
            .ok()
            .and_then(|_| redis(text))
            .unwrap_or_else(|| scheme_alone(text)),
        Secrecy::Smtp => {
            SmtpUrl::parse(text).ok().and_then(|_| smtp(text)).unwrap_or_else(|| scheme_alone(text))
        }
    }
}

fn scheme_alone(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    match text.split_once("://") {
        Some((scheme, _)) if scheme.chars().all(plain) => format!("{scheme}://{MASK}"),
        _ => MASK.into(),
    }
}

/// The first ? starts the parameters, and the last @ before it ends the login.
fn postgres(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return MASK.into() };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{place}"),
            None => format!("{login}@{place}"),
        },
        None => place.to_owned(),
    };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    let parameters = parameters.map(|all| all.split('&').map(shown).collect::<Vec<_>>().join("&"));
    let parameters = parameters.map_or_else(String::new, |all| format!("?{all}"));
    format!("{scheme}://{place}{parameters}")
}

/// As the driver parses it: a URL in which parameter names may be percent-encoded.
fn redis(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    // An unescaped #, / or ? in a password ends the login early: what the driver takes for the host is part
    // of it.
    let behind = [Some(url.path()), url.query(), url.fragment()];
    if url.has_host() && behind.into_iter().flatten().any(|part| part.contains('@')) {
        return None;
    }
    if url.password().is_some() {
        url.set_password(Some(MASK)).ok()?;
    }
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut query = url.query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            match name.as_str() {
                "db" | "user" | "protocol" => query.append_pair(name, value),
                name if is_secret(name) => query.append_pair(name, MASK),
                // The driver ignores it: possibly the rest of a password with an unescaped &.
                _ => query.append_key_only(MASK),
            };
        }
    }
    url.set_fragment(None);
    Some(url.into())
}

/// A valid one has nothing after the port.
fn smtp(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    if url.password().is_some() {
        url.set_password(Some(MASK)).ok()?;
    }
    Some(url.into())
}

fn is_secret(name: &str) -> bool {
    name.to_lowercase().contains("pass")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("postgres://ada:hunter2@db.example/app", "postgres://ada:********@db.example/app"),
            ("postgres://ada:p@ss/word@h/d", "postgres://ada:********@h/d"),
            ("postgres://h/d?user=a&password=hun@ter2", "postgres://h/d?user=a&password=********"),
            ("postgres://ada@h/d", "postgres://ada@h/d"),
            ("psql 'postgres://ada:hunter2@h/d'", "postgres://ada:********@h/d"),
            ("postgresql+asyncpg://ada:p@ss:w/o?rd@h/d", "postgresql+asyncpg://********"),
            ("host=h password=hunter2", MASK),
            ("sqlite:doorward.db", "sqlite:doorward.db"),
        ] {
            assert_eq!(masked(Secrecy::Database, text), shown);
        }
        for (text, shown) in [
            ("smtp://ada:hunter2@mail.example:587", "smtp://ada:********@mail.example:587"),
            ("smtps://mail.example", "smtps://mail.example"),
            ("smtp://ada:hun/ter2@mail.example", "smtp://********"),
        ] {
            assert_eq!(masked(Secrecy::Smtp, text), shown);
        }
        for (text, shown) in [
            ("redis://:hunter2@cache.example", "redis://:********@cache.example"),
            ("unix:///run/r.sock?user=a&pass=hun@ter2", "unix:///run/r.sock?user=a&pass=********"),
            ("unix:///run/r.sock?p%61ss=hunter2", "unix:///run/r.sock?pass=********"),
            ("redis:/hunter2", MASK),
            ("valkey://ada:@hunter2#@cache.example", "valkey://********"),
            ("redis://ada:@hunter2?@cache.example", "redis://********"),
        ] {
            assert_eq!(masked(Secrecy::Redis, text), shown);
        }
    }

    fn encoded(text: &str) -> String {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    proptest! {
        /// Everything but the password is in lower case.
        #[test]
        fn no_spelling_shows_a_letter_of_the_password(
            password in "[A-Z@:/?&#=%+'\" ]{0,12}[A-Z]{4}[A-Z@:/?&#=%+'\" ]{0,12}",
            spelling in 0..6_usize,
            raw: bool,
        ) {
            let word = if raw { password.clone() } else { encoded(&password) };
            let database = match spelling {
                0 => format!("postgresql://ada:{word}@db.example:5432/app?sslmode=disable"),
                1 => format!("postgres://ada@db.example/app?password={word}"),
                2 => format!("postgresql+asyncpg://db.example/app?user=ada&password={word}&port=1"),
                3 => format!("psql 'postgresql://ada:{word}@db.example/app'"),
                4 => format!("postgres://:{word}@db.example/app?password={word}"),
                _ => format!("\"postgres://ada:{word}@db.example?sslmode=disable\""),
            };
            let smtp = match spelling % 3 {
                0 => format!("smtp://ada:{word}@mail.example:587"),
                1 => format!("smtps://:{word}@mail.example"),
                _ => format!("smtp://ada:{word}@mail.example?x={word}"),
            };
            let redis = match spelling {
                0 => format!("redis://:{word}@cache.example"),
                1 => format!("rediss://ada:{word}@cache.example:6380/1"),
                2 => format!("unix:///run/redis.sock?pass={word}"),
                3 => format!("unix:///run/redis.sock?db=1&p%61ss={word}&user=ada"),
                4 => format!("valkey://ada:{word}@cache.example?protocol=resp3"),
                _ => format!("redis+unix:///run/redis.sock?user=ada&pass={word}"),
            };
            for shown in [
                masked(Secrecy::Database, &database),
                masked(Secrecy::Redis, &redis),
                masked(Secrecy::Smtp, &smtp),
            ] {
                // %XX outside the password would be upper case too.
                prop_assert!(!shown.contains(|c: char| c.is_ascii_uppercase()), "{}", shown);
            }
        }
    }
}
