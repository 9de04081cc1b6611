//! Codes: six digits in a mail for the client that requested them. A row is inserted on request, for
//! addresses with and without an account alike, so that guesses take the same time for both; the code itself
//! is generated with the mail. A code is only accepted from the client that requested it, which is identified
//! by the challenge it got or by its network. Wrong guesses at all codes of one address are counted together.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::store::{self, AskingClient};
use super::{NewSecret, OneTimeToken, Opened, Purpose, SingleUse, SixDigits, keyed};
use crate::crypto::Random;
use crate::db::Row;
use crate::error::Error;
use crate::input::{Field, Refusal};
use crate::sql::Step;

/// Guesses per code.
pub const GUESSES: i64 = 5;
/// Wrong guesses at all codes of an address per day. An attacker who keeps requesting mails for an address
/// succeeds once in 137 years on average; links in mails keep working.
pub const GUESSES_A_DAY: i64 = 20;
const DAY: Duration = Duration::from_hours(24);
/// Length of a challenge: 128 bits.
const CHALLENGE: usize = 22;

/// The challenge for the client that requests a code, with which it later identifies itself. It is useless
/// without the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// A new one.
    pub fn new(random: &Random) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random.bytes::<16>()))
    }

    /// The text, for the client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that was stored as text.
    pub fn kept(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Field for CodeChallenge {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        if text.len() > 4 * CHALLENGE {
            return Err((format!("is longer than {} bytes", 4 * CHALLENGE), "string_too_long"));
        }
        Ok(Self(text))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(4 * CHALLENGE)).into()
    }
}

/// The client that enters a code: for which address, and how it is identified.
#[derive(Clone, Copy, Debug)]
pub struct CodeClient<'a> {
    /// The address's `Email::key`.
    pub mailbox: &'a str,
    /// The challenge; if present, it alone decides.
    pub challenge: Option<&'a CodeChallenge>,
    /// Its network.
    pub network: Option<IpAddr>,
}

impl SingleUse {
    /// Steps that expect a code for this client, and invalidate earlier ones for the address.
    pub fn await_code(
        &self,
        purpose: Purpose,
        client: CodeClient<'_>,
        lives: Duration,
    ) -> [Step; 2] {
        self.prune_daily();
        let now = self.clock.now();
        let asking = self.asking(0, purpose, client);
        // Nobody gets this token; the row needs one.
        let digest = OneTimeToken::new(&self.random).digest(purpose);
        let purpose = purpose.as_str();
        [
            store::end_codes(asking.mailbox.clone(), purpose, now),
            store::insert_awaited(digest, purpose, asking, now, now + lives),
        ]
    }

    /// Whether the code that this client requested is still expected, and no other was requested since.
    pub async fn is_awaited(
        &self,
        purpose: Purpose,
        client: CodeClient<'_>,
    ) -> Result<bool, Error> {
        let Some(owner) = self.asking(0, purpose, client).owner else { return Ok(false) };
        let found = self.db.find::<Opened>(store::find_awaited(owner, purpose.as_str())).await?;
        Ok(found.is_some_and(|found| found.works_until > self.clock.now()))
    }

    /// A code, and the token of the equivalent link, with the steps that store them; these fail if another
    /// code was requested in the meantime.
    pub fn make_code(
        &self,
        new: NewSecret<'_>,
        client: CodeClient<'_>,
    ) -> (OneTimeToken, SixDigits, [Step; 2]) {
        let NewSecret { purpose, user, bound, lives } = new;
        let (token, code) = (OneTimeToken::new(&self.random), SixDigits::new(&self.random));
        let (now, owner) = (self.clock.now(), self.asking(0, purpose, client).owner);
        let filled = store::Filled {
            owner: owner.unwrap_or_default(),
            purpose: purpose.as_str(),
            digest: token.digest(purpose),
            code: code_digest(&self.keys[0], client.mailbox, &code),
            user,
            bound,
            works_until: now + lives,
            now,
        };
        (token, code, store::fill(filled))
    }

    /// What the code stands for, if it is right and this client requested it; each call is one of five
    /// guesses at it, and one of twenty a day for the address. `read` runs in the same round trip, and its
    /// row is returned.
    pub async fn guess(
        &self,
        purpose: Purpose,
        client: CodeClient<'_>,
        code: &SixDigits,
        read: Step,
    ) -> Result<(Option<Opened>, Option<Row>), Error> {
        let now = self.clock.now();
        let bounds =
            store::GuessBounds { most: GUESSES, most_a_day: GUESSES_A_DAY, since: now - DAY };
        let steps = self.keys.iter().enumerate().flat_map(|(number, key)| {
            let asking = self.asking(number, purpose, client);
            let code = code_digest(key, client.mailbox, code);
            store::guess(&asking, purpose.as_str(), code, bounds, now)
        });
        let mut rows = self.db.write(steps.chain([read]).collect()).await?;
        let besides = rows.pop().and_then(|rows| rows.into_iter().next());
        let opened = rows.iter().flatten().map(Row::read).next().transpose()?;
        Ok((opened, besides))
    }

    /// The digests of the client, with the key of this number. A challenge must match if present.
    fn asking(&self, key: usize, purpose: Purpose, client: CodeClient<'_>) -> AskingClient {
        let key = &self.keys[key];
        let CodeClient { mailbox, challenge, network } = client;
        let digest = |domain: &str, of: &str| {
            keyed(key, &[domain, purpose.as_str(), &format!("{mailbox}\0{of}")])
        };
        AskingClient {
            mailbox: keyed(key, &["doorward code mailbox v1", purpose.as_str(), mailbox]),
            owner: challenge.map(|given| digest("doorward code owner v1", given.as_str())),
            client: network.map(|ip| digest("doorward code client v1", &network_of(ip))),
        }
    }
}

/// The network that counts as one client: an IPv4 address, or an IPv6 /64.
fn network_of(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{:x}", ip.to_bits() >> 64),
    }
}

fn code_digest(key: &hmac::Key, mailbox: &str, code: &SixDigits) -> Vec<u8> {
    keyed(key, &["doorward code v1", code.expose(), mailbox])
}
