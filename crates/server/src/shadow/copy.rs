//! The copy of a request, with Doorward's ids and tokens instead of the old backend's; and what is learned
//! about both from a pair of responses.

use axum::body::Bytes;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use serde_json::Value;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::compare::{first_claims, id_text, is_id, is_jwt, is_user_id, paired};
use super::exchange::{Exchanged, Observed};
use super::pairs;
use super::places::id_of;
use super::swaps::{Counterpart, IdOf, Swaps};

/// The request to Doorward.
pub(super) struct RequestCopy {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The body, if it is JSON or a form.
    pub(super) body: Option<Value>,
    /// Whether its token was issued before the rehearsal began.
    pub(super) unknown_token: bool,
}

/// Creates the copy.
pub(super) struct Copying<'a> {
    pub(super) swaps: &'a Swaps,
    pub(super) exchange: &'a Exchanged,
}

/// The route on which Doorward lost the object of this request.
type Lost = String;

impl Copying<'_> {
    pub(super) fn ask(&self, asked: &[u8]) -> Result<RequestCopy, Lost> {
        let uri = self.uri()?;
        let (mut headers, unknown_token) = self.headers()?;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form =
            kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let (bytes, body) = if is_form {
            let mut form = pairs(std::str::from_utf8(asked).unwrap_or_default());
            for (_, value) in &mut form {
                if let Some(new) = self.token(value)? {
                    value.clone_from(&new);
                }
            }
            let members = form.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            let body = Value::Object(members.collect());
            (Serializer::new(String::new()).extend_pairs(form).finish().into_bytes(), Some(body))
        } else {
            match serde_json::from_slice::<Value>(asked) {
                Ok(mut body) => {
                    let changed = self.swap("", &mut body)?;
                    let bytes =
                        if changed { body.to_string().into_bytes() } else { asked.to_vec() };
                    (bytes, Some(body))
                }
                Err(_) => (asked.to_vec(), None),
            }
        };
        headers.remove(header::CONTENT_LENGTH);
        Ok(RequestCopy { uri, headers, bytes: Zeroizing::new(bytes), body, unknown_token })
    }

    /// The path and query with Doorward's ids.
    fn uri(&self) -> Result<Uri, Lost> {
        let uri = &self.exchange.uri;
        let segments: Vec<&str> = uri.path().split('/').collect();
        let mut path = Vec::with_capacity(segments.len());
        for (at, segment) in segments.iter().enumerate() {
            let known = if segment.is_empty() {
                None
            } else {
                self.swaps.any_id(id_of(&segments, at), segment)
            };
            path.push(match known {
                Some((_, Counterpart::Is(new))) => new.clone(),
                Some((_, Counterpart::Lost(route))) => return Err(route.clone()),
                None => (*segment).to_owned(),
            });
        }
        let mut text = path.join("/");
        if let Some(query) = uri.query() {
            let mut all = pairs(query);
            let mut changed = false;
            for (name, value) in &mut all {
                let id = is_id(name).then(|| self.swaps.any_id(of_name(name), value)).flatten();
                let new = match id {
                    Some((_, Counterpart::Is(new))) => Some(new.clone()),
                    Some((_, Counterpart::Lost(route))) => return Err(route.clone()),
                    None => self.token(value)?,
                };
                if let Some(new) = new {
                    *value = new;
                    changed = true;
                }
            }
            text.push('?');
            if changed {
                text.push_str(&Serializer::new(String::new()).extend_pairs(all).finish());
            } else {
                text.push_str(query);
            }
        }
        let path = PathAndQuery::try_from(text).unwrap_or(PathAndQuery::from_static("/"));
        Ok(Uri::from(path))
    }

    /// The headers with Doorward's token, also instead of a session cookie.
    fn headers(&self) -> Result<(HeaderMap, bool), Lost> {
        let mut headers = self.exchange.headers.clone();
        let cookies = headers.remove(header::COOKIE);
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim());
        let new = if let Some(token) = bearer {
            match self.token(token)? {
                Some(new) => new,
                None => return Ok((headers, true)),
            }
        } else {
            let cookies = cookies.as_ref().and_then(|cookies| cookies.to_str().ok());
            let mut found = None;
            for cookie in cookies.unwrap_or_default().split(';') {
                found = found.or(self.token(cookie.trim())?);
            }
            let Some(new) = found else { return Ok((headers, cookies.is_some())) };
            new
        };
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {new}")) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok((headers, false))
    }

    fn token(&self, old: &str) -> Result<Option<String>, Lost> {
        match self.swaps.token(old) {
            Some(Counterpart::Is(new)) => Ok(Some(new.to_string())),
            Some(Counterpart::Lost(route)) => Err(route.clone()),
            None => Ok(None),
        }
    }

    /// Replaces ids and tokens in a body; returns whether there were any.
    fn swap(&self, name: &str, value: &mut Value) -> Result<bool, Lost> {
        match value {
            Value::Object(members) => {
                let mut changed = false;
                for (name, inner) in members {
                    changed |= self.swap(name, inner)?;
                }
                Ok(changed)
            }
            Value::Array(items) => {
                let mut changed = false;
                for item in items {
                    changed |= self.swap(name, item)?;
                }
                Ok(changed)
            }
            Value::String(_) | Value::Number(_) => {
                let Some(text) = id_text(value).or_else(|| value.as_str().map(str::to_owned))
                else {
                    return Ok(false);
                };
                let id = is_id(name).then(|| self.swaps.any_id(of_name(name), &text)).flatten();
                let new = match id {
                    Some((_, Counterpart::Is(new))) => Some(new.clone()),
                    Some((_, Counterpart::Lost(route))) => return Err(route.clone()),
                    None if text.len() >= 16 => self.token(&text)?,
                    None => None,
                };
                let is_swapped = new.is_some();
                if let Some(new) = new {
                    *value = new.into();
                }
                Ok(is_swapped)
            }
            Value::Null | Value::Bool(_) => Ok(false),
        }
    }
}

