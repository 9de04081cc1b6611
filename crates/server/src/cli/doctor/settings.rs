//! The settings: whether a server would accept them, what is odd about them, and whether the settings for the
//! front end and mails are consistent.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::finding::{CheckName, Finding, Health};
use crate::app::reserved;
use crate::cli::sources::SourceArgs;
use crate::config::{AllowedOrigins, DatabaseUrl, Reserved, Resolved, Settings};

const LOAD: CheckName = CheckName("settings.load");
const ODD: CheckName = CheckName("settings.odd");
const MAIL: CheckName = CheckName("settings.mail");
const CORS: CheckName = CheckName("settings.cors");
const PASSKEYS: CheckName = CheckName("settings.passkeys");
const TEMPLATES: CheckName = CheckName("settings.templates");

/// The result of reading the settings.
pub(in crate::cli::doctor) struct Read {
    pub(in crate::cli::doctor) findings: Vec<Finding>,
    /// `None` if they are invalid.
    pub(in crate::cli::doctor) settings: Option<Settings>,
    pub(in crate::cli::doctor) secret_files: Vec<PathBuf>,
}

pub(in crate::cli::doctor) fn read(sources: &SourceArgs, database_url: Option<String>) -> Read {
    // Broken templates are reported separately and stop nothing else.
    let lenient = || Reserved { letter_problems: None, ..reserved() };
    let resolved = sources.gather_on(database_url.clone()).resolve(&lenient());
    let strict = sources.gather_on(database_url).strict().resolve(&lenient());
    let mut findings = vec![loaded(&resolved)];
    let problems = resolved.problems();
    if !problems.is_empty() {
        findings =
            problems.iter().map(|message| LOAD.of_sentence(Health::Failed, message)).collect();
    }
    let odd = strict.problems().into_iter().filter(|message| !problems.contains(message));
    let odd: BTreeSet<String> = resolved.warnings().iter().cloned().chain(odd).collect();
    findings.extend(odd.iter().map(|message| ODD.of_sentence(Health::Warning, message)));
    let secret_files = resolved.secret_files().to_vec();
    let settings = resolved.settings().ok();
    if let Some(settings) = &settings {
        findings.extend([mail(settings), cors(settings), passkeys(settings)]);
        findings.extend(templates(settings));
    }
    Read { findings, settings, secret_files }
}

fn loaded(resolved: &Resolved) -> Finding {
    let set: Vec<_> = resolved.values().iter().filter(|shown| shown.origin != "default").collect();
    let places: BTreeSet<&str> = set
        .iter()
        .map(|shown| shown.origin.split(' ').next().unwrap_or_default())
        // A derived value names the setting it is derived from.
        .filter(|origin| origin.contains(|c: char| c.is_ascii_lowercase()))
        .collect();
    let places: Vec<&str> = places.into_iter().collect();
    LOAD.ok(format!("{} settings are set, from: {}", set.len(), places.join(", ")))
}

fn mail(settings: &Settings) -> Finding {
    match settings.lacks_mail() {
        Some(message) => MAIL.of_sentence(Health::Failed, message),
        None if settings.sends_mail() => MAIL.ok("A mail server is set"),
        None => MAIL.ok("No mail server is set, and no enabled feature needs one"),
    }
}

/// Whether the front end that mails link to may call the API.
fn cors(settings: &Settings) -> Finding {
    let AllowedOrigins::List(list) = &settings.allowed_origins else {
        return CORS.ok("All ports of localhost are allowed, as in dev");
    };
    let origin =
        |url: &str| url::Url::parse(url).ok().map(|url| url.origin().ascii_serialization());
    let own = settings.public_url.as_deref().and_then(origin);
    let front = settings.letters.app_url.as_deref().and_then(origin);
    if let Some(front) = front.filter(|front| Some(front) != own.as_ref() && !list.contains(front))
    {
        return CORS.warning(
            format!("{front} (APP_URL) is not an allowed origin, so browsers block its requests"),
            format!("Add {front} to ALLOWED_ORIGINS, unless its server makes all requests"),
        );
    }
    let remote_http = list.iter().find(|one| one.starts_with("http://") && !is_local(one));
    if let Some(one) = remote_http {
        return CORS.warning(
            format!("The allowed origin {one} does not use https, so an attacker on the network can change its pages"),
            "Serve the front end over https and put that origin in ALLOWED_ORIGINS",
        );
    }
    if super::is_public(settings)
        && let Some(one) = list.iter().find(|one| is_local(one))
    {
        return CORS.warning(
            format!("The allowed origin {one} is on localhost, but PUBLIC_URL is public"),
            "Remove it from ALLOWED_ORIGINS in production",
        );
    }
    match list.len() {
        0 => CORS.ok("No other origins are allowed (ALLOWED_ORIGINS is empty)"),
        _ => CORS.ok(format!("Allowed origins: {}", list.join(", "))),
    }
}

fn is_local(origin: &str) -> bool {
    AllowedOrigins::Localhost.allows(origin)
}

fn passkeys(settings: &Settings) -> Finding {
    match settings.passkey_scope() {
        Ok(scope) => {
            let origins: Vec<_> =
                scope.origins.iter().map(|url| url.as_str().trim_end_matches('/')).collect();
            let domain = scope.rp_id.as_str();
            let host = settings.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
            let host = host.and_then(|url| url.host_str().map(str::to_owned));
            if let Some(host) = host.filter(|host| !scope.rp_id.covers(host)) {
                return PASSKEYS.warning(
                    format!("Passkeys are for {domain}, but the host of PUBLIC_URL, {host}, is not below it"),
                    "Set RP_ID to a common parent domain before anybody creates a passkey",
                );
            }
            PASSKEYS.ok(format!("They are for {domain}, on {}", origins.join(", ")))
        }
        Err(why) => PASSKEYS.skipped(why),
    }
}

fn templates(settings: &Settings) -> Vec<Finding> {
    let problems = reserved().letter_problems.map(|of| of(settings)).unwrap_or_default();
    if !problems.is_empty() {
        let next = "Correct it, then look at all mails with `doorward mail preview`";
        return problems.iter().map(|message| TEMPLATES.failed(message.as_str(), next)).collect();
    }
    match &settings.letters.templates {
        None => vec![TEMPLATES.ok("The built-in templates are used")],
        Some(folder) => {
            vec![TEMPLATES.ok(format!("All templates in {} work", folder.display()))]
        }
    }
}

/// Whether the database is a file.
pub(in crate::cli::doctor) fn is_sqlite(settings: &Settings) -> bool {
    matches!(settings.database, DatabaseUrl::Sqlite(_))
}
