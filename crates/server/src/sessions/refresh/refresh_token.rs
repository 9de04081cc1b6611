//! Refresh tokens: their format and the rotation rule, which never signs an honest client out and still
//! detects theft (RFC 9700 §4.14.2). The current token advances. A token one step behind gets the current
//! token again if a lost response or a second tab can explain it, a limited number of times. Anything older
//! is reuse.
//! The rule is only applied to tokens with a valid MAC, so nobody can end a session by guessing.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::crypto::{RefreshSecrets, SecretId};
use crate::sessions::{Beginning, Session};

pub(in crate::sessions) const PREFIX: &str = "dwr_";
/// Session id, counter, secret id.
const BODY: usize = 16 + 8 + 4;
const MAC: usize = 32;
/// Lost responses tolerated in consecutive generations. A thief and the owner alternating need one in each.
const MOST_REPEATS: i64 = 3;

/// A refresh token as sent, not yet verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// The session it names.
    pub session_id: Uuid,
    counter: i64,
    secret: SecretId,
    mac: [u8; MAC],
}

/// The counter of a token whose MAC is valid for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Genuine {
    pub(in crate::sessions) counter: i64,
}

/// The result for a genuine token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The current one: advance the counter and return the successor.
    Advance,
    /// One step behind, explained by an honest client: return the current token, extend nothing.
    Repeat,
    /// The same, but limited: to be counted first.
    Forgive,
    /// Reuse: end the session.
    Reused,
    /// Invalid, but no cause for alarm.
    Invalid,
}

/// How long reuse of the previous token is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgiveness {
    /// `REFRESH_GRACE`: after any rotation.
    pub grace: Duration,
    /// `REFRESH_RETRY`: while the successor is unconfirmed.
    pub retry: Duration,
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Presented({}, {})", self.session_id, self.counter)
    }
}

impl Presented {
    /// Parses `dwr_` and canonical base64url; `None` if it is not a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (body, mac) = bytes.split_at_checked(BODY)?;
        let counter = i64::from_be_bytes(body.get(16..24)?.try_into().ok()?);
        Some(Self {
            session_id: Uuid::from_slice(body.get(..16)?).ok()?,
            counter: (counter >= 0).then_some(counter)?,
            secret: body.get(24..)?.try_into().ok()?,
            mac: mac.try_into().ok()?,
        })
    }

    /// Verifies it against the session it names.
    pub fn prove(&self, begun: &Beginning, secrets: &RefreshSecrets) -> Option<Genuine> {
        let message = body(begun.id, self.counter, self.secret);
        (self.session_id == begun.id
            && secrets.verify(self.secret, &begun.salt, &message, &self.mac))
        .then_some(Genuine { counter: self.counter })
    }
}

/// The refresh token of this session and generation, with the current secret.
pub(in crate::sessions) fn mint(
    begun: &Beginning,
    counter: i64,
    secrets: &RefreshSecrets,
) -> Option<String> {
    let secret = secrets.current();
    let mut token = body(begun.id, counter, secret).to_vec();
    token.extend_from_slice(&secrets.mac(secret, &begun.salt, &token)?);
    Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(token)))
}

/// The rotation rule.
pub fn redeem(
    presented: Genuine,
    stored: &Session,
    forgive: Forgiveness,
    now: OffsetDateTime,
) -> Redemption {
    if !stored.is_live(now) || presented.counter > stored.counter {
        return Redemption::Invalid;
    }
    // Rotated in the future by a clock that was ahead: tolerated no longer than with a correct clock.
    let age = (now - stored.rotated_at).abs();
    let within = |limit: Duration| !limit.is_zero() && age <= limit;
    let unconfirmed = stored.confirmed < stored.counter;
    let retries = unconfirmed && within(forgive.retry);
    // Several tabs that wake up together count as one repeat.
    let at_once = stored
        .repeated_at
        .is_some_and(|at| !forgive.grace.is_zero() && at <= now && now - at <= forgive.grace);
    match stored.counter - presented.counter {
        0 => Redemption::Advance,
        1 if within(forgive.grace) || (retries && at_once) => Redemption::Repeat,
        1 if retries && stored.repeats < MOST_REPEATS => Redemption::Forgive,
        _ => Redemption::Reused,
    }
}

