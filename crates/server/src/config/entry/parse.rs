//! Parses the text of a setting: durations, lists, paths, origins, hash schemes. An error is the end of a
//! sentence that begins with the setting's name, and says what to write instead.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderName;

use crate::config::{Cidr, HashScheme};

/// A parsed value, or the end of the error sentence.
pub(in crate::config) type Parsed<T> = Result<T, String>;

const DAY: u64 = 24 * 60 * 60;
/// Ten years, so that no instant overflows.
const LONGEST: u64 = 3650 * DAY;

/// `90`, `90s`, `15m`, `24h`, `30d`; at least `least` seconds.
pub(crate) fn duration(text: &str, least: u64) -> Parsed<Duration> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let factor = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY,
        _ => 1,
    };
    digits::<u64>(number)
        .and_then(|count| count.checked_mul(factor))
        .filter(|seconds| (least..=LONGEST).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            let least = if least == 0 { "" } else { " above zero" };
            format!("must be a duration{least} such as 90s, 15m, 24h or 30d, not {text:?}")
        })
}

/// A whole number of minutes, as in FastAPI projects.
pub(in crate::config) fn minutes(text: &str) -> Parsed<Duration> {
    digits::<u64>(text)
        .filter(|minutes| (1..=LONGEST / 60).contains(minutes))
        .map(|minutes| Duration::from_secs(minutes * 60))
        .ok_or_else(|| format!("must be a whole number of minutes such as 1440, not {text:?}"))
}

/// A whole number in a range.
pub(in crate::config) fn number<T>(text: &str, range: std::ops::RangeInclusive<T>) -> Parsed<T>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    digits(text).filter(|value| range.contains(value)).ok_or_else(|| {
        format!("must be a number from {} to {}, not {text:?}", range.start(), range.end())
    })
}

/// `4096`, `64KB`, `2MB`, `1GB`: bytes, in units of 1024.
pub(in crate::config) fn size(text: &str, range: std::ops::RangeInclusive<u64>) -> Parsed<u64> {
    let upper = text.to_ascii_uppercase();
    let units = [("KIB", 10), ("MIB", 20), ("GIB", 30), ("KB", 10), ("MB", 20), ("GB", 30)];
    let (number, shift) = units
        .iter()
        .find_map(|(unit, shift)| Some((upper.strip_suffix(unit)?, *shift)))
        .unwrap_or((&upper, 0));
    digits::<u64>(number.trim_end())
        .filter(|_| !number.is_empty())
        .and_then(|count| count.checked_mul(1 << shift))
        .filter(|bytes| range.contains(bytes))
        .ok_or_else(|| {
            format!(
                "must be a size such as 64MB or 1GB, from {} to {} bytes, not {text:?}",
                range.start(),
                range.end()
            )
        })
}

/// Digits only: `parse` would accept `+1`.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Commas, or a JSON array of strings.
pub(in crate::config) fn list(text: &str) -> Parsed<Vec<String>> {
    if text.starts_with('[') {
        return serde_json::from_str(text)
            .map_err(|_| "must be a list: either a,b,c or a JSON array of strings".into());
    }
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Into::into).collect())
}

/// An IP address, or `localhost`.
pub(in crate::config) fn host(text: &str) -> Parsed<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| {
        format!("must be an IP address to listen on (127.0.0.1, or 0.0.0.0 for all), not {text:?}")
    })
}

/// Addresses and CIDR networks.
pub(in crate::config) fn networks(text: &str) -> Parsed<Vec<Cidr>> {
    let parse = |item: &String| {
        item.parse().map_err(|_| {
            format!("must list addresses or networks such as 10.0.0.0/8, not {item:?}")
        })
    };
    list(text)?.iter().map(parse).collect()
}

/// A header name.
pub(in crate::config) fn header(text: &str) -> Parsed<HeaderName> {
    text.parse().map_err(|_| format!("must name a header such as X-Forwarded-For, not {text:?}"))
}

/// A list of header names.
pub(in crate::config) fn headers(text: &str) -> Parsed<Vec<HeaderName>> {
    list(text)?.iter().map(|name| header(name)).collect()
}

