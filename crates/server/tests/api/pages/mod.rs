//! Doorward's own pages for the links in mails.

mod acting;
mod shown;

use crate::support::TestApp;
use crate::support::client::Reply;

/// Opens a page.
async fn open(app: &TestApp, path: &str, language: &str) -> Reply {
    app.anonymous().raw("GET", path, &[("accept-language", language)], "").await
}

/// Sends a page's form.
async fn send(app: &TestApp, page: &str, form: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    app.anonymous().raw("POST", &format!("/auth/pages/{page}"), &headers, form.to_owned()).await
}
