//! Tables for people: columns two spaces apart, and nothing in a cell that could steer a terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// The rows under their headings.
pub(super) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
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

/// Control characters escaped; a dash for nothing.
pub(super) fn plain(text: &str) -> String {
    if text.is_empty() {
        return "-".into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
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