/// What an id in a member or parameter refers to.
fn of_name(name: &str) -> IdOf {
    if is_user_id(name) { IdOf::User } else { IdOf::Task }
}

/// The access token of a response, or its refresh token.
pub(super) fn token(value: &Value, refreshes: bool) -> Option<&str> {
    let members = value.as_object()?;
    let fits = |name: &str, value: &Value| {
        let name = name.to_lowercase();
        let is_token = name.contains("token") || name.contains("jwt") || name == "access";
        let is_other = name.contains("type") || name.contains("expire");
        let is_refresh = name.contains("refresh");
        let long = value.as_str().is_some_and(|text| text.len() >= 16);
        long && !is_other && if refreshes { is_refresh } else { is_token && !is_refresh }
    };
    let own = members.iter().find(|(name, value)| fits(name, value));
    own.and_then(|(_, value)| value.as_str())
        .or_else(|| members.values().find_map(|inner| token(inner, refreshes)))
}

/// The objects in a response, and their kinds.
fn entities<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            if entity_id(value).is_some() {
                out.push(value);
                return;
            }
            let inner = members.values().filter(|inner| inner.is_object() || inner.is_array());
            inner.for_each(|inner| entities(inner, out));
        }
        Value::Array(items) => items.iter().for_each(|item| entities(item, out)),
        _ => {}
    }
}

fn entity_id(value: &Value) -> Option<String> {
    let members = value.as_object()?;
    let names = ["id", "_id", "uuid", "task_id", "user_id", "userId"];
    names.iter().find_map(|name| members.get(*name).and_then(id_text))
}

fn kind_of(operation: &str) -> Option<IdOf> {
    if operation.starts_with("tasks.") && operation != "tasks.stats" {
        return Some(IdOf::Task);
    }
    let people = ["accounts.", "users.", "sessions.login", "sessions.refresh"];
    people.iter().any(|start| operation.starts_with(start)).then_some(IdOf::User)
}

/// Learns from a pair of successful responses.
pub(super) fn learn(
    swaps: &mut Swaps,
    exchange: &Exchanged,
    old: &Observed,
    new: &Observed,
    operation: &str,
) {
    // The response that sets a cookie may have no body.
    if let Some(new) = new.body.as_ref().and_then(|is| token(is, false)) {
        for cookie in &exchange.cookies {
            let pair = cookie.split(';').next().unwrap_or_default().trim();
            if pair.split_once('=').is_some_and(|(_, value)| value.len() >= 16) {
                swaps.learn_token(pair, new);
            }
        }
    }
    let (Some(was), Some(is)) = (&old.body, &new.body) else { return };
    for refreshes in [false, true] {
        if let (Some(old), Some(new)) = (token(was, refreshes), token(is, refreshes)) {
            swaps.learn_token(old, new);
        }
    }
    let subject =
        |answer: &Value| first_claims(answer).and_then(|it| it.get("sub").and_then(id_text));
    if let (Some(old), Some(new)) = (subject(was), subject(is))
        && !old.contains('@')
    {
        swaps.learn_id(IdOf::User, &old, &new);
    }
    let Some(of) = kind_of(operation) else { return };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    entities(was, &mut before);
    entities(is, &mut after);
    let (before, after): (Vec<Value>, Vec<Value>) =
        (before.into_iter().cloned().collect(), after.into_iter().cloned().collect());
    let pairs = if before.len() == 1 && after.len() == 1 {
        vec![(0, 0)]
    } else {
        paired(&before, &after, swaps)
    };
    for (one, other) in pairs {
        if let (Some(old), Some(new)) = (entity_id(&before[one]), entity_id(&after[other])) {
            swaps.learn_id(of, &old, &new);
        }
        let owner = |item: &Value| {
            ["user_id", "userId", "owner_id", "ownerId"]
                .iter()
                .find_map(|name| item.get(*name).and_then(id_text))
        };
        if let (IdOf::Task, Some(old), Some(new)) = (of, owner(&before[one]), owner(&after[other]))
        {
            swaps.learn_id(IdOf::User, &old, &new);
        }
    }
}

/// Records what the old backend issued and Doorward did not.
pub(super) fn lose(
    swaps: &mut Swaps,
    exchange: &Exchanged,
    old: &Observed,
    route: &str,
    operation: Option<&str>,
) {
    let Some(was) = &old.body else { return };
    for refreshes in [false, true] {
        if let Some(old) = token(was, refreshes).filter(|old| is_jwt(old) || old.len() >= 24) {
            swaps.lose_token(old, route);
        }
    }
    for cookie in &exchange.cookies {
        let pair = cookie.split(';').next().unwrap_or_default().trim();
        if matches!(operation, Some("sessions.login" | "accounts.register")) && pair.len() >= 24 {
            swaps.lose_token(pair, route);
        }
    }
    let of = match operation {
        Some("tasks.create") => IdOf::Task,
        Some("accounts.register" | "users.create") => IdOf::User,
        _ => return,
    };
    let mut all = Vec::new();
    entities(was, &mut all);
    for id in all.into_iter().filter_map(entity_id) {
        swaps.lose_id(of, &id, route);
    }
}

/// The body of a sign-in for the user who just registered.
pub(super) fn sign_in(body: Option<&Value>) -> Option<Bytes> {
    let body = body?;
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(*name)?.as_str());
    let email = text(&["email", "username", "mail"])?;
    let password = text(&["password"])?;
    let body = serde_json::json!({ "email": email, "password": password });
    Some(body.to_string().into())
}
