//! Who guesses, at whose password, and from where: what decides which row of `login_guards` counts.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use uuid::Uuid;

use super::{Guesses, store};
use crate::audit::{Actor, Event, Record};
use crate::gate::Gate;
use crate::input::Origin;
use crate::limiter::network;
use crate::sql::Step;
use crate::username::LoginName;

/// Where wrong codes from networks are counted that the account does not know.
const CODES: &str = "code";
/// Wrong codes in a row before the next has to wait: six digits are few, and three of them are right.
const FREE_CODES: i64 = 5;
/// Rows that addresses without an account share.
const STRANGERS: u32 = 1 << 20;

/// Whose password is guessed at, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Guesser {
    /// Guesses of one lane wait for each other.
    pub(super) lane: String,
    pub(super) gate: Option<Gate>,
    pub(super) suspect: Suspect,
    /// What to remember if the password is right.
    pub(super) place: Option<String>,
    /// Where the guess comes from.
    pub(super) origin: Origin,
    /// What is recorded where the guess is refused.
    pub(super) refused: Record,
    /// Guesses that are free, where fewer than the settings allow are.
    pub(super) free: Option<i64>,
}

/// Whose password is guessed at: the account of a key, else the row `otherwise`; counted for
/// `source` if the account knows it, else for `elsewhere`.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) email_key: Option<String>,
    pub(super) username_key: Option<String>,
    pub(super) otherwise: Uuid,
    pub(super) source: String,
    /// The source by the two secrets before the present one.
    pub(super) former: [String; 2],
    pub(super) elsewhere: String,
    /// The network as the list of newcomers names it.
    pub(super) newcomer: Option<String>,
}

impl Guesser {
    /// Somebody who is signed in and gives the password once more.
    pub(crate) fn holder(gate: Gate, origin: &Origin) -> Self {
        let source = format!("session {}", gate.session_id);
        let suspect = Suspect {
            email_key: None,
            username_key: None,
            otherwise: gate.user_id,
            source: source.clone(),
            former: [source.clone(), source.clone()],
            elsewhere: source,
            newcomer: None,
        };
        let actor = Actor::caller(gate, origin.clone());
        let refused = Record::by(&actor, Event::PasswordConfirm).about(gate.user_id);
        let lane = suspect.source.clone();
        Self {
            lane,
            gate: Some(gate),
            suspect,
            place: None,
            origin: origin.clone(),
            refused,
            free: None,
        }
    }

    /// The same with a code of a second factor.
    pub(crate) fn of_codes(mut self) -> Self {
        self.refused = self.refused.of(Event::FactorVerify);
        Self { free: Some(FREE_CODES), ..self }
    }
}

impl Guesses {
    /// Somebody whose password was right and who gives a code of a second factor. Codes are counted apart
    /// from passwords, and from networks that the account has signed in from with one apart from others:
    /// whoever stole the password cannot keep the owner out.
    pub(crate) fn of_codes(&self, account: Uuid, origin: &Origin) -> Guesser {
        // An empty name would be the row of passwords.
        let named = |place: String| {
            if place.is_empty() { CODES.to_owned() } else { format!("{CODES} {place}") }
        };
        let places = origin.ip.map(|ip| self.places(ip)).unwrap_or_default();
        let [source, former @ ..] = places.map(named);
        let place = (source != CODES).then(|| source.clone());
        let suspect = Suspect {
            email_key: None,
            username_key: None,
            otherwise: account,
            source,
            former,
            elsewhere: CODES.into(),
            newcomer: None,
        };
        let lane = format!("{account} {}", suspect.source);
        let refused = Record::from(origin, Event::FactorVerify).about(account);
        Guesser {
            lane,
            gate: None,
            suspect,
            place,
            origin: origin.clone(),
            refused,
            free: Some(FREE_CODES),
        }
    }

    /// Somebody who signs in. `typed` is what they gave as their address or user name.
    pub(crate) fn stranger(
        &self,
        typed: &str,
        name: Option<&LoginName>,
        origin: &Origin,
    ) -> Guesser {
        let key = name.map_or(typed, LoginName::key).to_owned();
        let places = origin.ip.map(|ip| self.places(ip)).unwrap_or_default();
        let [place, former @ ..] = places;
        let place = (!place.is_empty()).then_some(place);
        let suspect = Suspect {
            email_key: name.and_then(LoginName::email_key).map(str::to_owned),
            username_key: name.and_then(LoginName::username_key).map(str::to_owned),
            otherwise: self.row_of(&key),
            source: place.clone().unwrap_or_default(),
            former,
            elsewhere: String::new(),
            newcomer: origin.ip.map(|ip| self.newcomer(ip)),
        };
        let lane = format!("{key} {}", suspect.source);
        let refused = Record::from(origin, Event::Login);
        Guesser { lane, gate: None, suspect, place, origin: origin.clone(), refused, free: None }
    }

    /// Makes the network that somebody registers from known to their account, as signing in would.
    pub(crate) fn place(&self, account: Uuid, origin: &Origin) -> Option<Step> {
        let [place, ..] = self.places(origin.ip?);
        Some(store::insert_place(account, &place, self.clock.now()))
    }

    /// The row of an address that no account may have.
    fn row_of(&self, address: &str) -> Uuid {
        let tag = hmac::sign(self.key(), format!("doorward guess v1 {address}").as_bytes());
        let mut number = [0; 4];
        number.copy_from_slice(&tag.as_ref()[..4]);
        Uuid::from_u128(u128::from(u32::from_be_bytes(number) % STRANGERS))
    }

    /// A network as the table names it, by the present secret and those before it: nobody reads there
    /// where people sign in from, and a new secret makes nobody a stranger at home.
    fn places(&self, ip: IpAddr) -> [String; 3] {
        let message = format!("doorward place v1 {}", network(ip));
        std::array::from_fn(|number| {
            let Some(key) = self.keys.get(number) else { return String::new() };
            format!("net {}", hex(&hmac::sign(key, message.as_bytes()).as_ref()[..16]))
        })
    }

    /// A network as the list of newcomers names it: whoever has one address has its neighbours.
    fn newcomer(&self, ip: IpAddr) -> String {
        let wide = match ip.to_canonical() {
            IpAddr::V4(ip) => u128::from(ip.to_bits() >> 8),
            IpAddr::V6(ip) => ip.to_bits() >> 80,
        };
        let message = format!("doorward newcomer v1 {wide:x}");
        hex(&hmac::sign(self.key(), message.as_bytes()).as_ref()[..3])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
