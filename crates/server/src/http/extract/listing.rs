//! A request for one page of a list, and the reply: an array, with the next page as a `Link` (RFC 8288).

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;

use super::QueryString;
use crate::error::Error;
use crate::http::{Json, JsonRows};
use crate::input::{Fields, Parameters};

/// The header with the total, if requested.
pub fn total_count(total: Option<i64>) -> AppendHeaders<Option<(HeaderName, String)>> {
    const NAME: HeaderName = HeaderName::from_static("x-total-count");
    AppendHeaders(total.map(|total| (NAME, total.to_string())))
}

/// The path and query of a list, for the link to the next page.
#[derive(Clone, Debug)]
pub struct Listing {
    path: String,
    query: QueryString,
}

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = QueryString::from_request_parts(parts, state).await?;
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        Ok(Self { path: uri.path().trim_end_matches('/').to_owned(), query })
    }
}

impl Listing {
    /// The query's parameters, to which more problems can be added.
    pub fn fields(&self) -> Fields {
        self.query.fields()
    }

    /// The query's parameters, or all problems at once.
    pub fn read<P: Parameters>(&self) -> Result<P, Error> {
        self.query.read()
    }

    /// An empty list, to be filled with up to this many rows.
    pub fn rows(&self, most: i64) -> JsonRows {
        JsonRows::new(usize::try_from(most).unwrap_or_default(), self.query.dialect.clone())
    }

    /// The rows, with the link to the next page if there is a cursor.
    pub fn reply<T: Serialize>(&self, rows: Vec<T>, next: Option<String>) -> Response {
        self.reply_with(Json(rows), next)
    }

    /// The same with a body that is written already.
    pub fn reply_with(&self, rows: impl IntoResponse, next: Option<String>) -> Response {
        let link = next.map(|next| {
            let query = self.query.from_cursor(&next);
            (header::LINK, format!("<{}?{query}>; rel=\"next\"", self.path))
        });
        (AppendHeaders(link), rows).into_response()
    }
}
