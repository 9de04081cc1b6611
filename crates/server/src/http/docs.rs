//! `/openapi.json` and `/docs`: the contract, and Swagger UI to read and try it. The page comes from
//! the binary and may load nothing from elsewhere; its *Authorize* signs in through the form login.
//! The two large files are sent gzipped, as they are stored: every browser takes that.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::error::Error;

/// Nothing from elsewhere, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The routes; `document` is the contract as JSON.
pub fn router(document: String) -> Router {
    let document = axum::body::Bytes::from(document);
    Router::new()
        .route("/openapi.json", get(move || async move { contract(document) }))
        .route("/docs", get(page))
        .route("/docs/{file}", get(file))
}

fn contract(document: axum::body::Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, document).into_response()
}

async fn page() -> Response {
    let page = include_str!("../../assets/swagger-ui/page.html");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (headers, page).into_response()
}

async fn file(Path(name): Path<String>) -> Result<Response, Error> {
    const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
    let reply = |kind: &'static str, bytes: &'static [u8]| {
        let headers =
            [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=3600")];
        (headers, bytes).into_response()
    };
    macro_rules! asset {
        ($name:literal) => {
            include_bytes!(concat!("../../assets/swagger-ui/", $name))
        };
    }
    Ok(match name.as_str() {
        "page.js" => reply(JAVASCRIPT, asset!("page.js")),
        "favicon.png" => reply("image/png", asset!("favicon.png")),
        "swagger-ui.css" => gzipped(reply("text/css; charset=utf-8", asset!("swagger-ui.css.gz"))),
        "swagger-ui-bundle.js" => gzipped(reply(JAVASCRIPT, asset!("swagger-ui-bundle.js.gz"))),
        _ => return Err(Error::NotFound),
    })
}

fn gzipped(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}
