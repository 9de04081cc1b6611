//! Identifies a client by its `User-Agent` and address: the browser and system for display, and the device by
//! which an account recognizes it.

use std::net::IpAddr;

use super::Origin;

/// In order of precedence: nearly every browser also claims to be those below it.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];
/// Maximum length of a program's name.
const MOST: usize = 60;

/// "Firefox, Linux"; `None` if it is not a browser.
pub fn browser(user_agent: &str) -> Option<String> {
    let find = |all: &[(&str, &'static str)]| {
        all.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (Some(one), None) | (None, Some(one)) if user_agent.starts_with("Mozilla/") => {
            Some(one.into())
        }
        _ => None,
    }
}

/// A device as an account recognizes it: neither an update of the program nor another address of the same
/// provider makes it a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The browser and the system, or the name of another program, without versions.
    pub program: String,
    /// The first half of an IPv4 address, the first 32 bits of an IPv6 one.
    pub network: String,
}

impl Device {
    /// The device of a request.
    pub fn of(origin: &Origin) -> Self {
        let program = origin.user_agent.as_deref().map(program).unwrap_or_default();
        let network = match origin.ip.map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => {
                let [first, second, ..] = ip.octets();
                format!("{first}.{second}")
            }
            Some(IpAddr::V6(ip)) => {
                let [first, second, ..] = ip.segments();
                format!("{first:x}:{second:x}")
            }
            None => String::new(),
        };
        Self { program, network }
    }
}

/// Programs other than browsers start with `name/version` (RFC 9110 §10.1.5).
fn program(user_agent: &str) -> String {
    let name = || user_agent.split(['/', ' ', '(']).find(|part| !part.is_empty());
    let named = browser(user_agent).or_else(|| Some(name()?.to_lowercase()));
    named.unwrap_or_default().chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(ip: &str, agent: &str) -> Device {
        Device::of(&Origin::new(ip.parse().ok(), Some(agent), None))
    }

    #[test]
    fn an_update_or_another_address_of_the_provider_is_the_same_device() {
        const FIREFOX: &str =
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
        let first = device("203.0.113.7", FIREFOX);
        assert_eq!(first.program, "Firefox, Linux");
        assert_eq!(first, device("203.0.250.9", &FIREFOX.replace("130", "152")));
        assert_ne!(first, device("203.1.113.7", FIREFOX));
        assert_ne!(first, device("203.0.113.7", &FIREFOX.replace("X11; Linux x86_64", "Windows")));
        let app = device("2001:db8:1::1", "ExampleApp/1.2.3 (iOS)");
        assert_eq!((app.program.as_str(), app.network.as_str()), ("exampleapp", "2001:db8"));
        assert_eq!(app, device("2001:db8:ffff::2", "ExampleApp/2.0.0 (Android)"));
        assert_eq!(device("::ffff:203.0.113.7", FIREFOX).network, "203.0");
    }

    #[test]
    fn a_device_is_bounded_and_a_client_that_says_nothing_has_one_too() {
        assert!(device("::1", &"x".repeat(5000)).program.len() <= MOST);
        let silent = Device::of(&Origin::default());
        assert_eq!((silent.program.as_str(), silent.network.as_str()), ("", ""));
    }
}
