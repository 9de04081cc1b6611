//! `/`, `/openapi.json` and `/docs`: an overview, the contract, and Swagger UI to read and try it. The page
//! is part of the binary and may load nothing from elsewhere; *Authorize* uses the form login. The two large
//! files are sent gzipped, as they are stored: every browser accepts that.

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::routes::{Caching, Declared, RateGroup, Routes};
use crate::error::Error;

/// Nothing from elsewhere, nothing inline, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The contract as JSON, and its page.
#[derive(Clone)]
pub struct Contract {
    /// Generated on the first request: most servers are never asked, and it would take milliseconds of the
    /// start and megabytes of memory.
    document: Arc<LazyLock<Bytes, Box<dyn FnOnce() -> Bytes + Send>>>,
    page: Bytes,
    prefix: String,
}

impl Contract {
    /// The contract of a server with the public path `prefix`, and how to generate it.
    pub fn new(prefix: &str, document: impl FnOnce() -> String + Send + 'static) -> Self {
        let page = include_str!("../../assets/swagger-ui/page.html");
        let page = page.replace("=\"/", &format!("=\"{prefix}/"));
        let document = LazyLock::new(Box::new(|| document().into()) as Box<_>);
        Self { document: Arc::new(document), page: page.into(), prefix: prefix.to_owned() }
    }
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Contract below {:?}", self.prefix)
    }
}

/// The routes of the contract and its page.
pub fn routes() -> Routes<Contract> {
    let page_rules =
        Declared { rate: RateGroup::Uncounted, caching: Caching::Shared, ..Declared::STRICT };
    let file_rules = Declared { caching: Caching::Public { max_age: 3600 }, ..page_rules };
    Routes::default()
        .add_undescribed(page_rules, "/", get(entrance))
        .add_undescribed(page_rules, "/openapi.json", get(contract))
        .add_undescribed(page_rules, "/docs", get(page))
        .add_undescribed(file_rules, "/docs/{file}", get(file))
}

/// Tells visitors of the bare host where to go.
async fn entrance(State(contract): State<Contract>) -> Response {
    super::json(json!({
        "service": "doorward",
        "documentation": format!("{}/docs", contract.prefix),
        "contract": format!("{}/openapi.json", contract.prefix),
        "health": format!("{}/readyz", contract.prefix),
    }))
    .into_response()
}

async fn contract(State(contract): State<Contract>) -> Result<Response, Error> {
    let document = Arc::clone(&contract.document);
    let written = tokio::task::spawn_blocking(move || Bytes::clone(&document)).await;
    let document = written.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

async fn page(State(contract): State<Contract>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (headers, contract.page).into_response()
}

async fn file(Path(name): Path<String>) -> Result<Response, Error> {
    const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
    let reply = |kind: &'static str, bytes: &'static [u8]| {
        ([(header::CONTENT_TYPE, kind)], bytes).into_response()
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
