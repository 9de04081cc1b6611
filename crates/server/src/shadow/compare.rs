//! Compares two responses: status, content type, the names, types and formats of their members, and whether
//! values are equal, with ids and tokens compared by what they stand for. Additional members of Doorward are
//! ignored: clients read the names that they know.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::exchange::Observed;
use super::findings::{Difference, DifferenceKind as Kind};
use super::swaps::{Counterpart, IdOf, Swaps};

/// Maximum number of list items compared.
const ITEMS: usize = 100;

/// Every difference.
pub(super) fn compare(old: &Observed, new: &Observed, swaps: &Swaps) -> Vec<Difference> {
    let mut out = Vec::new();
    let (was, is) = (old.status.to_string(), new.status.to_string());
    if new.status >= 500 && old.status < 500 {
        out.push(Difference::new(Kind::Failure, "", was, format!("it answers {is}")));
        return out;
    }
    if old.succeeded() && new.failed() {
        out.push(Difference::new(Kind::Refused, "", was, refusal(new)));
        return out;
    }
    if old.failed() && new.succeeded() {
        out.push(Difference::new(Kind::Allowed, "", was, is));
        return out;
    }
    if old.status != new.status {
        out.push(Difference::new(Kind::Status, "", was, is));
    }
    if old.is_empty {
        return out;
    }
    let kind = |answer: &Observed| answer.kind.clone().unwrap_or_else(|| "none".into());
    if old.kind != new.kind {
        out.push(Difference::new(Kind::ContentType, "", kind(old), kind(new)));
    }
    match (&old.body, &new.body) {
        (Some(was), Some(is)) => {
            let walk = Walk { swaps, is_failure: old.failed() };
            walk.values(was, is, "", &mut out);
            if !walk.is_failure {
                claims(was, is, &mut out);
            }
        }
        (Some(was), None) => {
            let what = if new.is_empty { "empty" } else { "no JSON" };
            out.push(Difference::new(Kind::Type, "", looks(was), what));
        }
        (None, _) => {}
    }
    out
}

/// An error without its texts: status, code, and invalid fields.
fn refusal(answer: &Observed) -> String {
    let mut said = answer.status.to_string();
    let Some(body) = &answer.body else { return said };
    if let Some(code) = body["code"].as_str().filter(|code| is_name(code)) {
        said = format!("{said} {code}");
    }
    for error in body["errors"].as_array().into_iter().flatten().take(5) {
        let name = error["loc"].as_array().and_then(|loc| loc.last()?.as_str());
        let why = error["type"].as_str().unwrap_or_default();
        said = format!("{said}, {} {why}", shown_name(name.unwrap_or_default()));
    }
    said
}

/// A member's name as stored: some apps use addresses or ids as keys.
pub(super) fn shown_name(name: &str) -> &str {
    if is_name(name) { name } else { "{key}" }
}

/// Whether a text looks like a program's identifier, which may be stored.
pub(super) fn is_name(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
    (1..=40).contains(&name.len()) && digits <= 2 && name.bytes().all(fits)
}

/// The format of a value.
pub(super) fn looks(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
        Value::String(text) => match instant(text) {
            Some((_, how)) => how,
            None if uuid::Uuid::try_parse(text).is_ok() => "UUID",
            None if is_jwt(text) => "JWT",
            None => "text",
        },
    }
}

/// The instant in a text, in seconds, and its format.
pub(super) fn instant(text: &str) -> Option<(i64, &'static str)> {
    if !(10..=40).contains(&text.len()) || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let text = text.replacen(' ', "T", 1);
    let of =
        |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp);
    if let Some(at) = of(&text) {
        return Some((at, "time with offset"));
    }
    if let Some(at) = of(&format!("{text}Z")).or_else(|| of(&format!("{text}:00Z"))) {
        return Some((at, "time without offset"));
    }
    of(&format!("{text}T00:00:00Z")).map(|at| (at, "date"))
}

pub(super) fn is_jwt(text: &str) -> bool {
    text.len() > 40 && text.starts_with("ey") && text.split('.').count() == 3
}

/// Whether a member with this name is an id.
pub(super) fn is_id(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or_default();
    matches!(name, "id" | "_id" | "uuid" | "sub") || name.ends_with("_id") || name.ends_with("Id")
}

