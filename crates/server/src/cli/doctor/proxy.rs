//! The path to the server: a request through `PUBLIC_URL` that asks how it arrived. The running server only
//! tells the holder of its secret (`http/arrival.rs`). The request contains a forged client address on
//! purpose: a server that believes it believes anybody's.

use axum::http::{HeaderName, HeaderValue};
use url::Url;

use super::finding::{CheckName, Finding};
use super::patient::Patient;
use super::web::{self, Answered, days_left};
use crate::crypto::Questions;
use crate::http::arrival::{ANSWERED, ASKED};

const LOCAL: CheckName = CheckName("network.server");
const PUBLIC: CheckName = CheckName("network.public-url");
const TLS: CheckName = CheckName("network.public-tls");
const CLIENT: CheckName = CheckName("network.client-address");

/// A documentation address (RFC 5737).
const FORGED: &str = "192.0.2.66";

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    let (local, public) = tokio::join!(
        patient.within(LOCAL, local(patient)),
        patient.all_within(PUBLIC, public(patient)),
    );
    let mut found = vec![local];
    found.extend(public);
    found
}

/// Whether a server responds at `HOST` and `PORT`.
async fn local(patient: &Patient) -> Finding {
    let settings = &patient.settings;
    if settings.port == 0 {
        return LOCAL.skipped("PORT is 0, so the port is not known");
    }
    let host =
        if settings.host.is_unspecified() { "127.0.0.1".into() } else { settings.host.to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let at = format!("http://{host}:{}", settings.port);
    match asked(patient, &at).await {
        Err(why) => LOCAL.skipped(format!("No server responds at {at} ({why}): start it to check the proxy")),
        Ok(Answered { status: 200, header: Some(_), .. }) => {
            LOCAL.ok(format!("A server with this secret responds at {at}"))
        }
        Ok(Answered { status: 200, .. }) => LOCAL.warning(
            format!("The server at {at} is an older version, has another secret, or its clock differs by more \
                than a minute"),
            "Run this command with the settings of the server (--env-file), or restart the server",
        ),
        Ok(Answered { status, .. }) => LOCAL.warning(
            format!("{at} responds to /livez with {status}, so it is not Doorward"),
            "Correct HOST and PORT, or stop that program",
        ),
    }
}

async fn public(patient: &Patient) -> Vec<Finding> {
    let Some(url) = patient.settings.public_url.as_deref() else {
        let message = "PUBLIC_URL is not set: set it to the public address of this server";
        return vec![PUBLIC.skipped(message)];
    };
    let answered = match asked(patient, url).await {
        Ok(answered) => answered,
        Err(why) => {
            return vec![PUBLIC.failed(
                format!("No response from {url}: {why}"),
                "Start the server and the proxy; correct PUBLIC_URL if the address is wrong",
            )];
        }
    };
    let mut found = Vec::new();
    if answered.status == 200 {
        found.push(PUBLIC.ok(format!("{url} answers")));
    } else {
        found.push(PUBLIC.failed(
            format!("{url}/livez answers {}", answered.status),
            "Configure the proxy to forward all paths below PUBLIC_URL, or correct PUBLIC_URL",
        ));
    }
    found.push(tls(patient, url, &answered));
    found.push(match &answered.header {
        Some(message) => arrived(message, patient.settings.client_ip_header.as_str(), url),
        None => CLIENT.skipped(
            "The server did not report it: it is an older version, has another secret, or the proxy drops its \
                headers",
        ),
    });
    found
}

fn tls(patient: &Patient, url: &str, answered: &Answered) -> Finding {
    if !url.starts_with("https://") {
        let local = Url::parse(url).is_ok_and(|url| {
            url.host_str().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host))
        });
        return if local {
            TLS.ok("PUBLIC_URL is on this machine, without TLS")
        } else {
            TLS.warning(
                "PUBLIC_URL is http: passwords and tokens are sent unencrypted",
                "Put a proxy with a certificate in front and use https:// in PUBLIC_URL",
            )
        };
    }
    let now = patient.clock.now();
    // That it has expired is more useful than that browsers do not trust it.
    let has_ended = answered.chain.iter().any(|one| one.not_after <= now);
    if let (Some(why), false) = (&answered.distrust, has_ended) {
        return TLS.failed(
            format!("Browsers do not trust its certificate: {why}"),
            "Get one from a public CA (Let's Encrypt), with the whole chain",
        );
    }
    days_left(TLS, &answered.chain, "Browsers trust the certificate chain and the name", now)
}

