//! An issuer that publishes keys, as a service sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use doorward_verify::{Fetch, Fetched, Issuer, Issuers, RemoteKeys};
use serde_json::Value;

use super::{NOW, Pair, claims, published};

/// A server that answers with what it was last given.
#[derive(Clone, Default)]
pub struct Server {
    /// `None` while it is away.
    pub answer: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    pub fn publishes(&self, keys: &[Value]) {
        *self.answer.lock().unwrap() = Some(published(keys));
    }

    pub fn is_away(&self) {
        *self.answer.lock().unwrap() = None;
    }

    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl Fetch for Server {
    fn fetch<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async {
            self.asked.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
            self.answer.lock().unwrap().clone().ok_or_else(|| "away".to_owned())
        })
    }
}

/// A service that trusts it.
pub fn trusting(server: &Server) -> Issuers {
    let keys = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    Issuers::new([Issuer::doorward_at("doorward", keys)])
}

/// A token that lasts longer than any test.
pub fn lasting(pair: &Pair, kid: &str) -> String {
    let mut claims = claims();
    claims["exp"] = (NOW + 1_000_000).into();
    pair.token(&pair.header(kid), &claims)
}

/// Lets what runs beside the test come to its end.
pub async fn settled() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}
