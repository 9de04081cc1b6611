//! Parses query strings strictly: percent-encoded UTF-8, then field by field like a body. The field that
//! reads a repeated name rejects it; unknown names are ignored.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use crate::error::{Error, Invalid};
use crate::http::translation::Translated;
use crate::input::{Fields, Parameters};

/// The decoded query string of a request.
#[derive(Clone, Debug, Default)]
pub struct QueryString {
    pairs: Vec<(String, String)>,
    pub(super) dialect: Option<Translated>,
}

impl QueryString {
    /// The parameters, to be parsed field by field.
    pub fn fields(&self) -> Fields {
        let mut map = Map::new();
        for (name, value) in &self.pairs {
            let value = Value::from(value.as_str());
            match map.get_mut(name) {
                None => {
                    map.insert(name.clone(), value);
                }
                Some(Value::Array(all)) => all.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        let fields = Fields::new("query", map);
        match &self.dialect {
            Some(Translated(dialect)) => dialect.query(fields),
            None => fields,
        }
    }

    /// The parameters, or all problems at once.
    pub fn read<P: Parameters>(&self) -> Result<P, Error> {
        let mut fields = self.fields();
        let read = P::read(&mut fields);
        fields.finish().map(|()| read)
    }

    /// The same query with this cursor, encoded again. A cursor replaces an offset.
    pub fn from_cursor(&self, cursor: &str) -> String {
        let others =
            self.pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "cursor" | "offset"));
        Serializer::new(String::new()).extend_pairs(others).append_pair("cursor", cursor).finish()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryString {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let pairs = query_pairs(parts.uri.query().unwrap_or_default())?;
        Ok(Self { pairs, dialect: parts.extensions.get::<Translated>().cloned() })
    }
}

/// The decoded names and values of a query.
pub fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Error> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| not_utf8(String::new()))?;
            let value = decode(value).ok_or_else(|| not_utf8(name.clone()))?;
            Ok((name, value))
        })
        .collect()
}

fn decode(part: &str) -> Option<String> {
    if !part.contains(['+', '%']) {
        return Some(part.to_owned());
    }
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn not_utf8(field: String) -> Error {
    let message = "is not percent-encoded UTF-8".into();
    Error::Validation(vec![Invalid { place: "query", field, message, kind: "value_error" }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_others_are_kept_for_the_next_page() {
        let pairs = query_pairs("q=a%26b+c&limit=2&cursor=old&&flag&offset=7").expect("a query");
        let query = QueryString { pairs, dialect: None };
        assert_eq!(query.from_cursor("new"), "q=a%26b+c&limit=2&flag=&cursor=new");
    }

    #[test]
    fn invalid_utf_8_is_refused_in_names_and_values() {
        assert!(query_pairs("q=%ff").is_err());
        assert!(query_pairs("%c3%28=1").is_err());
        assert!(
            query_pairs("q=100%").is_ok(),
            "a lone percent sign stands for itself, as in browsers"
        );
    }
}
