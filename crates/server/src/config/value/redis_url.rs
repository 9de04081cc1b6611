//! `REDIS_URL`: the Redis or Valkey server through which several nodes share rate limits.

use secrecy::{ExposeSecret, SecretString};

/// A URL that the driver accepts; its password is never printed.
#[derive(Clone, Debug)]
pub struct RedisUrl(SecretString);

impl RedisUrl {
    /// Parses `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or `unix://`; the error is the end of
    /// a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let why = || {
            "must be an address such as redis://host:6379 or rediss://user:password@host:6379/0"
                .to_owned()
        };
        redis::Client::open(text).map_err(|_| why())?;
        Ok(Self(SecretString::from(text)))
    }

    /// The host, if it is another machine, reached without TLS.
    pub(crate) fn in_plain_text(&self) -> Option<String> {
        let client = redis::Client::open(self.expose()).ok()?;
        match client.get_connection_info().addr() {
            redis::ConnectionAddr::Tcp(host, _) => (!is_this_machine(host)).then(|| host.clone()),
            _ => None,
        }
    }

    /// The URL with its password.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.trim_matches(['[', ']']);
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::RedisUrl;

    #[test]
    fn addresses_of_redis_and_valkey_are_read_and_others_refused() {
        for text in [
            "redis://127.0.0.1",
            "rediss://ada:pw@cache.example:6380/1",
            "valkey://[::1]:6379",
            "valkeys://cache.example",
            "unix:///run/redis.sock",
        ] {
            assert!(RedisUrl::parse(text).is_ok(), "{text}");
        }
        for text in ["", "localhost:6379", "http://cache.example", "redis://"] {
            assert!(RedisUrl::parse(text).is_err(), "{text}");
        }
        let url = RedisUrl::parse("redis://:hunter2@cache.example").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
