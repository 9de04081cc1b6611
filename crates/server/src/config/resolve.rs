//! Parses texts into [`Settings`], checks combinations, and reports all problems together, so that they can
//! be fixed in one go.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::log_targets;
use super::plain_text;
use super::{DatabaseUrl, LogFormat, Secret, Settings, TokenProfile};
use crate::config::entry::entries::ENTRIES;
use crate::config::entry::masked::masked;
use crate::config::entry::table::{Secrecy, lookup};
use crate::config::entry::word::MAKE_A_SECRET;
use crate::config::source::gather::{Found, Gathered, SettingProblem};

/// Settings being resolved, with their problems.
#[derive(Debug)]
pub struct Resolved {
    settings: Settings,
    values: Vec<Shown>,
    warnings: Vec<String>,
    problems: Vec<SettingProblem>,
    secret_files: Vec<PathBuf>,
}

/// A setting as shown by `config print`.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Shown {
    /// Its name.
    pub name: &'static str,
    /// Its value, with secrets masked; `None` if it has none.
    pub value: Option<String>,
    /// The source of the value.
    pub origin: String,
}

/// The source of an unset value.
const DEFAULT: &str = "default";
const SHARED: &str = "ACCEPT_SHARED_SECRET_TOKENS";
const SECRET: &str = "BETTER_AUTH_SECRET";
/// The settings implied by a value of `COMPAT`, by name.
pub type SettingsOf = fn(&str) -> Vec<(String, String)>;
/// The first segments of the server's own paths, from its routes.
#[derive(Clone, Debug, Default)]
pub struct Reserved {
    /// At the root.
    pub top: BTreeSet<String>,
    /// Below `AUTH_PATH`.
    pub below_auth: BTreeSet<String>,
    /// Settings that the dialects in `COMPAT` set by default.
    pub settings_of: Option<SettingsOf>,
    /// Checks the dialects.
    pub dialect_problems: Option<fn(&Settings) -> Vec<String>>,
    /// Checks the mail templates and links.
    pub letter_problems: Option<fn(&Settings) -> Vec<String>>,
}

impl Gathered {
    /// Parses all texts.
    pub fn resolve(mut self, reserved: &Reserved) -> Resolved {
        if let (Some(found), Some(of)) = (self.found.get("COMPAT"), reserved.settings_of) {
            for (name, text) in of(&found.text) {
                if let Some(named) = lookup(&name) {
                    self.fall_back(named.setting.name, text, "COMPAT");
                }
            }
        }
        let database = DatabaseUrl::Sqlite("doorward.db".into());
        let mut settings = Settings::new(database, Secret::new(""));
        let mut values = Vec::with_capacity(ENTRIES.len());
        for setting in ENTRIES {
            let Some(found) = self.found.get(setting.name) else {
                values.push(by_default(setting.name, setting.default));
                continue;
            };
            match setting.set(found.rank).map(|set| set(&mut settings, found.text.trim())) {
                None => self.warnings.push(format!(
                    "{} is not supported by this version yet and has no effect.",
                    found.label
                )),
                Some(Err(what)) => self.problems.push(SettingProblem {
                    setting: Some(setting.name),
                    sentence: sentence(found, &what),
                }),
                Some(Ok(())) => {}
            }
            values.push(shown(setting.name, setting.secrecy, found));
        }
        if let DatabaseUrl::Sqlite(file) = &mut settings.database {
            file.tuning = settings.sqlite;
        }
        if !self.found.contains_key(SECRET) && !self.complains_about(SECRET) {
            let sentence = format!("{SECRET} is not set: {MAKE_A_SECRET}.");
            self.problems.push(SettingProblem { setting: Some(SECRET), sentence });
        }
        if !self.found.contains_key(SHARED)
            && let Some(secret) = self.found.get(SECRET)
            && secret.rank == 0
            && secret.origin != "dev"
            && secret.origin != "random"
        {
            settings.accept_shared_secret_tokens = true;
            if let Some(shared) = values.iter_mut().find(|value| value.name == SHARED) {
                shared.value = Some("true".into());
                shared.origin = SECRET.into();
            }
        }
        if !self.found.contains_key("TOKEN_ISSUER")
            && let Some(url) = &settings.public_url
        {
            settings.token_issuer.clone_from(url);
            if let Some(issuer) = values.iter_mut().find(|value| value.name == "TOKEN_ISSUER") {
                issuer.value = Some(url.clone());
                issuer.origin = "PUBLIC_URL".into();
            }
        }
        self.judge_shared();
        self.warnings.extend(plain_text::warnings(&settings));
        let is_reachable =
            settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        if settings.token_profile == TokenProfile::Neon && !is_reachable {
            let sentence = "TOKEN_PROFILE=neon: Neon fetches keys only over https, at \
                /.well-known/jwks.json below PUBLIC_URL: set PUBLIC_URL to an https address.";
            self.warnings.push(sentence.into());
        }
        if settings.accept_cookies && matches!(settings.database, DatabaseUrl::Sqlite(_)) {
            let sentence = "ACCEPT_COOKIES with SQLite accepts only the sessions that \
                `doorward import better-auth` took over: Better Auth's own are looked up in its PostgreSQL database.";
            self.warnings.push(sentence.into());
        }
        let mut problems = self.problems;
        problems.extend(contradictions(&settings, reserved));
        let secret_files = self.secret_files.into_iter().collect();
        Resolved { settings, values, warnings: self.warnings, problems, secret_files }
    }