/// Whether a member with this name is a user id.
pub(super) fn is_user_id(name: &str) -> bool {
    let name = name.to_lowercase();
    ["user", "owner", "sub", "author"].iter().any(|word| name.contains(word))
}

/// Whether a member with this name contains a secret, or differs between any two responses.
fn is_private(name: &str) -> bool {
    let name = name.to_lowercase();
    let secret = ["token", "secret", "password", "hash", "etag", "expires", "expiry", "exp"];
    secret.iter().any(|word| name.contains(word))
}

/// Whether a member with this name is a text for people.
pub(super) fn is_sentence(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or_default();
    matches!(
        name,
        "message" | "detail" | "msg" | "error" | "error_description" | "reason" | "title_"
    )
}

fn is_due(name: &str) -> bool {
    let name = name.to_lowercase();
    ["due", "deadline", "remind"].iter().any(|word| name.contains(word))
}

/// An id as text.
pub(super) fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() && text.len() <= 128 => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

struct Walk<'a> {
    swaps: &'a Swaps,
    is_failure: bool,
}

impl Walk<'_> {
    fn values(&self, old: &Value, new: &Value, at: &str, out: &mut Vec<Difference>) {
        match (old, new) {
            (Value::Null, _) => {}
            (Value::Object(was), Value::Object(is)) => {
                for (name, value) in was {
                    let below = shown_name(name);
                    let below =
                        if at.is_empty() { below.to_owned() } else { format!("{at}.{below}") };
                    match is.get(name) {
                        Some(other) => self.values(value, other, &below, out),
                        // Absent and null are the same to a client.
                        None if value.is_null() => {}
                        None => {
                            out.push(Difference::new(Kind::Missing, &below, looks(value), ""));
                        }
                    }
                }
            }
            (Value::Array(was), Value::Array(is)) => {
                if self.is_failure {
                    return;
                }
                let below = format!("{at}[]");
                if was.len() != is.len() {
                    out.push(Difference::new(Kind::Length, &below, "", ""));
                }
                let pairs = paired(was, is, self.swaps);
                if pairs.windows(2).any(|two| two[0].1 > two[1].1) {
                    out.push(Difference::new(Kind::Order, &below, "", ""));
                }
                for (one, other) in pairs.into_iter().take(ITEMS) {
                    let before = out.len();
                    self.values(&was[one], &is[other], &below, out);
                    // Each difference of an item once.
                    let fresh = out.split_off(before);
                    for one in fresh {
                        if !out.contains(&one) {
                            out.push(one);
                        }
                    }
                }
            }
            _ => self.scalars(old, new, at, out),
        }
    }

    fn scalars(&self, old: &Value, new: &Value, at: &str, out: &mut Vec<Difference>) {
        let (was, is) = (looks(old), looks(new));
        if is_id(at) && !matches!(new, Value::Null | Value::Object(_) | Value::Array(_)) {
            if old.is_string() != new.is_string() {
                out.push(Difference::new(Kind::Ids, at, was, is));
            } else if let (Some(old), Some(new)) = (id_text(old), id_text(new)) {
                let name = at.rsplit('.').next().unwrap_or_default();
                let of = if is_user_id(name) { IdOf::User } else { IdOf::Task };
                let known = self.swaps.any_id(of, &old).map(|(_, it)| it);
                if let Some(Counterpart::Is(known)) = known
                    && *known != new
                    && !self.names_both(&old, &new)
                {
                    out.push(Difference::new(Kind::Value, at, was, is));
                }
            }
            return;
        }
        let is_number = |look: &str| matches!(look, "integer" | "number");
        let is_time = |look: &str| look.starts_with("time ") || look == "date";
        let name = at.rsplit('.').next().unwrap_or_default();
        if std::mem::discriminant(old) != std::mem::discriminant(new) {
            out.push(Difference::new(Kind::Type, at, was, is));
        } else if is_time(was) || is_time(is) {
            if was != is {
                out.push(Difference::new(Kind::Times, at, was, is));
            }
            if is_due(name) && !same_time(old, new) {
                out.push(Difference::new(Kind::Value, at, was, is));
            }
        } else if is_private(name) || self.is_failure || (is_sentence(at) && was == "text") {
            // Only its kind is compared.
        } else if old != new && !(is_number(was) && is_number(is) && old.as_f64() == new.as_f64()) {
            out.push(Difference::new(Kind::Value, at, was, is));
        }
    }

    /// Whether one kind of id maps to the other: a number may be both a task's and a user's.
    fn names_both(&self, old: &str, new: &str) -> bool {
        [IdOf::User, IdOf::Task].into_iter().any(
            |of| matches!(self.swaps.id(of, old), Some(Counterpart::Is(known)) if known == new),
        )
    }
}

