//! Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1). A resource's tag is its version number in
//! quotes: strong, one column, changed with every change.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::error::{Error, Invalid};

/// The `ETag` of a version, as part of a reply.
#[derive(Clone, Copy, Debug)]
pub struct ETag(pub i64);

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut reply: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.0)) {
            reply.headers_mut().insert(header::ETAG, tag);
        }
        Ok(reply)
    }
}

/// `If-Match`: the versions that may be changed, or `None` for any. Comparison is strong, so weak tags never
/// match (RFC 9110 §13.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<Vec<i64>>);

impl IfMatch {
    /// True if the condition holds for this version.
    pub fn allows(&self, version: i64) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&version))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match read(&parts.headers, &header::IF_MATCH) {
            Ok(None | Some(Condition::Any)) => Ok(Self(None)),
            Ok(Some(Condition::Tags(tags))) => Ok(Self(Some(
                tags.iter().filter(|tag| !tag.weak).filter_map(|tag| tag.version).collect(),
            ))),
            // A guess could overwrite what the client meant to protect.
            Err(()) => Err(Error::Validation(vec![Invalid {
                place: "header",
                field: "If-Match".into(),
                message: "must be * or a list of quoted entity tags".into(),
                kind: "value_error",
            }])),
        }
    }
}

/// `If-None-Match`: what the client already has. Comparison is weak (RFC 9110 §13.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfNoneMatch(Option<Condition>);

impl IfNoneMatch {
    /// True if the client has this version, so that 304 is enough.
    pub fn has(&self, version: i64) -> bool {
        match &self.0 {
            None => false,
            Some(Condition::Any) => true,
            Some(Condition::Tags(tags)) => tags.iter().any(|tag| tag.version == Some(version)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // An invalid one is harmless: the response is sent in full.
        Ok(Self(read(&parts.headers, &header::IF_NONE_MATCH).unwrap_or_default()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Any,
    Tags(Vec<Tag>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    /// `None` for a tag that this server never issued.
    version: Option<i64>,
}

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Condition>, ()> {
    let mut tags = Vec::new();
    let mut lines = headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    for line in lines {
        if line.as_bytes().trim_ascii() == b"*" && headers.get_all(name).iter().count() == 1 {
            return Ok(Some(Condition::Any));
        }
        list(line.as_bytes(), &mut tags)?;
    }
    if tags.is_empty() { Err(()) } else { Ok(Some(Condition::Tags(tags))) }
}

/// `#entity-tag` (RFC 9110 §5.6.1, §8.8.3): quoted tags may contain commas.
fn list(mut rest: &[u8], tags: &mut Vec<Tag>) -> Result<(), ()> {
    loop {
        rest = rest.trim_ascii_start();
        while let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
        }
        if rest.is_empty() {
            return Ok(());
        }
        let weak = rest.starts_with(b"W/");
        let quoted = rest.strip_prefix(b"W/").unwrap_or(rest).strip_prefix(b"\"").ok_or(())?;
        let end = quoted.iter().position(|byte| *byte == b'"').ok_or(())?;
        tags.push(Tag { weak, version: version(&quoted[..end]) });
        rest = quoted[end + 1..].trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return Err(());
        }
    }
}

/// Tags are compared byte by byte, so `"01"` is not `"1"`.
fn version(opaque: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(opaque).ok()?;
    text.parse().ok().filter(|version: &i64| version.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, HeaderValue::from_str(line).expect("a value"));
        }
        headers
    }

    fn versions(lines: &[&str]) -> Option<Vec<(bool, Option<i64>)>> {
        match read(&headers(lines), &header::IF_MATCH) {
            Ok(Some(Condition::Tags(tags))) => {
                Some(tags.iter().map(|tag| (tag.weak, tag.version)).collect())
            }
            _ => None,
        }
    }

    #[test]
    fn tags_are_read_from_lists_and_from_several_lines() {
        assert_eq!(versions(&[r#""1""#]), Some(vec![(false, Some(1))]));
        assert_eq!(
            versions(&[r#""1" , W/"2",,"a,b""#, r#""33""#]),
            Some(vec![(false, Some(1)), (true, Some(2)), (false, None), (false, Some(33))])
        );
        assert_eq!(versions(&[r#""01", "+1", """#]), Some(vec![(false, None); 3]));
    }

    #[test]
    fn a_star_means_any_and_stands_alone() {
        assert_eq!(read(&headers(&[" * "]), &header::IF_MATCH), Ok(Some(Condition::Any)));
        assert_eq!(read(&headers(&["*", "\"1\""]), &header::IF_MATCH), Err(()));
        assert_eq!(read(&headers(&[]), &header::IF_MATCH), Ok(None));
    }

    #[test]
    fn what_is_not_a_list_of_tags_is_refused() {
        for bad in ["1", "\"1", "1\"", "w/\"1\"", "\"1\" \"2\"", "", ",", "*, \"1\"", "W/1"] {
            assert_eq!(read(&headers(&[bad]), &header::IF_MATCH), Err(()), "{bad}");
        }
    }
}
