//! Hints for operators about requests that cannot succeed, at most once a minute each: a front end whose
//! origin is not allowed, and a proxy whose forwarding header is not trusted. Both look like server errors to
//! those affected, but show in no response.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use time::OffsetDateTime;

use crate::clock::Seldom;
use crate::config::Settings;
use crate::http::ClientIp;

/// Maximum logged length of an origin.
const MAX_ORIGIN: usize = 128;
/// The headers in which proxies send the client address.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// When each hint was last logged.
#[derive(Debug, Default)]
pub struct Notes {
    origins: Seldom,
    forwarding: Seldom,
}

impl Notes {
    /// Logs that a page of an origin that is not allowed sent a request, unless logged recently. A server
    /// without allowed origins logs nothing: its own pages send their origin too.
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

    /// Logs that a forwarding header was ignored, unless logged recently: the peer is not a trusted proxy, so
    /// all clients behind it count as one.
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