/// Whether two texts are the same instant, or a date and an instant on that date.
pub(super) fn same_time(old: &Value, new: &Value) -> bool {
    let both = (old.as_str().and_then(instant), new.as_str().and_then(instant));
    let (Some((was, _)), Some((is, _))) = both else { return false };
    was == is
}

/// Pairs the items of two lists: by known ids, otherwise by content.
pub(super) fn paired(old: &[Value], new: &[Value], swaps: &Swaps) -> Vec<(usize, usize)> {
    let mut free: Vec<usize> = (0..new.len()).collect();
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for (at, item) in old.iter().enumerate() {
        let id = item.get("id").or_else(|| item.get("_id")).and_then(id_text);
        let known = id.and_then(|id| swaps.any_id(IdOf::Task, &id)).and_then(|(_, it)| match it {
            Counterpart::Is(new) => Some(new),
            Counterpart::Lost(_) => None,
        });
        let found = known.and_then(|known| {
            free.iter().position(|other| {
                new[*other].get("id").and_then(id_text).as_deref() == Some(known.as_str())
            })
        });
        match found {
            Some(found) => pairs.push((at, free.remove(found))),
            None => rest.push(at),
        }
    }
    for at in rest {
        let similarity = |other: &usize| alike(&old[at], &new[*other]);
        let best = free.iter().enumerate().map(|(place, other)| (similarity(other), place));
        // Of equally similar ones, the first.
        let best = best.fold(None, |best: Option<(usize, usize)>, one| match best {
            Some(best) if best.0 >= one.0 => Some(best),
            _ => Some(one),
        });
        if let Some((similarity, place)) = best
            && (similarity > 0 || !old[at].is_object())
        {
            pairs.push((at, free.remove(place)));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// How many texts two objects share, by name or by value.
fn alike(old: &Value, new: &Value) -> usize {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return usize::from(old == new);
    };
    let is_text = |value: &&Value| value.as_str().is_some_and(|text| !text.is_empty());
    old.values().filter(is_text).filter(|value| new.values().any(|other| other == *value)).count()
}

/// Compares the claims about the user in the tokens of two responses: names and types.
fn claims(old: &Value, new: &Value, out: &mut Vec<Difference>) {
    let (Some(was), Some(is)) = (first_claims(old), first_claims(new)) else { return };
    let (Value::Object(was), Value::Object(is)) = (was, is) else { return };
    for (name, value) in &was {
        let at = shown_name(name);
        match is.get(name) {
            None => out.push(Difference::new(Kind::Claims, at, looks(value), "not there")),
            Some(other) => {
                let (one, other) = (looks(value), looks(other));
                let is_text = |look: &str| {
                    !matches!(look, "boolean" | "integer" | "number" | "list" | "object" | "null")
                };
                if one != other && !(is_text(one) && is_text(other)) {
                    out.push(Difference::new(Kind::Claims, at, one, other));
                }
            }
        }
    }
}

/// The claims of the first JWT in a response.
pub(super) fn first_claims(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if is_jwt(text) => {
            use base64::Engine;
            let payload = text.split('.').nth(1)?;
            let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
            serde_json::from_slice(&bytes).ok().filter(Value::is_object)
        }
        Value::Object(members) => {
            // The access token before others.
            let access = members.iter().filter(|(name, _)| !name.contains("refresh"));
            access.map(|(_, inner)| inner).find_map(first_claims)
        }
        Value::Array(items) => items.iter().take(3).find_map(first_claims),
        _ => None,
    }
}