    /// Checks files shared with other programs, whose unknown lines a server ignores.
    fn judge_shared(&mut self) {
        let broken = std::mem::take(&mut self.broken);
        if !self.strict {
            return self.warnings.extend(broken);
        }
        let problem = |sentence| SettingProblem { setting: None, sentence };
        self.problems.extend(broken.into_iter().map(problem));
        if let Some(filter) =
            self.found.get("RUST_LOG").filter(|_| !self.complains_about("RUST_LOG"))
            && let Some(what) = log_targets::unknown(&filter.text)
        {
            let sentence = format!("{} {what}", filter.label);
            self.problems.push(SettingProblem { setting: Some("RUST_LOG"), sentence });
        }
    }

    fn complains_about(&self, name: &str) -> bool {
        self.problems.iter().any(|problem| problem.setting == Some(name))
    }
}

impl Resolved {
    /// The settings, if valid; otherwise all problems, a sentence each.
    pub fn settings(self) -> Result<Settings, Vec<String>> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self.settings) } else { Err(problems) }
    }

    /// The settings that are set, as a list: short values of non-secret ones, names of the others.
    pub fn changed(&self) -> String {
        let set = self.values.iter().filter(|value| value.origin != DEFAULT);
        let plain = |name| lookup(name).is_some_and(|it| it.setting.secrecy == Secrecy::Plain);
        let said = set.map(|value| match &value.value {
            Some(text) if plain(value.name) && is_short(text) => format!("{}={text}", value.name),
            _ => value.name.to_owned(),
        });
        said.collect::<Vec<_>>().join(" ")
    }

    /// The log format, which is known even if other settings are invalid.
    pub fn log_format(&self) -> LogFormat {
        self.settings.log_format
    }

    /// The files that contain a secret.
    pub fn secret_files(&self) -> &[PathBuf] {
        &self.secret_files
    }

    /// All settings for display.
    pub fn values(&self) -> &[Shown] {
        &self.values
    }

    /// Warnings, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Problems, a sentence each.
    pub fn problems(&self) -> Vec<String> {
        self.problems.iter().map(|problem| problem.sentence.clone()).collect()
    }
}

/// Whether a value fits into a line with others, unlike a section of the file.
fn is_short(text: &str) -> bool {
    text.len() <= 100 && !text.contains(|c: char| c.is_control() || c == '"' || c == '\\')
}

/// A parser's error is the end of a sentence, or a complete sentence. It may quote a value of any length.
fn sentence(found: &Found, what: &str) -> String {
    let what = harmless(what);
    let label = &found.label;
    if what.starts_with(char::is_uppercase) {
        format!("{label}: {what}")
    } else {
        format!("{label} {what}.")
    }
}

/// Truncated in the middle and without control characters; what to do is at the end.
fn harmless(what: &str) -> String {
    const LONGEST: usize = 300;
    const END: usize = 120;
    let all: Vec<char> = what.chars().collect();
    let escaped = |chars: &[char]| -> String {
        let each =
            |c: &char| if c.is_control() { c.escape_default().to_string() } else { (*c).into() };
        chars.iter().map(each).collect()
    };
    if all.len() <= LONGEST {
        return escaped(&all);
    }
    let (begin, end) = (&all[..LONGEST - END], &all[all.len() - END..]);
    format!("{}…{}", escaped(begin), escaped(end))
}

fn by_default(name: &'static str, default: &str) -> Shown {
    let value = (!default.is_empty()).then(|| default.replace('`', ""));
    Shown { name, value, origin: DEFAULT.into() }
}