/// The path of a group of routes. With `with_user`, one segment may be `{user_id}`.
pub(in crate::config) fn mount(text: &str, with_user: bool) -> Parsed<String> {
    let path = text.trim_end_matches('/');
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let users = segments.iter().filter(|segment| **segment == "{user_id}").count();
    let allowed = usize::from(with_user);
    let valid = path.starts_with('/')
        && users <= allowed
        && segments.iter().all(|segment| plain(segment) || *segment == "{user_id}");
    if valid {
        return Ok(path.into());
    }
    let example = if with_user { "/api/tasks or /api/{user_id}/tasks" } else { "/api/auth" };
    Err(format!("must be a path such as {example}, not {text:?}"))
}

/// Origins as browsers send them, lower case and without default ports.
pub(in crate::config) fn origins(text: &str) -> Parsed<Vec<String>> {
    list(text)?.iter().map(|item| origin(item)).collect()
}

fn origin(text: &str) -> Parsed<String> {
    if text == "*" {
        return Err(
            "must name each origin, because * would let any website act for a signed-in user"
                .into(),
        );
    }
    let bad = || {
        format!(
            "must list origins such as https://app.example.com (scheme, host, port), not {text:?}"
        )
    };
    if text.contains('*') {
        return Err(format!("must name each origin in full, without wildcards, not {text:?}"));
    }
    let url = url::Url::parse(text).map_err(|_| bad())?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && matches!(url.path(), "" | "/")
        && url.host_str().is_some_and(|host| !host.is_empty());
    match url.scheme() {
        _ if !bare => Err(bad()),
        "http" | "https" => Ok(url.origin().ascii_serialization()),
        // Origins of packaged apps: capacitor://localhost, tauri://localhost, chrome-extension://….
        "file" | "data" | "blob" | "ws" | "wss" | "ftp" => Err(bad()),
        _ => Ok(text.trim_end_matches('/').to_owned()),
    }
}

/// An `http` or `https` URL without a query, for links and issuers.
pub(in crate::config) fn public_url(text: &str) -> Parsed<String> {
    let valid = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if valid && !text.contains(char::is_whitespace) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(format!("must be an address such as https://auth.example.com, not {text:?}"))
    }
}

/// `true` or `false`.
pub(in crate::config) fn yes_or_no(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("must be true or false, not {text:?}")),
    }
}

/// Text of at most 200 characters without control characters.
pub(in crate::config) fn short_text(text: &str) -> Parsed<String> {
    if text.chars().count() <= 200 && !text.chars().any(char::is_control) {
        Ok(text.into())
    } else {
        Err("must be at most 200 characters without line breaks".into())
    }
}

/// `argon2id[:m=19456,t=2,p=1]` or `bcrypt[:12]`.
pub(in crate::config) fn hash_scheme(text: &str) -> Parsed<HashScheme> {
    let (scheme, parameters) = text.split_once(':').unwrap_or((text, ""));
    match scheme {
        "argon2id" => argon2id(parameters),
        "bcrypt" if parameters.is_empty() => Ok(HashScheme::Bcrypt { cost: 12 }),
        "bcrypt" => match digits(parameters) {
            Some(cost @ 10..=16) => Ok(HashScheme::Bcrypt { cost }),
            _ => Err(format!("must have a bcrypt cost from 10 to 16, not {parameters:?}")),
        },
        _ => Err(format!("must be argon2id or bcrypt, not {scheme:?}")),
    }
}

