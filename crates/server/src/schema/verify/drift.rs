//! Drift: the differences between a catalog and what the migrations create, as sentences. Pure; the first
//! columns identify the rows of a check.

/// Rows of a catalog, as text.
pub(in crate::schema) type Rows = Vec<Vec<Option<String>>>;

/// A catalog query.
#[derive(Debug)]
pub(in crate::schema) struct Check {
    /// A short title.
    pub(in crate::schema) title: &'static str,
    /// The statement; `{tables}` and `{tenant}` are filled in.
    pub(in crate::schema) sql: &'static str,
    /// How many leading columns identify the object; the others describe it. The first is its table.
    pub(in crate::schema) key: usize,
    /// What a row is called: `column {0}.{1}`.
    pub(in crate::schema) noun: &'static str,
}

impl Check {
    fn name(&self, row: &[Option<String>]) -> String {
        let mut noun = self.noun.to_owned();
        for (index, value) in row.iter().enumerate() {
            noun = noun.replace(&format!("{{{index}}}"), value.as_deref().unwrap_or("(none)"));
        }
        noun
    }
}

/// All differences, a sentence each. The first check must be that of the tables: for a missing table nothing
/// else is reported.
pub(in crate::schema) fn drift(
    checks: &[Check],
    headers: &[Vec<String>],
    found: &[Rows],
    expected: &[Rows],
) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut gone = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let (found, expected) = (&found[index], &expected[index]);
        for wanted in expected {
            if index > 0 && gone.contains(&wanted[0]) {
                continue;
            }
            match find(found, wanted, check.key) {
                None => {
                    sentences.push(format!("The {} is missing.", check.name(wanted)));
                    if index == 0 {
                        gone.push(wanted[0].clone());
                    }
                }
                Some(row) => sentences.extend(changed(check, &headers[index], row, wanted)),
            }
        }
        let extra = found.iter().filter(|row| find(expected, row, check.key).is_none());
        sentences
            .extend(extra.map(|row| format!("The {} is not from any migration.", check.name(row))));
    }
    sentences
}

fn find<'a>(
    rows: &'a Rows,
    wanted: &[Option<String>],
    key: usize,
) -> Option<&'a Vec<Option<String>>> {
    rows.iter().find(|row| row[..key] == wanted[..key])
}

fn changed(
    check: &Check,
    headers: &[String],
    row: &[Option<String>],
    wanted: &[Option<String>],
) -> Vec<String> {
    let shown = |value: &Option<String>| match value.as_deref() {
        None | Some("") => "none".to_owned(),
        Some(value) => format!("`{value}`"),
    };
    (check.key..row.len())
        .filter(|&index| row[index] != wanted[index])
        .map(|index| {
            format!(
                "The {} has the {} {}; with the migrations it is {}.",
                check.name(row),
                headers[index],
                shown(&row[index]),
                shown(&wanted[index])
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: &[Check] = &[
        Check { title: "Tables", sql: "", key: 1, noun: "table {0}" },
        Check { title: "Columns", sql: "", key: 2, noun: "column {0}.{1}" },
    ];

    fn rows(rows: &[&[&str]]) -> Rows {
        rows.iter().map(|row| row.iter().map(|value| Some((*value).to_owned())).collect()).collect()
    }

    fn drift_of(found: &[Rows]) -> Vec<String> {
        let headers = [vec!["table".into()], vec!["table".into(), "column".into(), "type".into()]];
        let expected =
            [rows(&[&["users"]]), rows(&[&["users", "id", "uuid"], &["users", "email", "text"]])];
        drift(CHECKS, &headers, found, &expected)
    }

    #[test]
    fn the_same_rows_are_no_drift() {
        let columns = rows(&[&["users", "email", "text"], &["users", "id", "uuid"]]);
        assert!(drift_of(&[rows(&[&["users"]]), columns]).is_empty());
    }

    #[test]
    fn each_difference_is_a_sentence() {
        let columns = rows(&[&["users", "id", "text"], &["users", "age", "int"]]);
        let expected = [
            "The column users.id has the type `text`; with the migrations it is `uuid`.",
            "The column users.email is missing.",
            "The column users.age is not from any migration.",
        ];
        assert_eq!(drift_of(&[rows(&[&["users"]]), columns]), expected);
    }

    #[test]
    fn of_a_missing_table_only_that_is_reported() {
        assert_eq!(drift_of(&[Vec::new(), Vec::new()]), ["The table users is missing."]);
    }
}