fn shown(name: &'static str, secrecy: Secrecy, found: &Found) -> Shown {
    let value = masked(secrecy, found.text.trim()).escape_debug().to_string();
    Shown { name, value: Some(value), origin: found.origin.clone() }
}

/// Contradictions between settings.
fn contradictions(settings: &Settings, reserved: &Reserved) -> Vec<SettingProblem> {
    let mut sentences = Vec::new();
    if settings.session_idle_ttl > settings.session_max_ttl {
        sentences.push((
            "SESSION_IDLE_TTL",
            "SESSION_IDLE_TTL is longer than SESSION_MAX_TTL: shorten it, or raise the other."
                .into(),
        ));
    }
    if settings.smtp_url.is_some() && settings.mail_from.is_none() {
        let sentence = "SMTP_URL needs MAIL_FROM, the sender: set it to an address that the mail server \
            takes, such as Example <no-reply@example.com>.";
        sentences.push(("MAIL_FROM", sentence.into()));
    }
    if settings.accept_cookies {
        let name = "ACCEPT_COOKIES";
        if settings.better_auth_url.is_none() {
            let sentence =
                "needs BETTER_AUTH_URL, whose session cookie is the only one that counts.";
            sentences.push((name, format!("{name} {sentence}")));
        }
    }
    if settings.token_profile == TokenProfile::Neon && settings.token_algorithm.is_symmetric() {
        let sentence = "TOKEN_PROFILE=neon needs TOKEN_ALGORITHM=EdDSA (or ES256, RS256): Neon verifies by published \
            keys, and HS256 has none.";
        sentences.push(("TOKEN_PROFILE", sentence.into()));
    }
    let neon = settings.neon_auth_issuer();
    let (better_auth, own) = (settings.better_auth_url.as_deref(), settings.token_issuer.as_str());
    if neon.is_some() && (neon.as_deref() == better_auth || neon.as_deref() == Some(own)) {
        let name = "NEON_AUTH_URL";
        let sentence = format!(
            "{name} names an issuer that counts already, since another setting has its origin: take one of them out."
        );
        sentences.push((name, sentence));
    }
    let taken = [better_auth, Some(own), neon.as_deref()];
    for one in &settings.trusted_issuers {
        if taken.contains(&Some(one.issuer.as_str())) {
            let sentence =
                format!("TRUSTED_ISSUERS names {}, which counts already: take it out.", one.issuer);
            sentences.push(("TRUSTED_ISSUERS", sentence));
        }
    }
    if let Some(issuer) = settings.shared_secret_issuer.as_deref()
        && (taken.contains(&Some(issuer))
            || settings.trusted_issuers.iter().any(|one| one.issuer == issuer))
    {
        let name = "SHARED_SECRET_ISSUER";
        let sentence =
            format!("{name} names {issuer}, whose tokens are checked by other keys: name another.");
        sentences.push((name, sentence));
    }
    let (auth, tasks) = (&settings.auth_path, &settings.tasks_path);
    for (name, path) in [("AUTH_PATH", auth), ("TASKS_PATH", tasks)] {
        let first = path.split('/').nth(1).unwrap_or_default();
        if reserved.top.contains(first) {
            let sentence = format!(
                "{name} begins with /{first}, which the server uses itself: choose another."
            );
            sentences.push((name, sentence));
        }
    }
    let below = tasks.strip_prefix(auth.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let word = below.and_then(|rest| rest.split('/').next());
    if auth == tasks
        || word.is_some_and(|word| reserved.below_auth.contains(word) || word.starts_with('{'))
        || auth.strip_prefix(tasks.as_str()).is_some_and(|rest| rest.starts_with('/'))
    {
        let sentence = format!("AUTH_PATH ({auth}) and TASKS_PATH ({tasks}) overlap: move one.");
        sentences.push(("TASKS_PATH", sentence));
    }
    let wrong = settings.passkey_problem();
    sentences.extend(wrong.map(|sentence| {
        let named =
            if sentence.contains("RP_ID") { sentence } else { format!("RP_ID: {sentence}") };
        ("RP_ID", named)
    }));
    let wrong = reserved.dialect_problems.map(|of| of(settings)).unwrap_or_default();
    sentences.extend(wrong.into_iter().map(|sentence| ("COMPAT", sentence)));
    let wrong = reserved.letter_problems.map(|of| of(settings)).unwrap_or_default();
    sentences.extend(wrong.into_iter().map(|sentence| ("MAIL_TEMPLATES", sentence)));
    sentences
        .into_iter()
        .map(|(name, sentence)| SettingProblem { setting: Some(name), sentence })
        .collect()
}