fn body(id: Uuid, counter: i64, secret: SecretId) -> [u8; BODY] {
    let mut body = [0; BODY];
    body[..16].copy_from_slice(id.as_bytes());
    body[16..24].copy_from_slice(&counter.to_be_bytes());
    body[24..].copy_from_slice(&secret);
    body
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::config::{DatabaseUrl, Secret, Settings};
    use crate::factors::{Authentication, Method, Methods};

    const ROTATED: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
    const DEFAULT: Forgiveness =
        Forgiveness { grace: Duration::from_secs(10), retry: Duration::from_hours(1) };
    const NONE: Forgiveness = Forgiveness { grace: Duration::ZERO, retry: Duration::ZERO };

    fn begun() -> Beginning {
        Beginning {
            id: Uuid::from_u128(7),
            user_id: Uuid::from_u128(8),
            salt: vec![1; 32],
            max_expires_at: ROTATED + Duration::from_hours(240),
        }
    }

    fn session(counter: i64, confirmed: i64) -> Session {
        Session {
            how: Authentication { at: ROTATED, methods: Methods::of(Method::Password) },
            begun: begun(),
            counter,
            confirmed,
            repeats: 0,
            repeated_at: None,
            rotated_at: ROTATED,
            expires_at: ROTATED + Duration::from_hours(24),
            ended_at: None,
        }
    }

    fn secrets(current: &str, previous: &[&str]) -> RefreshSecrets {
        let database = DatabaseUrl::Sqlite("x".into());
        let mut settings = Settings::new(database, Secret::new(current));
        settings.previous_secrets = previous.iter().map(|old| Secret::new(*old)).collect();
        RefreshSecrets::new(&settings)
    }

    fn at(counter: i64, stored: &Session, forgive: Forgiveness, seconds: i64) -> Redemption {
        let now = ROTATED + time::Duration::seconds(seconds);
        redeem(Genuine { counter }, stored, forgive, now)
    }

    #[test]
    fn the_current_token_always_advances() {
        for forgive in [DEFAULT, NONE] {
            for confirmed in [0, 4, 5] {
                for seconds in [-3600, 0, 10, 86_399] {
                    let stored = session(5, confirmed);
                    assert_eq!(at(5, &stored, forgive, seconds), Redemption::Advance);
                }
            }
        }
    }

    #[test]
    fn one_step_behind_is_forgiven_within_the_grace_even_if_confirmed() {
        for confirmed in [4, 5] {
            assert_eq!(at(4, &session(5, confirmed), DEFAULT, 0), Redemption::Repeat);
            assert_eq!(at(4, &session(5, confirmed), DEFAULT, 10), Redemption::Repeat);
        }
        assert_eq!(at(4, &session(5, 5), DEFAULT, 11), Redemption::Reused);
    }

    #[test]
    fn one_step_behind_is_forgiven_within_the_retry_while_unconfirmed() {
        assert_eq!(at(4, &session(5, 4), DEFAULT, 3600), Redemption::Forgive);
        assert_eq!(at(4, &session(5, 4), DEFAULT, 3601), Redemption::Reused);
        assert_eq!(at(4, &session(5, 5), DEFAULT, 3600), Redemption::Reused);
    }

    #[test]
    fn a_rotation_by_a_clock_that_was_ahead_forgives_no_longer() {
        assert_eq!(at(4, &session(5, 5), DEFAULT, -10), Redemption::Repeat);
        assert_eq!(at(4, &session(5, 5), DEFAULT, -11), Redemption::Reused);
        assert_eq!(at(4, &session(5, 4), DEFAULT, -3601), Redemption::Reused);
    }

    #[test]
    fn a_lost_answer_is_believed_three_times_and_tabs_that_ask_together_count_once() {
        for (repeats, since_last, expected) in [
            (0, 3600, Redemption::Forgive),
            (2, 11, Redemption::Forgive),
            (3, 10, Redemption::Repeat),
            (3, 11, Redemption::Reused),
        ] {
            let last = ROTATED + time::Duration::seconds(60 - since_last);
            let stored = Session { repeats, repeated_at: Some(last), ..session(5, 4) };
            assert_eq!(at(4, &stored, DEFAULT, 60), expected, "{repeats} {since_last}");
        }
    }

    #[test]
    fn two_steps_behind_is_theft_however_young() {
        for behind in 2..=5 {
            for forgive in [DEFAULT, NONE] {
                assert_eq!(at(5 - behind, &session(5, 0), forgive, 0), Redemption::Reused);
            }
        }
    }

    #[test]
    fn without_grace_and_retry_every_replay_is_theft() {
        for confirmed in [4, 5] {
            for seconds in [-1, 0, 1] {
                assert_eq!(at(4, &session(5, confirmed), NONE, seconds), Redemption::Reused);
            }
        }
        let retry_only = Forgiveness { grace: Duration::ZERO, ..DEFAULT };
        assert_eq!(at(4, &session(5, 4), retry_only, 0), Redemption::Forgive);
        assert_eq!(at(4, &session(5, 5), retry_only, 0), Redemption::Reused);
    }

    #[test]
    fn a_counter_above_the_stored_one_is_merely_invalid() {
        assert_eq!(at(6, &session(5, 5), DEFAULT, 0), Redemption::Invalid);
        assert_eq!(at(i64::MAX, &session(5, 5), DEFAULT, 0), Redemption::Invalid);
    }

    #[test]
    fn a_dead_session_redeems_nothing_and_raises_no_alarm() {
        let ended = Session { ended_at: Some(ROTATED), ..session(5, 5) };
        let over = Beginning { max_expires_at: ROTATED, ..begun() };
        let absolute = Session { begun: over, ..session(5, 5) };
        for counter in 0..=6 {
            assert_eq!(at(counter, &ended, DEFAULT, 0), Redemption::Invalid);
            assert_eq!(at(counter, &absolute, DEFAULT, 0), Redemption::Invalid);
            assert_eq!(at(counter, &session(5, 5), DEFAULT, 86_400), Redemption::Invalid);
        }
    }

    #[test]
    fn a_token_proves_itself_to_its_own_session_only() {
        let secrets = secrets("one", &[]);
        let own = begun();
        let text = mint(&own, 3, &secrets).unwrap();
        let token = Presented::parse(&text).unwrap();
        assert_eq!(token.prove(&own, &secrets), Some(Genuine { counter: 3 }));
        let resalted = Beginning { salt: vec![2; 32], ..own.clone() };
        assert_eq!(token.prove(&resalted, &secrets), None);
        let other = Beginning { id: Uuid::from_u128(9), ..own.clone() };
        assert_eq!(token.prove(&other, &secrets), None);
        assert_eq!(Presented { counter: 4, ..token }.prove(&own, &secrets), None);
        assert_eq!(token.prove(&own, &self::secrets("two", &[])), None);
    }

    #[test]
    fn a_token_of_a_previous_secret_proves_itself_and_the_next_is_made_by_the_new_one() {
        let own = begun();
        let (old, rotated) = (secrets("one", &[]), secrets("two", &["one"]));
        let text = mint(&own, 3, &old).unwrap();
        assert!(Presented::parse(&text).unwrap().prove(&own, &rotated).is_some());
        let next = Presented::parse(&mint(&own, 4, &rotated).unwrap()).unwrap();
        assert!(next.prove(&own, &secrets("two", &[])).is_some());
    }

    #[test]
    fn every_changed_or_missing_character_is_refused() {
        let secrets = secrets("one", &[]);
        let own = begun();
        let text = mint(&own, 3, &secrets).unwrap();
        assert!(text.starts_with("dwr_"));
        let proves = |text: &str| {
            Presented::parse(text).is_some_and(|token| token.prove(&own, &secrets).is_some())
        };
        assert!(proves(&text));
        for place in 0..text.len() {
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            assert!(!proves(&changed), "{changed}");
            assert!(!proves(&text[..place]), "cut at {place}");
        }
        for changed in [format!("{text}A"), format!("{text}="), format!(" {text}"), String::new()] {
            assert!(!proves(&changed), "{changed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(text in "(dwr_)?[A-Za-z0-9_-]{0,120}") {
            let _ = Presented::parse(&text);
        }
    }
}