/// At least what OWASP recommends: m=19 MiB with t=2, or m=46 MiB with t=1.
fn argon2id(parameters: &str) -> Parsed<HashScheme> {
    let HashScheme::Argon2id { mut m, mut t, mut p } = HashScheme::default() else {
        return Err("must be argon2id or bcrypt".into());
    };
    for pair in parameters.split(',').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').map(|(key, value)| (key.trim(), digits(value.trim()))) {
            Some(("m", Some(value))) => m = value,
            Some(("t", Some(value))) => t = value,
            Some(("p", Some(value))) => p = value,
            _ => return Err(format!("must look like argon2id:m=19456,t=2,p=1, not {pair:?}")),
        }
    }
    let strong = (m >= 19_456 && t >= 2) || (m >= 47_104 && t >= 1);
    if !strong {
        return Err("must be at least argon2id:m=19456,t=2 or argon2id:m=47104,t=1".into());
    }
    let affordable = m <= HashScheme::MAX_MEMORY
        && u64::from(m) * u64::from(t) <= HashScheme::MAX_WORK
        && (1..=8).contains(&p);
    if !affordable {
        return Err("must be at most m=262144 and p=8, with m × t at most 1048576".into());
    }
    Ok(HashScheme::Argon2id { m, t, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024_and_a_range() {
        for (text, bytes) in [
            ("4096", 4096),
            ("64KB", 65536),
            ("2MB", 2 << 20),
            ("1 GiB", 1 << 30),
            ("1gb", 1 << 30),
        ] {
            assert_eq!(size(text, 1..=1 << 40), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1", "1.5GB", "2TB", "99999999999999GB", "0"] {
            let refused = size(text, 1..=1 << 40).unwrap_err();
            assert!(refused.contains("such as 64MB or 1GB"), "{refused}");
        }
    }

    #[test]
    fn durations_are_seconds_or_have_a_unit() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 30 * DAY)]
        {
            assert_eq!(duration(text, 1), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "s", "-1", "+5", "1.5h", "1w", "24 h", "99999999999999999999", "0", "4000d"]
        {
            assert!(duration(text, 1).is_err(), "{text}");
        }
        assert_eq!(duration("0", 0), Ok(Duration::ZERO));
        assert_eq!(minutes("30"), Ok(Duration::from_mins(30)));
        assert!(minutes("30m").is_err());
    }

    #[test]
    fn lists_are_commas_or_a_json_array() {
        assert_eq!(list("a, b,,c").unwrap(), ["a", "b", "c"]);
        assert_eq!(list(r#"["a","b,c"]"#).unwrap(), ["a", "b,c"]);
        assert!(list("[a").is_err());
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        let list = "http://localhost:3000/,https://App.Example:443,capacitor://localhost";
        assert_eq!(
            origins(list).unwrap(),
            ["http://localhost:3000", "https://app.example", "capacitor://localhost"]
        );
        for text in [
            "null",
            "app.example",
            "https://app.example/path",
            "https://*.example",
            "https://",
            "https://a@b.example",
            "file:///",
            "https://app.example?x",
            "localhost:3000",
        ] {
            assert!(origins(text).is_err(), "{text}");
        }
        assert!(origins("*").unwrap_err().contains("any website"));
    }

    #[test]
    fn mounts_are_plain_paths() {
        assert_eq!(mount("/api/v1/auth/", false), Ok("/api/v1/auth".into()));
        assert_eq!(mount("/api/{user_id}/tasks", true), Ok("/api/{user_id}/tasks".into()));
        for text in
            ["", "/", "api", "/a//b", "/a/../b", "/{id}", "/a b", "/{user_id}/{user_id}", "/a?b"]
        {
            assert!(mount(text, true).is_err(), "{text}");
        }
        assert!(mount("/{user_id}", false).is_err());
    }

    #[test]
    fn hash_schemes_below_the_floor_are_refused() {
        assert_eq!(hash_scheme("argon2id"), Ok(HashScheme::default()));
        assert_eq!(
            hash_scheme("argon2id:m=65536,t=3,p=4"),
            Ok(HashScheme::Argon2id { m: 65536, t: 3, p: 4 })
        );
        assert_eq!(hash_scheme("bcrypt"), Ok(HashScheme::Bcrypt { cost: 12 }));
        assert_eq!(hash_scheme("bcrypt:10"), Ok(HashScheme::Bcrypt { cost: 10 }));
        for text in [
            "md5",
            "bcrypt:9",
            "bcrypt:x",
            "argon2id:m=8",
            "argon2id:t=1",
            "argon2id:m=9999999",
            "argon2id:m=262145,t=2",
            "argon2id:m=262144,t=5",
            "argon2id:p=9",
            "argon2id:x=1",
            "argon2id:p=0",
            "",
        ] {
            assert!(hash_scheme(text).is_err(), "{text}");
        }
    }
}
