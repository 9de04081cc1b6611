//! Translates a request's query into the contract's.

use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use url::form_urlencoded::Serializer;

use super::answer::PageOf;
use super::plan::tables::{Route, Spoken};
use crate::clock::Clock;
use crate::timestamp::Timestamp;

/// The default page size, as in the contract.
const PAGE: u64 = 100;

/// The contract's query, the requested page, and the unknown parameters.
pub(super) fn query_of(
    route: &Route,
    sent: Vec<(String, String)>,
    parts: &[&str],
    clock: &Clock,
    names: &Mutex<Vec<(String, String)>>,
) -> (String, PageOf, Vec<String>) {
    let mut unknown = Vec::new();
    let mut asked = translate(&route.spoken, sent, clock, names, &mut unknown);
    for (name, value) in &route.query {
        if asked.iter().all(|(other, _)| other != name) {
            asked.push((name.clone(), filled(value, &route.parts, parts, clock.now())));
        }
    }
    let number = |name: &str| {
        asked.iter().find(|(other, _)| other == name).and_then(|(_, value)| value.parse().ok())
    };
    let page = PageOf {
        limit: number("limit").unwrap_or(PAGE),
        offset: number("offset").unwrap_or(0),
        ..PageOf::default()
    };
    if route.spoken.counts {
        asked.push(("total".into(), "true".into()));
    }
    (Serializer::new(String::new()).extend_pairs(asked).finish(), page, unknown)
}

fn translate(
    spoken: &Spoken,
    sent: Vec<(String, String)>,
    clock: &Clock,
    names: &Mutex<Vec<(String, String)>>,
    unknown: &mut Vec<String>,
) -> Vec<(String, String)> {
    let rules = &spoken.query;
    let note = |own: &str, sent: &str| {
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        names.push((own.to_owned(), sent.to_owned()));
    };
    let is = |names: &[String], name: &str| names.iter().any(|other| other == name);
    let mut asked = Vec::with_capacity(sent.len() + 2);
    let (mut sort, mut order, mut page, mut size) = (None, None, None, None);
    for (name, value) in sent {
        let own = rules.rename.get(&name).map_or(name.as_str(), String::as_str);
        let is_search = own == "q";
        let unset = is(&rules.unset, &value.to_lowercase());
        if unset && (!is_search || value.is_empty()) {
            continue;
        }
        if is(&rules.sort_by, &name) {
            sort = Some((name, value));
        } else if is(&rules.order, &name) {
            order = Some((name, value));
        } else if is(&rules.page, &name) {
            page = Some((name, value));
        } else if is(&rules.size, &name) {
            size = Some((name, value));
        } else if let Some(all) =
            rules.values.get(&name).and_then(|map| map.several.get(&value.to_lowercase()))
        {
            for (own, value) in all {
                note(own, &name);
                asked.push((own.clone(), filled(value, &[], &[], clock.now())));
            }
        } else if let Some(map) = rules.values.get(&name) {
            let means = map.map.get(&value.to_lowercase()).cloned().unwrap_or(value);
            note(&map.to, &name);
            asked.push((map.to.clone(), means));
        } else if spoken.lacks(own) {
            if !is(&rules.ignore, &name) && !is(&spoken.user_params, &name) {
                unknown.push(name);
            }
        } else {
            if own != name {
                note(own, &name);
            }
            asked.push((own.to_owned(), value));
        }
    }
    if let Some((name, value)) = size {
        note("limit", &name);
        asked.push(("limit".into(), value));
    }
    if let Some((name, value)) = page {
        note("offset", &name);
        let limit = asked.iter().find(|(other, _)| other == "limit");
        let limit = limit.and_then(|(_, limit)| limit.parse().ok()).unwrap_or(PAGE);
        let offset = match value.parse::<u64>() {
            Ok(number) => number.saturating_sub(1).saturating_mul(limit).to_string(),
            Err(_) => value,
        };
        asked.push(("offset".into(), offset));
    }
    if sort.is_some() || order.is_some() {
        let descending =
            order.as_ref().is_some_and(|(_, order)| order.eq_ignore_ascii_case("desc"));
        if let Some((name, order)) = &order
            && !descending
            && !order.eq_ignore_ascii_case("asc")
        {
            // Rejected by the contract, under the name in the request.
            note("sort", name);
            asked.push(("sort".into(), order.clone()));
            return asked;
        }
        let (name, field) = sort.unwrap_or_else(|| ("sort".into(), "created_at".into()));
        let (minus, field) = match field.strip_prefix('-') {
            Some(field) => (true, field.to_owned()),
            None => (false, field),
        };
        let field = rules.sort_fields.get(&field.to_lowercase()).cloned().unwrap_or(field);
        let (turned, field) = match field.strip_prefix('-') {
            Some(field) => (true, field.to_owned()),
            None => (false, field),
        };
        note("sort", &name);
        let minus = if minus ^ turned ^ descending { "-" } else { "" };
        asked.push(("sort".into(), format!("{minus}{field}")));
    }
    asked
}

/// A text with instants and path parameters filled in.
pub(super) fn filled(text: &str, names: &[String], parts: &[&str], now: OffsetDateTime) -> String {
    let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return text.to_owned();
    };
    let midnight = now.replace_time(time::Time::MIDNIGHT);
    match name {
        "now" => Timestamp::short(now).as_str().to_owned(),
        "today" => Timestamp::short(midnight - Duration::microseconds(1)).as_str().to_owned(),
        "tomorrow" => Timestamp::short(midnight + Duration::days(1)).as_str().to_owned(),
        name => match names.iter().position(|other| other == name) {
            Some(at) => {
                percent_encoding::percent_decode_str(parts[at]).decode_utf8_lossy().into_owned()
            }
            None => text.to_owned(),
        },
    }
}
