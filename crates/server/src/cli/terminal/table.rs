//! Tables for people: columns two spaces apart, without characters that could control a terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// The rows under their headings.
pub(in crate::cli) fn table(
    headings: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings);
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// Without control characters; a dash if empty.
pub(in crate::cli) fn plain(text: &str) -> String {
    if text.is_empty() { "-".into() } else { harmless(text, |c| c.escape_default().to_string()) }
}

/// The text with everything replaced that could control a terminal: control characters of both sets (C0, C1),
/// and those that change the direction of text or break lines (Unicode UAX #9, U+2028, U+2029).
pub(in crate::cli) fn harmless(text: &str, replaced: impl Fn(char) -> String) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns { shown.push_str(&replaced(c)) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn cells_cannot_steer_a_terminal_and_empty_ones_are_seen() {
        let rows = [vec!["a".into(), "\u{1b}[31mred\n".into()], vec!["long".into(), String::new()]];
        let text = table(&["ONE", "TWO"], rows);
        assert_eq!(text, "ONE   TWO\na     \\u{1b}[31mred\\n\nlong  -\n");
    }
}
