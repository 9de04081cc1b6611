//! Formats values for mails: durations, instants, wrapped lines.

use std::time::Duration;

use time::{OffsetDateTime, UtcOffset};

use super::texts::Texts;

/// The width of plain text (RFC 3676 §4.2 requires less than 79).
const COLUMNS: usize = 72;

/// "10 minutes" in the language of the texts, in the largest exact unit; days from four on.
pub(super) fn length(texts: &Texts, length: Duration) -> String {
    const DAY: u64 = 24 * 60;
    let minutes = length.as_secs().div_ceil(60).max(1);
    let (unit, n) = match minutes {
        n if n % DAY == 0 && n > 3 * DAY => ("day", n / DAY),
        n if n % 60 == 0 => ("hour", n / 60),
        n => ("minute", n),
    };
    let unit = if n == 1 { unit.to_owned() } else { format!("{unit}s") };
    let text = texts.units.get(&unit).cloned().unwrap_or_default();
    text.replace("{{ n }}", &n.to_string())
}

/// To the minute, in a format that is unambiguous in every language.
pub(super) fn instant(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date} {hour:02}:{minute:02} UTC")
}

/// One line of visible characters, at most `most`.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let shown = text.replace(|c: char| c.is_control() || is_direction(c), " ");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.chars().take(most).collect()
}

/// Characters that change the direction of the surrounding text, so that a name could rewrite its sentence.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes text for HTML elements and quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Wraps text to 72 columns; longer words, such as links, are not broken.
pub(super) fn wrapped(text: &str) -> String {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for part in paragraph.split(' ') {
            let length = line.chars().count() + 1 + part.chars().count();
            if !line.is_empty() && length > COLUMNS {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(part);
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letter::{Language, texts::texts};

    #[test]
    fn lengths_of_time_are_said_in_the_largest_unit_that_is_exact() {
        for (seconds, shown) in [
            (1_u64, "1 minute"),
            (600, "10 minutes"),
            (3600, "1 hour"),
            (86_400, "24 hours"),
            (3 * 86_400, "72 hours"),
            (7 * 86_400, "7 days"),
            (90 * 60, "90 minutes"),
        ] {
            let english = texts(Language::English);
            assert_eq!(length(english, Duration::from_secs(seconds)), shown);
        }
        assert_eq!(length(texts(Language::German), Duration::from_hours(168)), "7 Tage");
    }

    #[test]
    fn a_line_holds_no_break_and_nothing_that_turns_the_text_around() {
        assert_eq!(one_line("a\r\nBcc: b\u{202e}c\u{0}", 50), "a Bcc: b c");
        assert_eq!(one_line(&"é".repeat(300), 200).chars().count(), 200);
    }

    #[test]
    fn text_is_wrapped_at_72_columns_and_links_are_whole() {
        let link = format!("https://example.com/{}", "x".repeat(90));
        let text = format!("{} {link} {}", "word ".repeat(30).trim(), "word ".repeat(3).trim());
        let wrapped = wrapped(&text);
        assert!(wrapped.lines().all(|line| line.len() <= 72 || line == link), "{wrapped}");
        assert!(wrapped.lines().any(|line| line == link), "{wrapped}");
    }
}
