//! Files as sources: JSON objects, one per line, and CSV with a header line (RFC 4180).

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use super::incoming::{Item, Reading, Reject};
use super::mapping::Overrides;
use super::mapping::known_fields::{TASK_FIELDS, USER_FIELDS, folded, matched};
use super::moved::{is_heading, moved};
use super::row_cells::Cells;

/// Maximum length of a line: a task with all its texts is much shorter.
const MAX_LINE: u64 = 1 << 20;
/// Items per batch.
const BATCH: usize = 2000;

/// Called with each batch; false ends reading.
pub(super) type Send<'a> = dyn FnMut(Vec<Item>) -> bool + 'a;

fn open(path: &Path) -> Result<BufReader<File>, String> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// Reads a file of JSON objects.
pub(super) fn json(
    path: &Path,
    reading: &Reading,
    given: &Overrides,
    send: &mut Send<'_>,
) -> Result<(), String> {
    let mut file = open(path)?;
    let (mut batch, mut line, mut number) = (Vec::new(), Vec::new(), 0_u64);
    let mut is_own = false;
    loop {
        line.clear();
        let read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let length = read.map_err(|error| format!("{}: {error}", path.display()))?;
        if length == 0 {
            break;
        }
        number += 1;
        if !line.ends_with(b"\n") && length as u64 == MAX_LINE {
            return Err(format!(
                "line {number} is longer than 1 MiB: this is not a JSON lines file"
            ));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(value) if number == 1 && is_heading(&value) => is_own = true,
            Ok(value) if is_own => batch.push(moved(value, number)),
            Ok(value) => batch.push(object(&value, number, reading, given)),
            Err(error) => batch.push(bad_line(number, format!("is not JSON: {error}"))),
        }
        if batch.len() == BATCH && !send(std::mem::take(&mut batch)) {
            return Ok(());
        }
    }
    send(batch);
    Ok(())
}

fn bad_line(number: u64, reason: String) -> Item {
    Item::Bad(Reject { kind: "line", id: number.to_string(), reason })
}

/// An object of another program: a task if it has a title and an owner, otherwise an account.
fn object(value: &Value, number: u64, reading: &Reading, given: &Overrides) -> Item {
    let Some(object) = value.as_object() else {
        return bad_line(number, "is not a JSON object".into());
    };
    let names: Vec<&str> = object.keys().map(String::as_str).collect();
    let row: Vec<Option<String>> = object.values().map(text).collect();
    let has = |name: &str| names.iter().any(|own| folded(own) == name);
    let is_task = match object.get("type").and_then(Value::as_str) {
        None | Some("") => has("title") && !has("email"),
        Some(kind) => kind == "task",
    };
    let (known, mapped) =
        if is_task { (TASK_FIELDS, &given.tasks) } else { (USER_FIELDS, &given.users) };
    match matched(known, &names, mapped) {
        Err(why) => bad_line(number, why),
        Ok(fields) if is_task => {
            let is_read = |place| fields.iter().any(|(_, own)| *own == place);
            let rest = object
                .iter()
                .enumerate()
                .filter(|(place, (name, _))| !is_read(*place) && name.as_str() != "type");
            let rest = rest.map(|(_, (name, value))| (name.clone(), value.clone())).collect();
            reading.task(Cells { fields: &fields, row: &row }, rest)
        }
        Ok(fields) => {
            let kept = given.keep.iter().filter_map(|name| {
                object
                    .get(name)
                    .filter(|value| !value.is_null())
                    .map(|it| (name.clone(), it.clone()))
            });
            reading.user(Cells { fields: &fields, row: &row }, kept.collect())
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Reads a CSV file: tasks if it has columns for titles and owners, otherwise accounts.
pub(super) fn csv(
    path: &Path,
    reading: &Reading,
    given: &Overrides,
    send: &mut Send<'_>,
) -> Result<(), String> {
    let describe = |error: csv::Error| format!("{}: {error}", path.display());
    let mut file = csv::ReaderBuilder::new().flexible(true).from_reader(open(path)?);
    let heading = file.headers().map_err(describe)?.clone();
    let names: Vec<&str> = heading.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let of_tasks = matched(TASK_FIELDS, &names, &given.tasks).unwrap_or_default();
    let of_users = matched(USER_FIELDS, &names, &given.users);
    let has = |field: &str| of_tasks.iter().any(|(own, _)| *own == field);
    let has_email = of_users.iter().flatten().any(|(own, _)| *own == "email");
    let is_of_tasks = has("title") && has("owner") && !has_email;
    let fields = if is_of_tasks { of_tasks } else { of_users? };
    if !is_of_tasks && !has_email {
        return Err(format!(
            "{}: no column looks like an e-mail address: choose one with --map email=COLUMN. The columns are {}.",
            path.display(),
            names.join(", ")
        ));
    }
    if let Some(name) = given.keep.iter().find(|name| !names.contains(&name.as_str())) {
        let (file, names) = (path.display(), names.join(", "));
        return Err(format!("--keep: {file} has no column {name}. The columns are {names}."));
    }
    let mut batch = Vec::new();
    for (number, record) in (2_u64..).zip(file.records()) {
        let item = match record {
            Err(error) if error.is_io_error() => return Err(describe(error)),
            Err(error) => bad_line(number, error.to_string()),
            Ok(record) if record.len() != names.len() => bad_line(
                number,
                format!("has {} values, but there are {} columns", record.len(), names.len()),
            ),
            Ok(record) => {
                let row: Vec<_> = record.iter().map(|cell| Some(cell.to_owned())).collect();
                let cells = Cells { fields: &fields, row: &row };
                if is_of_tasks {
                    let is_read = |place| fields.iter().any(|(_, own)| *own == place);
                    let rest = (0..names.len()).filter(|place| !is_read(*place));
                    let rest = rest.map(|place| (names[place].to_owned(), record[place].into()));
                    reading.task(cells, rest.collect())
                } else {
                    let place = |name: &String| names.iter().position(|own| own == name);
                    let kept = given.keep.iter().filter_map(|name| {
                        let cell = record.get(place(name)?)?;
                        (!cell.is_empty()).then(|| (name.clone(), cell.into()))
                    });
                    reading.user(cells, kept.collect())
                }
            }
        };
        batch.push(item);
        if batch.len() == BATCH && !send(std::mem::take(&mut batch)) {
            return Ok(());
        }
    }
    send(batch);
    Ok(())
}
