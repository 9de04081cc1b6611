//! Who guesses, at whose password, and from where, which determines the row of `login_guards`.

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

/// The source for wrong codes from networks that the account does not know.
const CODES: &str = "code";
/// Consecutive wrong codes before a delay: six digits are few, and three of them are right.
const FREE_CODES: i64 = 5;
/// Rows shared by addresses without an account.
const STRANGERS: u32 = 1 << 20;

/// Whose password is guessed at, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Guesser {
    /// Guesses in one lane wait for each other.
    pub(super) lane: String,
    pub(super) gate: Option<Gate>,
    pub(super) suspect: Suspect,
    /// The network to store if the password is right.
    pub(super) place: Option<String>,
    /// The origin of the guess.
    pub(super) origin: Origin,
    /// The record of a rejected guess.
    pub(super) refused: Record,
    /// The number of free guesses, if lower than the setting.
    pub(super) free: Option<i64>,
}

/// Whose password is guessed at: the account with a key, or the row `otherwise`; counted for `source` if the
/// account knows it, otherwise for `elsewhere`.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) email_key: Option<String>,
    pub(super) username_key: Option<String>,
    pub(super) otherwise: Uuid,
    pub(super) source: String,
    /// The source under the two previous secrets.
    pub(super) former: [String; 2],
    pub(super) elsewhere: String,
    /// The network in the list of newcomers.
    pub(super) newcomer: Option<String>,
}

impl Guesser {
    /// A signed-in user who enters the password again.
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
    /// A user whose password was right and who enters a code of a second factor. Codes are counted separately
    /// from passwords, and by network if the account has signed in from it with one: somebody who stole the
    /// password cannot lock the owner out.
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

    /// A user who signs in. `typed` is the address or user name they entered.
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

    /// Marks the network of a registration as known to the account, as signing in would.
    pub(crate) fn place(&self, account: Uuid, origin: &Origin) -> Option<Step> {
        let [place, ..] = self.places(origin.ip?);
        Some(store::insert_place(account, &place, self.clock.now()))
    }

    /// The row of an address that may have no account.
    fn row_of(&self, address: &str) -> Uuid {
        let tag = hmac::sign(self.key(), format!("doorward guess v1 {address}").as_bytes());
        let mut number = [0; 4];
        number.copy_from_slice(&tag.as_ref()[..4]);
        Uuid::from_u128(u128::from(u32::from_be_bytes(number) % STRANGERS))
    }

    /// A network as stored, under the current and previous secrets: the table does not reveal networks, and
    /// they stay known when the secret is rotated.
    fn places(&self, ip: IpAddr) -> [String; 3] {
        let message = format!("doorward place v1 {}", network(ip));
        std::array::from_fn(|number| {
            let Some(key) = self.keys.get(number) else { return String::new() };
            format!("net {}", hex(&hmac::sign(key, message.as_bytes()).as_ref()[..16]))
        })
    }

    /// A network in the list of newcomers: whoever has one address has its neighbours.
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
