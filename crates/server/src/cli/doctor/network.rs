//! The other services: Redis, trusted issuers, Better Auth's tables, the mail server.

use std::time::Duration;

use super::finding::{CheckName, Finding, shown};
use super::patient::Patient;
use super::secrets;
use crate::identities::{self, Reached};
use crate::limiter;
use crate::mail;

const REDIS: CheckName = CheckName("network.redis");
const ISSUERS: CheckName = CheckName("network.issuers");
const BETTER_AUTH: CheckName = CheckName("network.better-auth");
const SMTP: CheckName = CheckName("mail.smtp");

/// A request waits at most 150 ms for it.
const REDIS_SLOW: Duration = Duration::from_millis(75);

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    let (redis, issuers, better_auth, smtp) = tokio::join!(
        patient.within(REDIS, redis(patient)),
        patient.all_within(ISSUERS, issuers(patient)),
        patient.within(BETTER_AUTH, better_auth(patient)),
        patient.within(SMTP, smtp(patient)),
    );
    let mut found = vec![redis];
    found.extend(issuers);
    found.extend([better_auth, smtp]);
    found
}

async fn redis(patient: &Patient) -> Finding {
    let Some(url) = &patient.settings.redis_url else {
        return REDIS.skipped("REDIS_URL is not set: each server counts separately");
    };
    let is_plain = url.in_plain_text().is_some();
    match limiter::round_trip(url).await {
        Err(why) => REDIS.failed(
            format!("It does not respond: {why}"),
            "Start it, or correct REDIS_URL; until then each server counts separately",
        ),
        Ok([connected, asked]) => {
            let detail =
                format!("It responds in {} (connected in {})", shown(asked), shown(connected));
            if is_plain {
                let next = "Use rediss:// in REDIS_URL, unless the network is trusted";
                REDIS.warning(
                    format!("{detail}, but the connection to another machine is not encrypted"),
                    next,
                )
            } else if asked > REDIS_SLOW {
                REDIS.warning(detail, "Use a closer one: rate-limited requests wait for it")
            } else {
                REDIS.ok(detail)
            }
        }
    }
}

async fn issuers(patient: &Patient) -> Vec<Finding> {
    let all = identities::reach(&patient.settings).await;
    if all.is_empty() {
        return vec![ISSUERS.skipped("No other issuers are configured")];
    }
    all.into_iter().map(|reached| issuer(&reached)).collect()
}

fn issuer(reached: &Reached) -> Finding {
    let Reached { issuer, setting, keys_at, keys } = reached;
    match keys {
        Ok((count, took)) => {
            let keys = if *count == 1 { "1 usable key".into() } else { format!("{count} usable keys") };
            ISSUERS.ok(format!("{issuer} publishes {keys} ({})", shown(*took)))
        }
        Err(why) => ISSUERS.failed(
            format!("The keys of {issuer} ({setting}) cannot be fetched from {keys_at}: {why}"),
            format!("Check that address from this machine, and {setting}; tokens of this issuer are rejected \
                until then"),
        ),
    }
}

async fn better_auth(patient: &Patient) -> Finding {
    let settings = &patient.settings;
    if settings.better_auth_url.is_none() {
        return BETTER_AUTH.skipped("BETTER_AUTH_URL is not set");
    }
    if super::settings::is_sqlite(settings) {
        return BETTER_AUTH.skipped("Its session tokens need PostgreSQL; its JWTs are accepted");
    }
    let app = match secrets::app(patient).await {
        Ok(app) => app,
        Err(why) => return BETTER_AUTH.skipped(why),
    };
    let survey = match app.keys.survey_foreign().await {
        Ok(survey) => survey,
        Err(error) => return BETTER_AUTH.skipped(format!("The database did not respond: {error}")),
    };
    if let Some(warning) = survey.warnings.first() {
        return BETTER_AUTH.failed(
            warning.as_str(),
            "Use the same database for both, or remove ACCEPT_COOKIES; see docs/better-auth.md",
        );
    }
    if let Some(refused) = survey.refused.first() {
        return BETTER_AUTH.warning(
            refused.as_str(),
            "Use the same database for both to accept its session tokens; see docs/better-auth.md",
        );
    }
    match survey.notes.first() {
        Some(note) => BETTER_AUTH.ok(note.as_str()),
        None => BETTER_AUTH.ok("Its tokens are accepted by its published keys"),
    }
}

async fn smtp(patient: &Patient) -> Finding {
    let settings = &patient.settings;
    let Some(url) = &settings.smtp_url else {
        return SMTP.skipped("It is not configured: set SMTP_URL and MAIL_FROM to send mails");
    };
    let place = format!("{}:{}", url.host(), url.port());
    let how = match (url.is_implicit_tls(), url.is_this_machine()) {
        (true, _) => "by TLS",
        (false, true) => "without TLS on this machine",
        (false, false) => "by STARTTLS",
    };
    let login = if url.login().is_some() { ", signed in" } else { ", without a login" };
    let next = "Check SMTP_URL and SMTP_CA_FILE; `doorward mail test you@example.com` sends a mail";
    match mail::greet(settings).await {
        Ok(()) => SMTP.ok(format!("{place} accepts the connection {how}{login}; nothing was sent")),
        Err(why) => SMTP.failed(why, next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Health;

    #[test]
    fn an_issuer_out_of_reach_is_named_with_its_setting() {
        let reached = Reached {
            issuer: "https://id.example".into(),
            setting: "NEON_AUTH_URL",
            keys_at: "https://id.example/jwks".into(),
            keys: Err("the answer is 404".into()),
        };
        let finding = issuer(&reached);
        assert_eq!(finding.status, Health::Failed);
        assert!(finding.detail.contains("NEON_AUTH_URL") && finding.detail.contains("404"));
    }
}
