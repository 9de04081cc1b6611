//! Mistakes in a service's configuration: an error where it can be seen, else a line in the log, once.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use doorward_verify::{
    Algorithm, Auth, Fetch, Fetched, Introspection, Issuer, KeySet, Refusal, Rejection, RemoteKeys,
    ServiceAccount,
};
use support::{NOW, Pair, claims, published};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self, with: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(with)).count()
    }

    fn listening() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }
}

/// Answers what it was last given.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<u8>>>);

impl Fetch for Server {
    fn fetch<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }
}

fn header(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn an_address_that_nothing_can_answer_at_is_an_error() {
    for url in [
        "",
        "auth.example.com/jwks",
        "//auth.example.com/jwks",
        "/jwks",
        "ftp://auth.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///jwks",
        "localhost:8000/jwks",
        "htps://a/jwks",
    ] {
        let message = RemoteKeys::at(url).unwrap_err().to_string();
        assert_eq!(
            message,
            format!("{url:?} is no address that begins with https:// or http:// and a host")
        );
        assert!(Introspection::at(url, String::new()).is_err(), "{url}");
        assert!(ServiceAccount::at(url, "a@example.com", "x").is_err(), "{url}");
    }
    for url in ["https://auth.example.com/jwks", "http://[::1]:8000/jwks", "HTTP://localhost"] {
        assert!(RemoteKeys::at(url).is_ok(), "{url}");
    }
}

#[test]
fn an_address_without_tls_is_logged_unless_it_is_of_this_machine() {
    let (log, _guard) = Log::listening();
    for url in ["https://auth.example", "http://127.0.0.1:8000", "http://[::1]", "http://localhost"]
    {
        RemoteKeys::at(url).unwrap();
    }
    assert_eq!(log.lines("without TLS"), 0);
    RemoteKeys::at("http://auth.internal/jwks").unwrap();
    assert_eq!(log.lines("without TLS"), 1);
}

#[tokio::test]
async fn a_set_without_keys_is_503_and_logged_once_until_it_has_some() {
    let (log, _guard) = Log::listening();
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    *server.0.lock().unwrap() = published(&[]);
    let keys = RemoteKeys::new("https://auth.example/jwks", server.clone());
    let now = Arc::new(std::sync::atomic::AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let auth = Auth::with_clock([Issuer::doorward_at("doorward", keys)], move || {
        clock.load(std::sync::atomic::Ordering::SeqCst)
    });
    let mut lasting = claims();
    lasting["exp"] = (NOW + 1000).into();
    let token = header(&pair.token(&pair.header("k"), &lasting));
    for _ in 0..20 {
        let refused = auth.authenticate(Some(&token)).await.unwrap_err();
        assert_eq!(refused.status(), 503);
        now.fetch_add(5, std::sync::atomic::Ordering::SeqCst);
    }
    assert_eq!(log.lines("publishes no key that can verify tokens"), 1);
    assert_eq!(log.lines("give this service the shared secret"), 1);
    *server.0.lock().unwrap() = published(&[pair.jwk("k")]);
    assert!(auth.authenticate(Some(&token)).await.is_ok());
    assert_eq!(log.lines("can be fetched again"), 1);
}

#[tokio::test]
async fn an_issuer_under_another_name_is_logged_once_with_both_names() {
    let (log, _guard) = Log::listening();
    let keys = KeySet::of_secrets([support::SECRET]).unwrap();
    let auth = Auth::with_clock([Issuer::doorward("https://auth.example", keys)], || NOW);
    let token = Pair::Secret
        .token(&Pair::Secret.header(&doorward_verify::key_id(support::SECRET)), &claims());
    for _ in 0..3 {
        let refused = auth.authenticate(Some(&header(&token))).await;
        assert_eq!(refused, Err(Refusal::Token(Rejection::WrongIssuer)));
    }
    assert_eq!(log.lines("TOKEN_ISSUER, else PUBLIC_URL, else `doorward`"), 1);
    assert_eq!(log.lines(r#"claimed="doorward" trusted=["https://auth.example"]"#), 1);
}

#[test]
fn a_service_that_trusts_nobody_and_an_issuer_without_keys_are_logged() {
    let (log, _guard) = Log::listening();
    let _ = Auth::new([]);
    assert_eq!(log.lines("no issuer is trusted"), 1);
    let _ = Issuer::doorward("doorward", KeySet::default());
    assert_eq!(log.lines("an issuer without keys"), 1);
}
