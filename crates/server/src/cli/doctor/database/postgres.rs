//! A PostgreSQL server, from its name to its clock.

use std::time::Duration;

use super::schema;
use crate::cli::doctor::finding::{CheckName, Finding, Health, shown};
use crate::cli::doctor::patient::Patient;
use crate::cli::doctor::web::days_left;
use crate::config::{ChannelBinding, PostgresUrl, Tls};
use crate::db::survey::postgres::{self, Clocks, ServerVisit};
use crate::sql::DbError;

const DNS: CheckName = CheckName("database.dns");
const TCP: CheckName = CheckName("database.tcp");
const TLS: CheckName = CheckName("database.tls");
const SIGN_IN: CheckName = CheckName("database.sign-in");
const BINDING: CheckName = CheckName("database.channel-binding");
const POOLER: CheckName = CheckName("database.pooler");
const VERSION: CheckName = CheckName("database.version");
const WRITES: CheckName = CheckName("database.writes");
const ROUND_TRIP: CheckName = CheckName("database.round-trip");
const CLOCK: CheckName = CheckName("database.clock");

const ROUND_TRIPS: usize = 20;
/// A request makes one round trip; above this, users notice.
const SLOW: Duration = Duration::from_millis(20);
/// Tokens and sessions are dated by the server's clock; a database clock that is this far off is misleading.
const APART: time::Duration = time::Duration::seconds(2);
const FAR_APART: time::Duration = time::Duration::seconds(30);
/// Older versions are no longer maintained.
const OLDEST: u32 = 14;

pub(super) async fn server(patient: &Patient, url: &PostgresUrl) -> Vec<Finding> {
    let mut found = Vec::new();
    if !url.host.starts_with('/') {
        found.push(patient.within(DNS, dns(url)).await);
    }
    found.push(patient.within(TCP, tcp(url)).await);
    if !found.iter().all(Finding::is_ok) {
        found.push(SIGN_IN.skipped("The server was not reached"));
        return found;
    }
    let (tls, visit) = tokio::join!(
        patient.within(TLS, tls(patient, url)),
        tokio::time::timeout(patient.limit, ServerVisit::begin(url)),
    );
    found.push(tls);
    let visit = match visit {
        Ok(Ok(visit)) => visit,
        Ok(Err(error)) => {
            found.push(refused(&error));
            return found;
        }
        Err(_) => {
            let next = "Check for a firewall or a pooler that stalls connections";
            found.push(SIGN_IN.failed("The server accepts connections but does not respond", next));
            return found;
        }
    };
    found.push(SIGN_IN.ok(format!("As {} in {}", visit.facts.login, visit.facts.database)));
    found.extend([version(&visit), writes(&visit), pooler(url, &visit)]);
    let (binding, measured, schema) = tokio::join!(
        patient.within(BINDING, binding(url)),
        patient.all_within(ROUND_TRIP, async {
            vec![round_trip(&visit).await, clock(patient, &visit).await]
        }),
        schema::examine(patient),
    );
    found.push(binding);
    found.extend(measured);
    found.extend(schema);
    found
}

async fn dns(url: &PostgresUrl) -> Finding {
    if url.host.parse::<std::net::IpAddr>().is_ok() {
        return DNS.ok(format!("{} is an address", url.host));
    }
    match postgres::addresses(url).await {
        Ok(all) if !all.is_empty() => {
            let all: Vec<_> = all.iter().take(4).map(ToString::to_string).collect();
            DNS.ok(format!("{} is {}", url.host, all.join(", ")))
        }
        Ok(_) => {
            DNS.failed(format!("{} has no address", url.host), "Check its spelling in DATABASE_URL")
        }
        Err(error) => DNS.failed(
            format!("{} was not found: {error}", url.host),
            "Check its spelling in DATABASE_URL and this machine's DNS",
        ),
    }
}

async fn tcp(url: &PostgresUrl) -> Finding {
    let at = format!("{}:{}", url.host, url.port);
    match postgres::reach(url).await {
        Ok(took) => TCP.ok(format!("{at} accepts connections ({})", shown(took))),
        Err(error) => TCP.failed(
            format!("{at} does not accept connections: {error}"),
            "Check that PostgreSQL runs there, the port, and any firewall",
        ),
    }
}

async fn tls(patient: &Patient, url: &PostgresUrl) -> Finding {
    let next = "Set sslmode=require in DATABASE_URL, which checks the certificate unless the host is this machine";
    if url.tls == Tls::Disabled {
        return if url.is_local() {
            TLS.ok("Not used, and not needed on this machine")
        } else {
            TLS.warning(format!("The connection to {} is not encrypted", url.host), next)
        };
    }
    let shown = match postgres::shown(url).await {
        Ok(Some(shown)) => shown,
        Ok(None) if url.tls == Tls::Preferred && url.is_local() => {
            return TLS.ok("The server does not support it, and it is not needed on this machine");
        }
        Ok(None) if url.tls == Tls::Preferred => {
            return TLS.warning(
                "The server does not support it, so the connection is not encrypted",
                next,
            );
        }
        Ok(None) => {
            return TLS.failed(
                "The server does not support it, but DATABASE_URL requires it",
                "Enable ssl in postgresql.conf, or set sslmode=disable if the network is trusted",
            );
        }
        Err(error) => {
            return TLS.failed(
                format!("The handshake failed: {error}"),
                "Check that PostgreSQL or a pooler with TLS listens on that port",
            );
        }
    };
    if let Some(distrust) = &shown.distrust {
        return if distrust.contains(": ") {
            TLS.of_sentence(Health::Failed, distrust)
        } else {
            TLS.failed(distrust.as_str(), "Give the server a new certificate")
        };
    }
    let trust = match url.tls {
        Tls::VerifyFull => "The certificate chain and the name are valid",
        Tls::VerifyCa => "The certificate chain is valid",
        _ => "The certificate is not checked at this level",
    };
    days_left(TLS, &shown.chain, trust, patient.clock.now())
}

