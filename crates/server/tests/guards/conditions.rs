//! Whether a user is active and a session live is decided by the fragments of `gate/` alone. Other
//! statements may list these columns and set them, but not judge by them.

use crate::architecture::{code, refuse, rust_files};

const COLUMNS: [&str; 4] = ["is_active", "banned_until", "ended_at", "expires_at"];

/// Words after which a column is judged, and words after which it is listed or set.
const JUDGE: [&str; 7] = ["WHERE", "ON", "HAVING", "AND", "OR", "NOT", "WHEN"];
const SHOW: [&str; 8] =
    ["SELECT", "SET", "RETURNING", "VALUES", "INTO", "INSERT", "ORDER", "GROUP"];
/// What makes a comparison of the column before it.
const COMPARES: [&str; 9] = ["IS", "IN", "BETWEEN", "AND", "OR", "<", ">", "!", "~"];

#[test]
fn active_and_live_are_spelled_in_the_gate_only() {
    let files = rust_files("crates/server/src");
    let bad: Vec<_> = files
        .iter()
        .filter(|(name, _)| !name.contains("/src/gate/"))
        .flat_map(|(name, text)| {
            let judged =
                texts(&code(text)).into_iter().filter_map(|sql| judged(&sql).map(str::to_owned));
            judged.map(move |column| format!("{name}: {column}")).collect::<Vec<_>>()
        })
        .collect();
    refuse(&bad, "use the fragments of gate/conditions.rs");
}

#[test]
fn the_gate_spells_each_of_the_columns_it_judges_by() {
    let files = rust_files("crates/server/src/gate");
    let fragments = files.iter().find(|(name, _)| name.ends_with("conditions.rs"));
    let (_, text) = fragments.expect("the fragments");
    for column in COLUMNS {
        assert!(code(text).contains(column), "{column}");
    }
}

#[test]
fn a_column_may_be_listed_and_set_but_not_judged_by() {
    for sql in [
        "SELECT id FROM users u WHERE u.is_active",
        "SELECT id FROM users u WHERE id = $1 AND (u.banned_until IS NULL OR TRUE)",
        "SELECT id FROM users WHERE ($1 OR NOT is_active)",
        "SELECT (u.is_active AND TRUE) AS active FROM users u",
        "SELECT expires_at > $1 FROM sessions",
        "SELECT $1 < s.expires_at FROM sessions s",
        "SELECT CASE WHEN is_active THEN 1 END FROM users",
        "SELECT id FROM users WHERE coalesce(banned_until, $1) = $1",
        "SELECT s.id FROM users u LEFT JOIN sessions s ON s.user_id = u.id AND s.ended_at IS NULL",
        "SELECT id FROM users WHERE id IN (SELECT id FROM roles) AND is_active",
        "UPDATE users SET name = $1 WHERE is_active = $2",
        " AND s.expires_at > $3",
        "s.ended_at IS NULL",
    ] {
        assert!(judged(sql).is_some(), "{sql}");
    }
    for sql in [
        "SELECT u.id, u.is_active, u.banned_until FROM users u WHERE u.id = $1",
        "UPDATE sessions SET ended_at = $2, expires_at = $4 WHERE id = $1",
        "UPDATE users SET is_active = coalesce($4, is_active), \
         banned_until = CASE WHEN $6 THEN $7 ELSE banned_until END WHERE id = $1",
        "INSERT INTO users (id, is_active) VALUES ($1, $2)",
        "DELETE FROM sessions WHERE max_expires_at < $1 RETURNING ended_at",
        "SELECT id, (SELECT u.is_active FROM users u WHERE u.id = $1) AS is_active FROM sessions",
        "UPDATE users SET name = :name WHERE id = :is_active",
        "is_active",
    ] {
        assert_eq!(judged(sql), None, "{sql}");
    }
}

#[test]
fn the_pieces_of_a_statement_are_read_as_one_text() {
    let source = r#"A = concat!("SELECT id WHERE ", x!("u."), "is_active"); B = "is_active";"#;
    let found = texts(source);
    assert_eq!(found.iter().filter_map(|sql| judged(sql)).count(), 1, "{found:?}");
}

/// The column that this text judges by, if any.
fn judged(sql: &str) -> Option<&str> {
    let words = words(sql);
    // Whether the place is one of judging, for each open parenthesis and CASE.
    let mut places = vec![false];
    for (at, word) in words.iter().enumerate() {
        let here = places.last().copied().unwrap_or_default();
        let around = places.iter().rev().nth(1).copied().unwrap_or_default();
        match *word {
            "(" | "CASE" => places.push(here),
            ")" | "END" => drop(places.pop()),
            "THEN" | "ELSE" => set(&mut places, around),
            word if JUDGE.contains(&word) => set(&mut places, true),
            word if SHOW.contains(&word) => set(&mut places, false),
            word if COLUMNS.contains(&word) && !is_parameter(&words, at) => {
                let next = words.get(at + 1).is_some_and(|next| COMPARES.contains(next));
                let before = at.checked_sub(1).and_then(|before| words.get(before));
                let after = before.is_some_and(|before| ["<", ">", "~"].contains(before));
                if here || next || after || follows_comparison(&words, at) {
                    return Some(word);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a prefix such as `s` stands between the column and a comparison: `$1 < s.expires_at`.
fn follows_comparison(words: &[&str], at: usize) -> bool {
    at >= 3 && words[at - 1] == "." && ["<", ">", "=", "~"].contains(&words[at - 3])
}

/// Whether the word names a parameter: `:is_active`.
fn is_parameter(words: &[&str], at: usize) -> bool {
    at >= 1 && words[at - 1] == ":"
}

fn set(places: &mut [bool], judges: bool) {
    if let Some(place) = places.last_mut() {
        *place = judges;
    }
}

/// Names, and each other sign by itself.
fn words(sql: &str) -> Vec<&str> {
    let named = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut found = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if named(first) {
            rest.find(|sign| !named(sign)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

/// The string literals of each item (up to a semicolon outside of them), joined.
fn texts(code: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut signs = code.chars();
    while let Some(sign) = signs.next() {
        match sign {
            // A character, not a lifetime: neither of the two holds a quotation mark otherwise.
            '\'' if signs.as_str().starts_with("\"'") => drop(signs.nth(1)),
            '\'' if signs.as_str().starts_with("\\\"'") => drop(signs.nth(2)),
            // A raw string: `r#"…"#`.
            '#' if signs.as_str().starts_with('"') => {
                let rest = &signs.as_str()[1..];
                let end = rest.find("\"#").unwrap_or(rest.len());
                found.last_mut().expect("one at least").push_str(&rest[..end]);
                signs = rest[end..].strip_prefix("\"#").unwrap_or_default().chars();
            }
            ';' => found.push(String::new()),
            '"' => {
                let text = found.last_mut().expect("one at least");
                while let Some(sign) = signs.next().filter(|sign| *sign != '"') {
                    match sign {
                        '\\' => text.push(signs.next().filter(|it| *it != '\n').unwrap_or(' ')),
                        sign => text.push(sign),
                    }
                }
                text.push(' ');
            }
            _ => {}
        }
    }
    found
}
