//! Rate limits per route group and client address: 429 with `Retry-After`, and on all limited routes
//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). Decided before a body is
//! read or a password hashed. The group is that of the matched route, so no spelling of a path avoids it;
//! IPv6 clients are counted by /64, since one subscriber owns all of it, and by /48.

mod gcra;
mod redis;
mod table;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::{Quota, Settings};
use crate::error::Error;
use crate::http::RateGroup;
use crate::http::client_ip::{ClientIp, networks};
use crate::http::layer::around::Around;
use crate::http::problem::KeyLimited;
use crate::limiter::gcra::Decision;
use crate::limiter::redis::RateRedis;
pub use crate::limiter::redis::round_trip;
use crate::limiter::table::RateTable;
use crate::metrics::{LimitOutcome, Metrics};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The separate limits, in the order of [`RateGroup`], then that of API keys.
pub const LIMITS: [&str; 8] =
    ["uncounted", "api", "introspect", "auth", "refresh", "register", "login", "api_key"];

/// Counts requests and decides which exceed a limit.
#[derive(Debug)]
pub struct RateLimiter {
    settings: Arc<Settings>,
    clock: Clock,
    shared: Option<Arc<RateRedis>>,
    table: RateTable,
    hash: RandomState,
    metrics: Metrics,
}

impl RateLimiter {
    /// A limiter with the quotas of these settings.
    pub fn new(settings: Arc<Settings>, clock: Clock, metrics: Metrics) -> Self {
        let shared = settings.redis_url.as_ref().and_then(RateRedis::new);
        let (table, hash) = (RateTable::default(), RandomState::new());
        Self { settings, clock, shared, table, hash, metrics }
    }

    /// The limiter of routes of this group.
    pub fn of(self: &Arc<Self>, group: RateGroup) -> GroupLimit {
        let settings = &self.settings;
        let quota = match group {
            RateGroup::Uncounted => None,
            RateGroup::Api => settings.rate_limit_api,
            RateGroup::Introspect => settings.rate_limit_introspect,
            RateGroup::Auth => settings.rate_limit_auth,
            RateGroup::Refresh => settings.rate_limit_refresh,
            RateGroup::Register => settings.rate_limit_register,
            RateGroup::Login => settings.rate_limit_login,
        };
        GroupLimit { limiter: Arc::clone(self), group, quota }
    }

    /// The client's own network decides, unless the quota of its wider network is used up.
    async fn decide(&self, group: RateGroup, quota: Quota, client: ClientIp) -> Decision {
        let mut networks = networks(client.0).zip([quota, wider(quota)]);
        let Some((own, quota)) = networks.next() else {
            return Decision { allowed: false, remaining: 0, wait: 0 };
        };
        let decision = self.decide_for(group, quota, own).await;
        if let (true, Some((wide, quota))) = (decision.allowed, networks.next()) {
            let whole = Box::pin(self.decide_for(group, quota, wide)).await;
            if !whole.allowed {
                return whole;
            }
        }
        decision
    }

    async fn decide_for(&self, group: RateGroup, quota: Quota, network: IpAddr) -> Decision {
        let key = self.hash.hash_one((group, network, quota.requests));
        self.decide_as(|| format!("{}:{network}", group.name()), key, quota).await
    }

    /// Counts a request with this API key, from any address, in addition to its address.
    pub async fn take_key(&self, id: Uuid) -> Result<(), Error> {
        let Some(quota) = self.settings.rate_limit_api_key else { return Ok(()) };
        let key = self.hash.hash_one(("api_key", id));
        let decision = self.decide_as(|| format!("api_key:{id}"), key, quota).await;
        self.count(LIMITS.len() - 1, decision);
        if decision.allowed { Ok(()) } else { Err(Error::TooManyByKey(decision.wait_seconds())) }
    }

    fn count(&self, limit: usize, decision: Decision) {
        if let Some(meters) = self.metrics.on() {
            let refused = LimitOutcome::Refused as usize;
            let outcome = if decision.allowed { LimitOutcome::Allowed as usize } else { refused };
            meters.limiter.one(limit, outcome);
        }
    }

    async fn decide_as(&self, name: impl FnOnce() -> String, key: u64, quota: Quota) -> Decision {
        if let Some(shared) = &self.shared
            && let Some(decision) = Box::pin(shared.decide(&name(), quota)).await
        {
            return decision;
        }
        if let (Some(meters), Some(_)) = (self.metrics.on(), &self.shared) {
            meters.limiter_fallbacks.one();
        }
        let now = self.clock.now().unix_timestamp_nanos() / 1000;
        self.table.decide(key, quota, i64::try_from(now).unwrap_or(0))
    }
}

/// The quota of an IPv6 /48: a site has 65 536 subscriber networks, and would have as many quotas.
fn wider(quota: Quota) -> Quota {
    const NARROW_ONES: u32 = 16;
    Quota { requests: quota.requests.saturating_mul(NARROW_ONES), ..quota }
}

/// The network that counts as one client: an IPv4 address, or an IPv6 /64.
pub fn network(ip: IpAddr) -> IpAddr {
    networks(ip).next().unwrap_or(ip)
}

/// The limit of a group of routes. Inside the layer that determines the client's address, outside all work.
#[derive(Debug)]
pub struct GroupLimit {
    limiter: Arc<RateLimiter>,
    group: RateGroup,
    quota: Option<Quota>,
}

impl Around for GroupLimit {
    type Seen = Option<(Quota, ClientIp)>;

    fn look(&self, request: &mut Request) -> Self::Seen {
        let quota = self.quota?;
        Some((quota, ClientIp::of(request.extensions())))
    }

    async fn drive(
        &self,
        seen: Self::Seen,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let Some((quota, client)) = seen else { return work.await };
        let (limiter, group) = (&self.limiter, self.group);
        let decision = limiter.decide(group, quota, client).await;
        limiter.count(group as usize, decision);
        let mut response = if decision.allowed {
            work.await
        } else {
            Error::RateLimited(decision.wait_seconds()).into_response()
        };
        announce(&mut response, group, quota, decision, &limiter.settings);
        response
    }
}

/// Adds the quota and what is left of it to the response, and that of the account or API key if it was
/// exceeded.
fn announce(
    response: &mut Response,
    group: RateGroup,
    quota: Quota,
    decision: Decision,
    settings: &Settings,
) {
    let name = group.name();
    let mut policy = format!("\"{name}\";q={};w={}", quota.requests, quota.window.as_secs());
    let mut state = format!("\"{name}\";r={};t={}", decision.remaining, decision.wait_seconds());
    let guarded = decision.allowed && response.status() == StatusCode::TOO_MANY_REQUESTS;
    if let Some(wait) = guarded.then(|| retry_after(response.headers())).flatten() {
        let (guard, most) = match settings.rate_limit_api_key {
            Some(of_key) if response.extensions().get::<KeyLimited>().is_some() => {
                ("api_key", of_key.requests)
            }
            _ => ("account", settings.login_max_failures),
        };
        policy = format!("{policy}, \"{guard}\";q={most}");
        state = format!("{state}, \"{guard}\";r=0;t={wait}");
    }
    let headers = response.headers_mut();
    for (header, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(header, value);
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_counted_under_its_name() {
        use RateGroup::{Api, Auth, Introspect, Login, Refresh, Register, Uncounted};
        for group in [Uncounted, Api, Introspect, Auth, Refresh, Register, Login] {
            assert_eq!(LIMITS[group as usize], group.name());
        }
    }

    #[test]
    fn ipv6_clients_are_counted_by_their_64_bit_network() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
