//! Parses `.env` files according to the common ground of python-dotenv and JavaScript's dotenv, because the
//! file is shared with a FastAPI or Next.js app: values with spaces need no quotes, `#` after a space starts
//! a comment, quoted values may span lines, `${NAME}` is expanded but a bare `$` is not (passwords contain
//! them), and lines that are not Doorward's are never an error.

use std::collections::BTreeMap;

/// One `NAME=value` line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct DotenvLine {
    pub(in crate::config) line: usize,
    pub(in crate::config) name: String,
    /// `None` if a quote is not closed.
    pub(in crate::config) value: Option<String>,
}

/// The entries in order, and the invalid lines with their numbers. `lookup` resolves the names that `${NAME}`
/// may refer to beside earlier lines.
pub(in crate::config) fn read(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> (Vec<DotenvLine>, Vec<(usize, &str)>) {
    let mut known = BTreeMap::new();
    let (mut entries, mut broken) = (Vec::new(), Vec::new());
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (entry, read) =
            next_entry(rest, line, |name| lookup(name).or_else(|| known.get(name).cloned()));
        let (text, number) = (&rest[..read], line);
        line += text.matches('\n').count();
        rest = &rest[read..];
        match entry {
            Some(entry) => {
                known.insert(entry.name.clone(), entry.value.clone().unwrap_or_default());
                entries.push(entry);
            }
            None if text.trim().is_empty() || text.trim_start().starts_with('#') => {}
            None => broken.push((number, text)),
        }
    }
    (entries, broken)
}

/// The entry at the start of `text`, if that line is one, and its length in bytes.
fn next_entry(
    text: &str,
    line: usize,
    lookup: impl Fn(&str) -> Option<String>,
) -> (Option<DotenvLine>, usize) {
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    let Some((name, after)) = text[..end].split_once('=') else { return (None, end) };
    let bare = name.trim();
    let name = bare.strip_prefix("export ").map_or(bare, str::trim);
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
    {
        return (None, end);
    }
    let value_at = end - after.trim_start_matches([' ', '\t']).len();
    let (value, read) = match text[value_at..].chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => match quoted(&text[value_at + 1..], quote) {
            Some((raw, length)) => {
                let value = if quote == '"' { unescape(raw) } else { raw.to_owned() };
                let value = if quote == '\'' { value } else { expand(&value, lookup) };
                (Some(value), value_at + 1 + rest_of_line(&text[value_at + 1..], length))
            }
            None => (None, end),
        },
        _ => (Some(expand(unquoted(&text[value_at..end]), lookup)), end),
    };
    (Some(DotenvLine { line, name: name.to_owned(), value }), read)
}

/// The text up to the closing quote, and its length.
fn quoted(text: &str, quote: char) -> Option<(&str, usize)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if character == quote && !escaped {
            return Some((&text[..at], at + 1));
        }
        escaped = quote == '"' && character == '\\' && !escaped;
    }
    None
}

fn rest_of_line(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at + 1)
}

fn unquoted(text: &str) -> &str {
    let comment = text
        .match_indices('#')
        .find(|(at, _)| text[..*at].chars().next_back().is_none_or(char::is_whitespace));
    comment.map_or(text, |(at, _)| &text[..at]).trim()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(other @ ('"' | '\\' | '$')) => out.push(other),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// Expands `${NAME}` and `${NAME:-default}`.
fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((inner, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        let (name, default) = inner.split_once(":-").unwrap_or((inner, ""));
        let value = lookup(name).filter(|value| !value.is_empty());
        out.push_str(value.as_deref().unwrap_or(default));
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        read(text, |name| (name == "USER").then(|| "ada".into())).0.pop()?.value
    }

    #[test]
    fn values_are_read_as_other_readers_of_the_file_do() {
        for (text, expected) in [
            ("A=plain", "plain"),
            ("export A = spaced out  # comment", "spaced out"),
            ("A=no#comment", "no#comment"),
            ("A=#comment", ""),
            ("A='single # ${USER} \\n'", "single # ${USER} \\n"),
            ("A=\"two\\nlines \\\"quoted\\\" \\\\\" # comment", "two\nlines \"quoted\" \\"),
            ("A=\"over\nlines\"", "over\nlines"),
            ("A=pa$$word$USER", "pa$$word$USER"),
            ("A=hello-${USER}-${NONE:-x}${NONE}${open", "hello-ada-x${open"),
            ("A=a=b==", "a=b=="),
            ("A=windows\r\n", "windows"),
            ("B=1\nA=${B}2", "12"),
        ] {
            assert_eq!(value(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn lines_that_are_no_entries_are_passed_over_and_counted() {
        let (entries, broken) =
            read("# a comment\nnonsense\n\nnot a name=1\nA=\"1\n2\"\nB='open\nC=3", |_| None);
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry.line, entry.name.as_str(), entry.value.as_deref()))
            .collect();
        assert_eq!(shown, [(5, "A", Some("1\n2")), (7, "B", None), (8, "C", Some("3"))]);
        assert_eq!(broken, [(2, "nonsense\n"), (4, "not a name=1\n")]);
    }
}
