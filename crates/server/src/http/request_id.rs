//! `X-Request-Id`: the id of a request in the response, the log and the problem document. A client's id is
//! kept if it is a valid token; anything else could forge log lines and is replaced.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::OnceLock;

use uuid::Uuid;

use super::trace::TraceContext;

/// The header.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX: usize = 64;

tokio::task_local! {
    /// Of the request that the current task handles.
    static CURRENT: Current;
}

/// What is known about the current request.
struct Current {
    id: RequestId,
    who: OnceLock<(Uuid, Option<Uuid>)>,
}

/// The id of the current request, for the log.
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Runs work for the request with this id.
pub fn named<W: Future>(id: RequestId, work: W) -> impl Future<Output = W::Output> {
    CURRENT.scope(Current { id, who: OnceLock::new() }, work)
}

/// Sets the user of the request, for the log; only the first call has an effect.
pub fn acts(user: Uuid, session: impl Into<Option<Uuid>>) {
    let _ = CURRENT.try_with(|current| current.who.set((user, session.into())));
}

/// The user and session of the current request, if known.
pub fn who() -> Option<(Uuid, Option<Uuid>)> {
    CURRENT.try_with(|current| current.who.get().copied()).ok().flatten()
}

/// Work on another task, for the same request.
pub fn carried<W>(work: W) -> impl Future<Output = W::Output> + Send
where
    W: Future<Output: Send> + Send,
{
    let id = current();
    async move {
        match id {
            Some(id) => named(id, work).await,
            None => work.await,
        }
    }
}

/// The request id, in the extensions and in every response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The trace id of the client's trace context; otherwise the client's id, if there is exactly one and it
    /// is valid; otherwise a new one.
    pub fn of(headers: &HeaderMap, new: impl FnOnce() -> Uuid) -> Self {
        if let Some(id) =
            TraceContext::of(headers).and_then(|it| HeaderValue::from_str(it.trace).ok())
        {
            return Self(id);
        }
        let mut sent = headers.get_all(X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) if is_sane(id.as_bytes()) => Self(id.clone()),
            _ => Self::new(new()),
        }
    }

    /// An id generated here.
    pub fn new(id: Uuid) -> Self {
        let mut text = [0; 36];
        let text: &str = id.hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("none")))
    }

    /// The header's value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

fn is_sane(id: &[u8]) -> bool {
    let sane = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    !id.is_empty() && id.len() <= MAX && id.iter().all(sane)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for id in sent {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        }
        RequestId::of(&headers, Uuid::nil).as_str().to_owned()
    }

    #[test]
    fn a_sane_id_is_kept() {
        assert_eq!(of(&[b"trace-1.a_B"]), "trace-1.a_B");
        assert_eq!(of(&[&[b'a'; 64]]), "a".repeat(64));
    }

    #[test]
    fn an_insane_id_is_replaced() {
        let insane: [&[&[u8]]; 6] =
            [&[], &[b""], &[b"a b"], &[&[b'a'; 65]], &[b"\xff\xfe"], &[b"a", b"b"]];
        for sent in insane {
            assert_eq!(of(sent), Uuid::nil().to_string(), "{sent:?}");
        }
    }
}
