//! What operators are told of requests that come in vain, at most once a minute each: a front end whose
//! origin is not allowed, and a proxy whose forwarding header counts for nothing. Both look like a fault of
//! the server to those who meet them, and neither shows in an answer.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use time::OffsetDateTime;

use crate::clock::Seldom;
use crate::config::Settings;
use crate::http::ClientIp;

/// The longest origin that is written down.
const MAX_ORIGIN: usize = 128;
/// What proxies say the client's address in.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// When each was said last.
#[derive(Debug, Default)]
pub struct Notes {
    origins: Seldom,
    forwarding: Seldom,
}

impl Notes {
    /// Says that a page of an origin that is not allowed has asked, unless that was said a moment ago. A
    /// server that no origin but its own may use is told of none: its own pages name theirs too.
    pub(in crate::http) fn of_origin(
        &self,
        headers: &HeaderMap,
        allowed: bool,
        now: impl Fn() -> OffsetDateTime,
    ) {
        if allowed {
            return;
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return };
        let text = String::from_utf8_lossy(origin.as_bytes());
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = text.split_once("://").map(|(_, authority)| authority);
        if own.is_none() || own == host || !self.origins.is_due(now()) {
            return;
        }
        let origin: String = text.chars().take(MAX_ORIGIN).collect();
        tracing::warn!(
            origin,
            "CORS: the origin may not read responses; add it to ALLOWED_ORIGINS if it is yours"
        );
    }

    /// Says that a forwarding header was ignored, unless that was said a moment ago: the peer is no trusted
    /// proxy, so everybody behind it counts as one client.
    pub(in crate::http) fn of_forwarding(
        &self,
        request: &Request,
        settings: &Settings,
        now: impl Fn() -> OffsetDateTime,
    ) {
        let headers = request.headers();
        let Some(name) = FORWARDING.into_iter().find(|name| headers.contains_key(*name)) else {
            return;
        };
        let peer: IpAddr = ClientIp::of(request.extensions()).0;
        let trusted = settings.trusted_proxies.iter().any(|range| range.contains(peer));
        let counts = trusted && headers.contains_key(&settings.client_ip_header);
        if peer.is_unspecified() || counts || !self.forwarding.is_due(now()) {
            return;
        }
        if trusted {
            let counts = settings.client_ip_header.as_str();
            tracing::warn!(%peer, header = name, counts, "a forwarding header was ignored: it is not the one \
                set in CLIENT_IP_HEADER");
        } else {
            tracing::warn!(%peer, header = name, "a forwarding header was ignored: add the proxy's address to TRUSTED_PROXIES if it is yours");
        }
    }
}