fn refused(error: &DbError) -> Finding {
    let message = error.to_string();
    if message.contains(": ") {
        SIGN_IN.of_sentence(Health::Failed, &message)
    } else {
        SIGN_IN.failed(message, "Check the user, the password and the database in DATABASE_URL")
    }
}

async fn binding(url: &PostgresUrl) -> Finding {
    if url.tls == Tls::Disabled || url.password.is_none() {
        return BINDING.skipped("Not applicable without TLS and a password");
    }
    match (postgres::binds(url).await, url.channel_binding) {
        (Ok(()), _) => BINDING.ok("The password exchange is bound to the certificate (SCRAM-SHA-256-PLUS)"),
        (Err(error), ChannelBinding::Required) => {
            BINDING.failed(error.to_string(), "Make sure that nothing in between terminates TLS, or remove \
                channel_binding")
        }
        (Err(_), ChannelBinding::Disabled) => BINDING.warning(
            "It is turned off, so a man in the middle with a trusted certificate could relay the password exchange",
            "Remove channel_binding=disable from DATABASE_URL",
        ),
        (Err(_), ChannelBinding::Preferred) if url.is_local() => {
            BINDING.ok("The server does not support it, and it is not needed on this machine")
        }
        (Err(_), ChannelBinding::Preferred) => BINDING.warning(
            "The server does not support it: a pooler terminates TLS, or the password is not stored as SCRAM",
            "Set channel_binding=require once the server supports it, to prevent a man in the middle",
        ),
    }
}

fn version(visit: &ServerVisit) -> Finding {
    let version = &visit.facts.version;
    let major = version.split(['.', ' ']).next().and_then(|text| text.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        return VERSION.warning(
            format!("PostgreSQL {version} is no longer supported"),
            "Upgrade to a supported version",
        );
    }
    VERSION.ok(format!("PostgreSQL {version}"))
}

fn writes(visit: &ServerVisit) -> Finding {
    if visit.facts.is_read_only {
        return WRITES.failed(
            "The server is read-only: it is a standby, or default_transaction_read_only is on",
            "Connect to the primary, or make it writable",
        );
    }
    WRITES.ok("The server accepts writes")
}

fn pooler(url: &PostgresUrl, visit: &ServerVisit) -> Finding {
    if visit.is_direct {
        return POOLER.ok(format!(
            "None: connected to PostgreSQL itself, at most {} connections",
            visit.facts.max_connections
        ));
    }
    if !visit.keeps_statements {
        let why = if url.keeps_statements {
            "does not track prepared statements"
        } else {
            "is configured to keep none"
        };
        return POOLER.warning(
            format!(
                "Connected through a pooler that {why}, so each statement is parsed every time"
            ),
            "Use PgBouncer 1.21 or newer with max_prepared_statements, or a direct connection",
        );
    }
    POOLER.ok("Connected through a pooler that tracks prepared statements")
}

async fn round_trip(visit: &ServerVisit) -> Finding {
    let all = match visit.round_trips(ROUND_TRIPS).await {
        Ok(all) if !all.is_empty() => all,
        Ok(_) => return ROUND_TRIP.skipped("Nothing was measured"),
        Err(error) => {
            return ROUND_TRIP
                .failed(format!("The connection broke: {error}"), "Check the server's log");
        }
    };
    let (median, p95) = (all[all.len() / 2], all[(all.len() * 95).div_ceil(100) - 1]);
    let detail = format!("median {}, 95th percentile {}", shown(median), shown(p95));
    if median > SLOW {
        return ROUND_TRIP
            .warning(detail, "Run Doorward in the region of its database: each request makes one");
    }
    ROUND_TRIP.ok(detail)
}

async fn clock(patient: &Patient, visit: &ServerVisit) -> Finding {
    match visit.clocks(&patient.clock).await {
        Ok(Some(clocks)) => apart(clocks),
        Ok(None) => CLOCK.skipped("The server's clock could not be read"),
        Err(error) => {
            CLOCK.failed(format!("The connection broke: {error}"), "Check the server's log")
        }
    }
}

/// The verdict on two clocks.
fn apart(Clocks { ahead, within }: Clocks) -> Finding {
    let distance = ahead.abs() - within.min(Duration::from_secs(1));
    let seconds = ahead.as_seconds_f64().abs();
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    let detail = format!("The server's clock is {seconds:.2} s {side} ours, ± {}", shown(within));
    let next = "Synchronise both clocks with NTP (timedatectl set-ntp true)";
    if distance > FAR_APART {
        CLOCK.failed(detail, next)
    } else if distance > APART {
        CLOCK.warning(detail, next)
    } else {
        CLOCK.ok(detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_apart_are_reported_by_how_much_that_matters() {
        let of = |seconds: f64| {
            let ahead = time::Duration::seconds_f64(seconds);
            apart(Clocks { ahead, within: Duration::from_millis(5) })
        };
        assert_eq!(of(0.3).status, Health::Ok);
        assert_eq!(of(-1.9).status, Health::Ok);
        assert_eq!(of(-5.0).status, Health::Warning);
        assert!(of(-5.0).detail.contains("5.00 s behind ours"));
        assert_eq!(of(90.0).status, Health::Failed);
    }

    #[test]
    fn a_clock_is_not_blamed_for_a_slow_network() {
        let ahead = time::Duration::seconds_f64(2.4);
        let slow = Clocks { ahead, within: Duration::from_millis(600) };
        assert_eq!(apart(slow).status, Health::Ok);
    }
}
