//! The rows of a file of users to invite: CSV with a header line, JSON lines, or only addresses. An invalid
//! row is returned with its reason.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{fields::read_locale, read_name};
use super::read_role;
use crate::accounts::Name;
use crate::cli::Failure;
use crate::email::Email;
use crate::input::Locale;
use crate::roles::RoleName;

/// Maximum length of a line.
const MAX_LINE: u64 = 1 << 16;

/// A user to invite.
#[derive(Debug)]
pub(super) struct Invitee {
    pub(super) email: Email,
    pub(super) name: Option<Name>,
    pub(super) locale: Option<Locale>,
    pub(super) roles: Vec<RoleName>,
}

/// A row, with its contents or why it is invalid.
#[derive(Debug)]
pub(super) struct InviteRow {
    pub(super) line: u64,
    /// As written.
    pub(super) email: String,
    pub(super) read: Result<Invitee, String>,
}

/// The rows in order; an error concerns the whole file, as a sentence.
pub(super) struct InviteRows(Box<dyn Iterator<Item = Result<InviteRow, String>>>);

impl Iterator for InviteRows {
    type Item = Result<InviteRow, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl InviteRows {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            let opened = File::open(path);
            Box::new(opened.map_err(|error| format!("{}: {error}.", path.display()))?)
        };
        let mut input = BufReader::new(input);
        let start = input.fill_buf().map_err(|error| format!("{}: {error}.", path.display()))?;
        let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
        let is_json = start.trim_ascii_start().first() == Some(&b'{');
        if is_json { Ok(Self(Box::new(json_rows(input)))) } else { csv_rows(input) }
    }
}

fn json_rows(
    mut input: BufReader<Box<dyn Read>>,
) -> impl Iterator<Item = Result<InviteRow, String>> {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            number += 1;
            match read {
                Err(error) => return Some(Err(format!("line {number}: {error}."))),
                Ok(0) => return None,
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(length) if length as u64 == MAX_LINE && !line.ends_with(b"\n") => {
                    return Some(Err(format!("Line {number} is longer than 64 KiB.")));
                }
                Ok(_) => {
                    let text = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line);
                    return Some(Ok(match serde_json::from_slice::<Map<String, Value>>(text) {
                        Ok(object) => row(number, |name| cell(&object, name)),
                        Err(_) => InviteRow {
                            line: number,
                            email: String::new(),
                            read: Err("is not a JSON object.".into()),
                        },
                    }));
                }
            }
        }
    })
}

/// A value as the text of a cell; a list separated by spaces.
fn cell(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().unwrap_or_default());
            Some(texts.collect::<Vec<_>>().join(" "))
        }
        other => Some(other.to_string()),
    }
}

fn csv_rows(input: BufReader<Box<dyn Read>>) -> Result<InviteRows, String> {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let mut records = reader.into_records();
    let first = match records.next() {
        None => return Err("The file is empty.".into()),
        Some(first) => first.map_err(|error| format!("{error}."))?,
    };
    let folded = |text: &str| text.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
    let mut names: Vec<String> = first.iter().map(folded).collect();
    // Only addresses, without a header line.
    let mut before = None;
    if !names.iter().any(|name| name == "email") {
        if names.first().is_none_or(|name| Email::parse(name).is_none()) {
            return Err("The header line has no column `email`.".into());
        }
        names = vec!["email".into()];
        before = Some(Ok(first));
    }
    let rows = before.into_iter().chain(records).enumerate().map(move |(number, record)| {
        let fallback = number as u64 + 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(fallback, csv::Position::line);
                let read = Err("is not valid UTF-8 or CSV.".into());
                return Ok(InviteRow { line, email: String::new(), read });
            }
        };
        let line = record.position().map_or(fallback, csv::Position::line);
        let cell = |name: &str| {
            let at = names.iter().position(|one| one == name)?;
            record.get(at).map(|text| text.trim_start_matches('\u{feff}').to_owned())
        };
        Ok(row(line, cell))
    });
    Ok(InviteRows(Box::new(rows)))
}

/// The row with these cells.
fn row(line: u64, cell: impl Fn(&str) -> Option<String>) -> InviteRow {
    let given = |name: &str| cell(name).map(|text| text.trim().to_owned());
    let given = |name: &str| given(name).filter(|text| !text.is_empty());
    let email = given("email").unwrap_or_default();
    let read = || {
        if email.is_empty() {
            return Err("has no address.".to_owned());
        }
        let parsed = Email::parse(&email).ok_or("is not a valid e-mail address.")?;
        let why = |failure: Failure| match failure {
            Failure::Usage(why) | Failure::Failed(why) => why.replace("--locale", "the locale"),
            _ => "cannot be read.".to_owned(),
        };
        let name = given("name").map(|name| read_name(&name)).transpose().map_err(why)?;
        let locale = given("locale").map(|tag| read_locale(&tag)).transpose().map_err(why)?;
        let roles = given("roles").or_else(|| given("role")).unwrap_or_default();
        let roles = roles.split([' ', ',', ';']).filter(|role| !role.is_empty());
        let roles = roles.map(read_role).collect::<Result<_, _>>()?;
        Ok(Invitee { email: parsed, name, locale, roles })
    };
    let read = read();
    InviteRow { line, email, read }
}
