//! Compresses long responses if the client accepts it (RFC 9110 §12.5.3). Only responses that browsers may
//! cache: those about accounts contain secrets beside data from the request, and the compressed length would
//! leak information about the secret.

use std::io::Write as _;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Shorter responses fit into a packet uncompressed.
const LEAST: u64 = 1024;
/// Longer responses are compressed on blocking threads.
const QUICK: usize = 64 * 1024;
/// Longer ones are not compressed.
const MOST: u64 = 4 << 20;
/// Zstandard's fastest regular level: more effort takes more time than it saves in transfer.
const ZSTD_LEVEL: i32 = 1;

/// The supported content codings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Zstd,
    Gzip,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn encode(self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Zstd => zstd::bulk::compress(plain, ZSTD_LEVEL),
            Self::Gzip => {
                let mut out =
                    GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
                out.write_all(plain)?;
                out.finish()
            }
        }
    }
}

/// The best coding that the client accepts. A weight of zero means that it is refused; other weights are
/// ignored, since a client that sends several supports each.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Coding> {
    let named = |wanted: &str| {
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
        lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).any(|one| {
            let (name, weight) = one.split_once(';').unwrap_or((one, ""));
            let weight = weight.trim().trim_start_matches("q=");
            let is_refused = !weight.is_empty() && weight.trim_matches(['0', '.']).is_empty();
            name.trim().eq_ignore_ascii_case(wanted) && !is_refused
        })
    };
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return None;
    }
    [Coding::Zstd, Coding::Gzip].into_iter().find(|coding| named(coding.name()))
}

/// Compresses the response if it is long, complete and text. A response with an `ETag` is not compressed,
/// since the tag identifies these exact bytes.
pub(super) async fn compress(response: &mut Response, coding: Option<Coding>) {
    let Some(length) = response.body().size_hint().exact() else { return };
    if length <= LEAST || length > MOST || !is_plain_text(response) {
        return;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let Some(coding) = coding else { return };
    let body = std::mem::replace(response.body_mut(), Body::empty());
    // It is in memory already: this neither waits nor copies.
    let Ok(plain) = to_bytes(body, usize::MAX).await else { return };
    let encoded = encode(coding, plain.clone()).await.filter(|encoded| encoded.len() < plain.len());
    let Some(encoded) = encoded else {
        *response.body_mut() = Body::from(plain);
        return;
    };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    *response.body_mut() = Body::from(encoded);
}

async fn encode(coding: Coding, plain: Bytes) -> Option<Vec<u8>> {
    if plain.len() <= QUICK {
        return coding.encode(&plain).ok();
    }
    tokio::task::spawn_blocking(move || coding.encode(&plain)).await.ok()?.ok()
}

fn is_plain_text(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status() == StatusCode::OK
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::ETAG)
        && kind.is_some_and(|kind| {
            kind.starts_with("application/json")
                || kind.starts_with("text/")
                || kind.starts_with("application/javascript")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, list.parse().unwrap());
        accepted(&headers)
    }

    #[test]
    fn the_best_coding_that_is_accepted_is_taken_and_a_weight_of_zero_refuses() {
        assert_eq!(accepted(&HeaderMap::new()), None);
        assert_eq!(of("gzip, deflate, br, zstd"), Some(Coding::Zstd));
        assert_eq!(of("gzip;q=0.8, zstd;q=0"), Some(Coding::Gzip));
        assert_eq!(of("GZIP ; q=0.000, identity"), None);
        assert_eq!(of("br, deflate, gzipped"), None);
        assert_eq!(of(""), None);
    }
}
