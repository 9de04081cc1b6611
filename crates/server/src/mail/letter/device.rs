//! A `User-Agent` for display: "Firefox on Windows". Unknown ones are shown truncated.

use super::shape;
use crate::input::browser;

/// The browser and system, or the beginning of the text.
pub(crate) fn device(user_agent: &str) -> String {
    browser(user_agent).unwrap_or_else(|| shape::one_line(user_agent, 60))
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn browsers_are_named_and_other_programs_shown_as_they_are() {
        for (agent, shown) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
                "Firefox, Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("curl/8.10.1", "curl/8.10.1"),
            ("my app\r\nBcc: x", "my app Bcc: x"),
        ] {
            assert_eq!(device(agent), shown);
        }
    }
}
