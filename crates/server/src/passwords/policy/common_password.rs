//! The most common passwords, rejected as new ones: 21 618, compiled in as sorted lines and found by binary
//! search. `data/NOTICE.md` names the sources. Attackers try these first, and succeed with one or two guesses
//! on some account.

/// Lower case, sorted by bytes, one per line.
const LINES: &str = include_str!("../../../data/common-passwords.txt");

/// True if the password is one of them, ignoring case.
pub(crate) fn is_common(password: &str) -> bool {
    let wanted = password.to_lowercase();
    let mut rest = LINES;
    while !rest.is_empty() {
        let middle = rest.as_bytes()[..rest.len() / 2]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let line = rest[middle..].lines().next().unwrap_or_default();
        match wanted.as_str().cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = &rest[..middle],
            std::cmp::Ordering::Greater => {
                rest = &rest[(middle + line.len() + 1).min(rest.len())..];
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_sorted_and_plenty() {
        let lines: Vec<&str> = LINES.lines().collect();
        assert!(lines.len() > 20_000);
        assert!(lines.is_sorted() && LINES.is_ascii() && LINES.ends_with('\n'));
        assert!(lines.iter().all(|line| line.len() >= 8 && *line == line.to_lowercase()));
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        for line in LINES.lines() {
            assert!(is_common(line), "{line}");
            assert!(!is_common(&format!("{line}\u{1}")), "{line}");
        }
        for text in ["", "a", "~~~~~~~~~~", "correct horse battery staple", "\u{10ffff}"] {
            assert!(!is_common(text), "{text}");
        }
        assert!(is_common("PassWord1") && is_common("QWERTYUIOP"));
    }
}
