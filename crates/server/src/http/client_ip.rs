//! The client address of a request. Forwarding headers are only trusted if the peer is a trusted proxy; then
//! the address is the right-most hop that is not one, since the client may have forged everything to its
//! left. Only the configured header is read: a proxy that sets one passes others on as the client sent them.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::header::FORWARDED;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName};

use crate::config::Cidr;

/// The peer of the TCP connection; the accept loop adds it to the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddr(pub SocketAddr);

/// The client's address; unspecified (`0.0.0.0`) if the request has no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

impl ClientIp {
    /// The address found by the envelope, or else the peer.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let unknown = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let peer = || extensions.get::<PeerAddr>().map(|peer| Self(peer.0.ip().to_canonical()));
        extensions.get::<Self>().copied().or_else(peer).unwrap_or(unknown)
    }
}

/// The client's address by the rule above.
pub fn client_ip(
    extensions: &Extensions,
    headers: &HeaderMap,
    header: &HeaderName,
    trusted: &[Cidr],
) -> ClientIp {
    let peer = ClientIp::of(extensions);
    if !is_trusted(peer.0, trusted) {
        return peer;
    }
    let mut nearest = peer.0;
    for hop in hops(headers, header) {
        // A hop without an address (`unknown`, `_hidden`) hides those before it.
        let Some(ip) = hop else { break };
        nearest = ip;
        if !is_trusted(ip, trusted) {
            break;
        }
    }
    ClientIp(nearest)
}

/// The networks that count as one client: an IPv4 address; for IPv6 the /64, which belongs to one subscriber,
/// then the /48, which belongs to a site.
pub fn networks(ip: IpAddr) -> impl Iterator<Item = IpAddr> {
    const PREFIXES: [u32; 2] = [64, 48];
    let ip = ip.to_canonical();
    let widths = if ip.is_ipv4() { 1 } else { PREFIXES.len() };
    PREFIXES.into_iter().take(widths).map(move |prefix| match ip {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << (128 - prefix))).into()),
        v4 @ IpAddr::V4(_) => v4,
    })
}

fn is_trusted(ip: IpAddr, trusted: &[Cidr]) -> bool {
    trusted.iter().any(|range| range.contains(ip))
}

/// The address of each hop, the nearest first; a list may be spread over several lines. Each is parsed
/// separately, so that no byte of one hides another.
fn hops<'a>(
    headers: &'a HeaderMap,
    header: &'a HeaderName,
) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
    let lines = headers.get_all(header).iter().rev();
    let elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    elements.map(move |element| {
        let text = std::str::from_utf8(element).ok()?.trim();
        hop_address(if *header == FORWARDED { for_parameter(text) } else { text })
    })
}

/// The `for=` of one element of `Forwarded`; empty if absent.
fn for_parameter(element: &str) -> &str {
    element
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("for"))
        .map_or("", |(_, value)| value.trim().trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let ip = bare
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> String {
        seen_by("x-forwarded-for", peer, headers, trusted)
    }

    fn seen_by(
        header: &'static str,
        peer: &str,
        headers: &[(&'static str, &str)],
        trusted: &[&str],
    ) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddr(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted: Vec<Cidr> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        client_ip(&extensions, &map, &HeaderName::from_static(header), &trusted).0.to_string()
    }

    #[test]
    fn headers_are_ignored_unless_the_peer_is_a_trusted_proxy() {
        let forged = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(seen("192.0.2.9", &forged, &[]), "192.0.2.9");
        assert_eq!(seen("192.0.2.9", &forged, &["10.0.0.0/8"]), "192.0.2.9");
    }

    #[test]
    fn the_right_most_untrusted_hop_counts() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        let chain = [("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.0.0.2")];
        assert_eq!(seen("10.0.0.1", &chain, &trusted), "203.0.113.7");
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.7:9999")];
        assert_eq!(seen("10.0.0.1", &lines, &trusted), "203.0.113.7");
        assert_eq!(seen("fd00::1", &[("x-forwarded-for", "2001:db8::5")], &trusted), "2001:db8::5");
    }

    #[test]
    fn a_chain_of_proxies_only_yields_the_left_most() {
        let chain = [("x-forwarded-for", "10.0.0.3, 10.0.0.2")];
        assert_eq!(seen("10.0.0.1", &chain, &["10.0.0.0/8"]), "10.0.0.3");
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_chain() {
        let chain = [("x-forwarded-for", "1.2.3.4, unknown, 10.0.0.2")];
        assert_eq!(seen("10.0.0.1", &chain, &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn only_the_header_of_the_setting_counts() {
        let forwarded = ("forwarded", "for=1.1.1.1, For=\"[2001:db8::5]:80\";proto=https;by=x");
        let forged = ("x-forwarded-for", "6.6.6.6");
        let (both, trusted) = ([forwarded, forged], ["10.0.0.0/8"]);
        assert_eq!(seen_by("forwarded", "10.0.0.1", &both, &trusted), "2001:db8::5");
        assert_eq!(seen_by("x-forwarded-for", "10.0.0.1", &both, &trusted), "6.6.6.6");
        assert_eq!(seen_by("x-real-ip", "10.0.0.1", &both, &trusted), "10.0.0.1");
        let real = [forged, ("x-real-ip", "203.0.113.7")];
        assert_eq!(seen_by("x-real-ip", "10.0.0.1", &real, &trusted), "203.0.113.7");
    }

    #[test]
    fn no_byte_that_the_client_sends_hides_the_hop_that_the_proxy_wrote() {
        let trusted = ["10.0.0.0/8"];
        for nonsense in ["ÿ", "é,", "\"", "for=\"", "1.2.3.4;", ",,,", "\u{80}\u{9f}", "\t"] {
            let chain = format!("{nonsense}, 203.0.113.7");
            assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", &chain)], &trusted), "203.0.113.7");
            let lines = [("x-forwarded-for", nonsense), ("x-forwarded-for", "203.0.113.7")];
            assert_eq!(seen("10.0.0.1", &lines, &trusted), "203.0.113.7", "{nonsense:?}");
            let forwarded = format!("{nonsense}, for=203.0.113.7;proto=http");
            let forwarded = [("forwarded", forwarded.as_str())];
            assert_eq!(seen_by("forwarded", "10.0.0.1", &forwarded, &trusted), "203.0.113.7");
        }
    }

    #[test]
    fn mapped_addresses_are_the_same_as_plain_ones() {
        let chain = [("x-forwarded-for", "::ffff:203.0.113.7")];
        assert_eq!(seen("::ffff:10.0.0.1", &chain, &["10.0.0.0/8"]), "203.0.113.7");
    }
}
