//! The secrets: their strength, who can read their files, and whether the key pairs in the database can be
//! decrypted with them.

use std::collections::BTreeSet;

use super::files;
use super::finding::{CheckName, Finding, Health};
use super::patient::Patient;
use crate::app::App;
use crate::config::{DatabaseUrl, Secret};
use crate::db::Database;
use crate::keys::{SigningKey, Stage};
use crate::passwords::is_common;
use crate::schema::Schema;

const STRENGTH: CheckName = CheckName("secrets.strength");
const PREVIOUS: CheckName = CheckName("secrets.previous");
const FILES: CheckName = CheckName("secrets.files");
const KEYS: CheckName = CheckName("secrets.keys");

/// The minimum strength of a random secret in bits.
const ENOUGH: f64 = 128.0;
/// A key that has signed for longer should be replaced.
const OLD: time::Duration = time::Duration::days(365);

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    let settings = &patient.settings;
    let mut found = vec![strength(STRENGTH, &settings.secret)];
    let weak = settings.previous_secrets.iter().map(|secret| strength(PREVIOUS, secret));
    found.push(match weak.into_iter().find(|finding| !finding.is_ok()) {
        Some(weak) => weak,
        None if settings.previous_secrets.is_empty() => PREVIOUS.ok("There are no previous secrets"),
        None => {
            let more = match settings.previous_secrets.len() {
                1 => "One previous secret is accepted; remove it from PREVIOUS_SECRETS when its last token has \
                    expired".into(),
                count => format!(
                    "{count} previous secrets are accepted; remove each from PREVIOUS_SECRETS when its last \
                        token has expired"
                ),
            };
            PREVIOUS.ok(more)
        }
    });
    found.extend(in_files(patient));
    found.push(patient.within(KEYS, keys(patient)).await);
    found
}

/// Short, published and repeated secrets are rejected with the settings; this checks more.
fn strength(check: CheckName, secret: &Secret) -> Finding {
    let text = String::from_utf8_lossy(secret.bytes());
    let next = "Generate a new one with `openssl rand -hex 32` and keep the old one in PREVIOUS_SECRETS for a while";
    if has_common_word(&text) {
        return check.warning("It contains one of the most common passwords", next);
    }
    let bits = bits(&text);
    if bits < ENOUGH {
        return check.warning(
            format!(
                "It has {} characters and about {bits:.0} bits, if it is random",
                text.chars().count()
            ),
            next,
        );
    }
    check.ok(format!(
        "{} bytes, about {bits:.0} bits if it was generated randomly",
        secret.bytes().len()
    ))
}

/// An upper bound of the entropy: its length in the smallest plausible alphabet.
fn bits(text: &str) -> f64 {
    let all = |of: fn(&char) -> bool| text.chars().all(|c| of(&c));
    let has = |of: fn(&char) -> bool| text.chars().any(|c| of(&c));
    let alphabet = if all(char::is_ascii_digit) {
        10
    } else if all(char::is_ascii_hexdigit) {
        16
    } else {
        let kinds = [
            (has(char::is_ascii_lowercase), 26),
            (has(char::is_ascii_uppercase), 26),
            (has(char::is_ascii_digit), 10),
            (has(char::is_ascii_punctuation), 12),
        ];
        kinds.into_iter().filter(|(has, _)| *has).map(|(_, size)| size).sum::<u32>().max(2)
    };
    let distinct = text.chars().collect::<BTreeSet<_>>().len();
    let alphabet =
        f64::from(alphabet).min(f64::from(u32::try_from(distinct).unwrap_or(u32::MAX)) * 2.0);
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)) * alphabet.log2()
}

fn has_common_word(text: &str) -> bool {
    const SHORTEST: usize = 8;
    const LONGEST: usize = 16;
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len()).any(|from| {
        (SHORTEST..=LONGEST).filter_map(|length| letters.get(from..from + length)).any(|part| {
            let part: String = part.iter().collect();
            // Digits alone occur in random hex.
            part.contains(|c: char| c.is_ascii_alphabetic()) && is_common(&part)
        })
    })
}

