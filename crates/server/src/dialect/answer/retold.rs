//! A response in a dialect, replacing the contract's.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

use super::show::{show, wrapped};
use crate::dialect::asked::Asked;
use crate::http::{TranslatedRows, is_plain_json, set_status};

/// The response in the dialect. Its body is already in memory, unless it is a stream, which passes unchanged.
pub(in crate::dialect) async fn shown(mut response: Response, asked: &Asked) -> Response {
    let spoken = &asked.spoken;
    let is_json = is_plain_json(response.headers());
    let is_empty = response.body().is_end_stream();
    if is_json == is_empty {
        // A response to HEAD, whose length would differ; or not JSON.
        if is_json {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        return response;
    }
    let rows = response.extensions_mut().remove::<TranslatedRows>();
    if rows.is_some() && spoken.wrap.is_none() {
        if let Some(status) = spoken.status {
            set_status(&mut response, status);
        }
        return response;
    }
    let Some(size) = response.body().size_hint().exact() else { return response };
    let Some(whole) = whole(response.body_mut(), size).await else { return response };
    let page = if spoken.wrap.is_some() { asked.page.of(response.headers()) } else { asked.page };
    let has_tokens = whole.starts_with(b"{\"access_token\"");
    let shape = if has_tokens && spoken.signed_in.is_some() {
        spoken.signed_in.as_ref()
    } else {
        spoken.shape.as_ref()
    };
    let text = match (rows, &spoken.wrap) {
        (Some(TranslatedRows(count)), Some(wrap)) => wrapped(&whole, count, wrap, page),
        (_, wrap) => show(&whole, shape.map(Arc::as_ref), wrap.as_ref(), page),
    };
    if let Some(status) = spoken.status {
        set_status(&mut response, status);
    }
    if !is_json && !text.is_empty() {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|held| Body::new(Retold { text: Some(text.into()), _held: held }))
}

/// A body that is in memory, usually in one piece.
async fn whole(body: &mut Body, size: u64) -> Option<Bytes> {
    if size == 0 {
        return Some(Bytes::new());
    }
    let first = body.frame().await?.ok()?.into_data().ok()?;
    if first.len() as u64 == size {
        return Some(first);
    }
    let mut all = Vec::from(first);
    while let Some(frame) = body.frame().await {
        all.extend_from_slice(&frame.ok()?.into_data().ok()?);
    }
    Some(all.into())
}

/// A replaced response. The original is kept until it is read, because it counts against its client's limit.
#[derive(Debug)]
struct Retold {
    text: Option<Bytes>,
    _held: Body,
}

impl HttpBody for Retold {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(self.text.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, |text| text.len() as u64))
    }
}