async fn asked(patient: &Patient, base: &str) -> Result<Answered, String> {
    let url = format!("{}/livez", base.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(|error| error.to_string())?;
    let questions = Questions::new(&patient.settings);
    let question = questions.ask(&patient.random, patient.clock.now());
    let question = question.and_then(|text| HeaderValue::try_from(text).ok());
    let header = &patient.settings.client_ip_header;
    let mut headers = vec![(header.clone(), forged(header))];
    headers.extend(question.map(|question| (ASKED, question)));
    web::get(&url, &headers, &ANSWERED, &patient.authorities).await
}

fn forged(header: &HeaderName) -> HeaderValue {
    if header == "forwarded" {
        HeaderValue::from_static("for=192.0.2.66")
    } else {
        HeaderValue::from_static(FORGED)
    }
}

/// The server's report of the request's path.
fn arrived(message: &str, header: &str, url: &str) -> Finding {
    let part = |name: &str| {
        let rest = message.split(&format!("{name}=")).nth(1).unwrap_or_default();
        rest.split(';').next().unwrap_or_default().trim().to_owned()
    };
    let (peer, client) = (part("peer"), part("client"));
    // The last one, since a Forwarded header contains semicolons too.
    let hops = message.split_once("hops=").map_or("", |(_, hops)| hops);
    let added = hops.replace(FORGED, "").contains(|c: char| c.is_ascii_hexdigit() && c != 'f');
    if client == FORGED && !added {
        return CLIENT.failed(
            format!("The proxy at {peer} forwards a forged address in {header}"),
            format!(
                "Configure it to set {header} itself: append the client's address, or replace the header"
            ),
        );
    }
    if client != peer {
        return CLIENT.ok(format!("It arrives: {client}, sent by the proxy at {peer} in {header}"));
    }
    if added {
        return CLIENT.failed(
            format!("The proxy at {peer} sends the client's address in {header}, but it is not trusted: all \
                clients count as one"),
            format!("Set TRUSTED_PROXIES={peer}"),
        );
    }
    if url.starts_with("https://") {
        return CLIENT.failed(
            format!("The proxy at {peer} terminates TLS but does not send the client's address in {header}: all \
                clients count as one"),
            format!("Configure it to send {header}, and set TRUSTED_PROXIES={peer}"),
        );
    }
    CLIENT.ok(format!("There is no proxy: clients connect directly ({peer} here)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Health;

    #[test]
    fn what_a_server_tells_of_the_way_is_understood() {
        let (https, http) = ("https://auth.example.com", "http://127.0.0.1:8000");
        for (message, url, status, words) in [
            (
                "peer=10.0.0.2; client=198.51.100.7; hops=192.0.2.66, 198.51.100.7",
                https,
                Health::Ok,
                "198.51.100.7",
            ),
            (
                "peer=10.0.0.2; client=192.0.2.66; hops=192.0.2.66",
                https,
                Health::Failed,
                "a forged address",
            ),
            (
                "peer=10.0.0.2; client=10.0.0.2; hops=192.0.2.66, 198.51.100.7",
                https,
                Health::Failed,
                "it is not trusted",
            ),
            (
                "peer=10.0.0.2; client=10.0.0.2; hops=192.0.2.66",
                https,
                Health::Failed,
                "does not send",
            ),
            ("peer=10.0.0.2; client=10.0.0.2; hops=", https, Health::Failed, "does not send"),
            ("peer=127.0.0.1; client=127.0.0.1; hops=192.0.2.66", http, Health::Ok, "no proxy"),
            // The doctor runs beside a trusted proxy and is trusted itself: its own address is right of the
            // forged one.
            (
                "peer=127.0.0.1; client=192.0.2.66; hops=192.0.2.66, 127.0.0.1",
                https,
                Health::Ok,
                "arrives",
            ),
        ] {
            let finding = arrived(message, "x-forwarded-for", url);
            assert_eq!(finding.status, status, "{message}: {finding:?}");
            assert!(finding.detail.contains(words), "{message}: {finding:?}");
        }
    }
}
