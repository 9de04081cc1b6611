//! What surrounds every route: CORS, request ids, problem documents, authentication first,
//! mounts, the docs page, log lines.

mod authentication_first;
mod compressed;
mod cors;
mod docs;
mod errors;
mod examples;
mod headers;
mod log;
mod mounts;
