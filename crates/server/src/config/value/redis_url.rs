//! `REDIS_URL`: the Redis or Valkey that several nodes share their rate limits through.

use secrecy::{ExposeSecret, SecretString};

/// An address that the driver can use; its password is never printed.
#[derive(Clone, Debug)]
pub struct RedisUrl(SecretString);

impl RedisUrl {
    /// Reads `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or `unix://`; the error is the end
    /// of a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let why = || {
            "must be an address such as redis://host:6379 or rediss://user:password@host:6379/0"
                .to_owned()
        };
        redis::Client::open(text).map_err(|_| why())?;
        Ok(Self(SecretString::from(text)))
    }

    /// The address, password included.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
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
