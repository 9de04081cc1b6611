//! Checks whether the keys of trusted issuers can be fetched from here, to find out why tokens are rejected.

use std::time::{Duration, Instant};

use doorward_verify::{Fetch, KeySet};
use futures_util::future::join_all;

use super::trusted::{self, Trusted};
use crate::config::Settings;

/// The result for one issuer.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The setting that names it.
    pub setting: &'static str,
    /// The URL of its keys.
    pub keys_at: String,
    /// The number of usable keys and how long fetching took, or why there are none.
    pub keys: Result<(usize, Duration), String>,
}

/// Fetches all concurrently.
pub async fn reach(settings: &Settings) -> Vec<Reached> {
    join_all(trusted::all(settings).into_iter().map(ask)).await
}

async fn ask(issuer: Trusted) -> Reached {
    let Trusted { name, setting, keys, .. } = issuer;
    let address = url::Url::parse(&keys).map_or_else(|_| keys.clone(), Into::into);
    let began = Instant::now();
    let found = trusted::fetch().fetch(&address).await;
    let found = found.and_then(|document| {
        let keys = KeySet::from_jwks(&document).map_err(|error| error.to_string())?;
        match keys.keys().len() {
            0 => Err("it publishes no usable key".to_owned()),
            count => Ok((count, began.elapsed())),
        }
    });
    Reached { issuer: name, setting, keys_at: keys, keys: found }
}
