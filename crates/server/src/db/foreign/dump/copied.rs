//! Parses the texts of a dump: names in SQL, and rows in `COPY` format.

/// The names of `auth.users` or `"auth"."users"`, and what follows.
pub(super) fn names(text: &str) -> (Vec<String>, &str) {
    let (mut found, mut rest) = (Vec::new(), text);
    loop {
        let (name, after) = if let Some(inner) = rest.strip_prefix('"') {
            quoted(inner)
        } else {
            let end = |sign: char| !(sign.is_alphanumeric() || matches!(sign, '_' | '$'));
            let at = rest.find(end).unwrap_or(rest.len());
            (rest[..at].to_owned(), &rest[at..])
        };
        if name.is_empty() {
            return (found, after);
        }
        found.push(name);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return (found, after),
        }
    }
}

/// The text up to the closing quotation mark; a doubled one is a literal one.
fn quoted(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('"') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (name, rest),
        }
    }
    (String::new(), "")
}

/// The columns of `(id, "emailVerified") FROM stdin;`.
pub(super) fn columns(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim_start().strip_prefix('(')?;
    let mut found = Vec::new();
    loop {
        let (mut name, after) = names(rest.trim_start());
        found.push(name.pop()?);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return rest.starts_with(')').then_some(found),
        }
    }
}

/// The type of a column, without modifiers.
pub(super) fn kind(text: &str) -> String {
    let text = text.trim().trim_end_matches(',');
    let ends = [" DEFAULT ", " NOT NULL", " GENERATED ", " COLLATE ", " CONSTRAINT "];
    let end = ends.iter().filter_map(|word| text.find(word)).min().unwrap_or(text.len());
    text[..end].to_owned()
}

/// The cells of a row: separated by tabs, `\N` for null, with backslash escapes.
pub(super) fn cells(line: &[u8]) -> Result<Vec<Option<String>>, &'static str> {
    line.split(|byte| *byte == b'\t').map(cell).collect()
}

fn cell(text: &[u8]) -> Result<Option<String>, &'static str> {
    if text == br"\N" {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next().ok_or("ends with a backslash")? {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            digit @ b'0'..=b'7' => {
                let mut number = digit - b'0';
                for _ in 0..2 {
                    let Some(next @ b'0'..=b'7') = bytes.peek().copied() else { break };
                    number = number.wrapping_mul(8).wrapping_add(next - b'0');
                    bytes.next();
                }
                number
            }
            other => other,
        });
    }
    String::from_utf8(out).map(Some).map_err(|_| "is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_quotation_marks() {
        let read = |text| names(text).0.join("|");
        assert_eq!(read("auth.users (id)"), "auth|users");
        assert_eq!(read(r#""auth"."users" (id)"#), "auth|users");
        assert_eq!(read(r#"public."a ""b"".c" ("#), r#"public|a "b".c"#);
        assert_eq!(read(""), "");
        let found = columns(r#" (id, "emailVerified", "order") FROM stdin;"#).unwrap();
        assert_eq!(found, ["id", "emailVerified", "order"]);
        assert_eq!(columns(" FROM stdin;"), None);
        assert_eq!(
            kind(" character varying(255) DEFAULT 'x'::text NOT NULL,"),
            "character varying(255)"
        );
    }

    #[test]
    fn cells_are_read_as_copy_writes_them() {
        let read = cells(b"1\t\\N\t\ta\\tb\\nc\\\\d\t\\\\N\t\\101").unwrap();
        let read: Vec<_> = read.iter().map(Option::as_deref).collect();
        let wanted = [Some("1"), None, Some(""), Some("a\tb\nc\\d"), Some("\\N"), Some("A")];
        assert_eq!(read, wanted);
        assert!(cells(b"a\\").is_err() && cells(b"\xff").is_err());
    }
}