fn in_files(patient: &Patient) -> Vec<Finding> {
    let files = &patient.secret_files;
    let bad: Vec<_> = files.iter().filter_map(|path| files::secret(FILES, path)).collect();
    if !bad.is_empty() {
        return bad;
    }
    vec![if files.is_empty() {
        FILES.ok("No secret was read from a file")
    } else {
        let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
        FILES.ok(format!("Files that others can read or change: {}", names.join(", ")))
    }]
}

async fn keys(patient: &Patient) -> Finding {
    let settings = (*patient.settings).clone();
    if let DatabaseUrl::Sqlite(path) = &settings.database
        && !path.exists()
    {
        return KEYS.skipped("The database does not exist yet");
    }
    let algorithm = settings.token_algorithm;
    let app = match app(patient).await {
        Ok(app) => app,
        Err(why) => return KEYS.skipped(why),
    };
    let signing = app.signing_keys();
    match signing.trouble().await {
        Ok(None) => {}
        Ok(Some(message)) => return KEYS.of_sentence(Health::Failed, &message),
        Err(error) => return KEYS.skipped(format!("The database did not respond: {error}")),
    }
    let all = match signing.list().await {
        Ok(all) => all,
        Err(error) => return KEYS.skipped(format!("The database did not respond: {error}")),
    };
    let alive = |stage: Stage| stage != Stage::Removed;
    let closed: Vec<&str> = all
        .iter()
        .filter(|(key, stage, _)| alive(*stage) && !signing.opens(key))
        .map(|(key, _, _)| key.kid.as_str())
        .collect();
    if !closed.is_empty() {
        return KEYS.failed(
            format!("Encrypted with a secret that is not configured: {}", closed.join(", ")),
            "Add that secret to PREVIOUS_SECRETS, or retire them with `doorward key retire`",
        );
    }
    if algorithm.is_symmetric() {
        return KEYS.ok("Tokens are signed with the shared secret (HS256); no key pair is needed");
    }
    let signer = all.iter().find(|(key, _, signs)| *signs && key.algorithm == algorithm.name());
    let Some((key, _, _)) = signer else {
        return KEYS.failed(
            format!("No {algorithm} key signs"),
            format!("Run `doorward key create --algorithm {algorithm}`"),
        );
    };
    aged(key, patient.clock.now() - key.active_at, all.iter().filter(|it| alive(it.1)).count())
}

fn aged(key: &SigningKey, age: time::Duration, count: usize) -> Finding {
    let days = age.whole_days().max(0);
    let detail = format!(
        "{} {} has been signing for {days} days; {count} can be decrypted in all",
        key.algorithm, key.kid
    );
    if age > OLD {
        return KEYS.warning(detail, "Replace it with `doorward key rotate`: it signs nobody out");
    }
    let left = (OLD - age).whole_days();
    KEYS.ok(format!("{detail}; replace it within {left} days (`doorward key rotate`)"))
}

/// The application over a database with a current schema, or why there is none.
pub(super) async fn app(patient: &Patient) -> Result<App, String> {
    let settings = (*patient.settings).clone();
    if let DatabaseUrl::Sqlite(path) = &settings.database
        && !files::has_log(path)
    {
        return Err("No server has opened this file yet; opening it would change it".into());
    }
    let away = |error: &dyn std::fmt::Display| format!("The database did not respond: {error}");
    let db = Database::open_lazily(&settings.database).await.map_err(|error| away(&error))?;
    match db.schema().await {
        Ok(Schema::Current) => {
            Ok(App::new(settings, db, patient.clock.clone(), patient.random.clone()))
        }
        Ok(_) => Err("The database is not usable yet: see its checks".into()),
        Err(error) => Err(away(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_judged_by_what_guessing_them_takes() {
        let of = |text: &str| strength(STRENGTH, &Secret::new(text)).status;
        for strong in [
            "4d9f0c2b7a6e81539d0f4b2c6a8e1735f2d4c6b8a09e7f5d3c1b2a4958671e0d",
            "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eW",
        ] {
            assert_eq!(of(strong), Health::Ok, "{strong}");
        }
        for weak in ["82736451908273645190827364519182", "my-sunshine-iloveyou-my-sunshine-forever"]
        {
            assert_eq!(of(weak), Health::Warning, "{weak}");
        }
    }
}
