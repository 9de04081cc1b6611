//! Guesses at passwords, as a process remembers them: those under way, and under which names the database
//! counts them.

mod lane;

pub(crate) use lane::Turn;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::config::Settings;
use crate::error::Error;
use crate::limiter::network;
use lane::GuessLanes;

/// Rows that addresses without an account share.
const STRANGERS: u32 = 1 << 20;

/// Counts guesses; clones share the lanes of this process.
#[derive(Clone, Debug)]
pub struct Guesses {
    lanes: Arc<GuessLanes>,
    key: hmac::Key,
    free: i64,
}

impl Guesses {
    /// The guard of these settings.
    pub fn new(settings: &Settings) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, settings.secret.bytes());
        let free = settings.login_max_failures;
        Self { lanes: GuessLanes::new(free), key, free: i64::from(free) }
    }

    /// The row of an address that no account may have.
    pub(crate) fn stranger(&self, address: &str) -> Uuid {
        let tag = hmac::sign(&self.key, format!("doorward guess v1 {address}").as_bytes());
        let mut number = [0; 4];
        number.copy_from_slice(&tag.as_ref()[..4]);
        Uuid::from_u128(u128::from(u32::from_be_bytes(number) % STRANGERS))
    }

    /// A network as the table names it: nobody reads there where people sign in from.
    pub(crate) fn place(&self, ip: IpAddr) -> String {
        let message = format!("doorward place v1 {}", network(ip));
        let tag = hmac::sign(&self.key, message.as_bytes());
        tag.as_ref()[..16].iter().fold(String::from("net "), |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// How many wrong ones in a row are free.
    pub(crate) fn free(&self) -> i64 {
        self.free
    }

    /// Waits for a turn in the lane of `key`.
    pub(crate) async fn turn(&self, key: String) -> Result<Turn, Error> {
        self.lanes.turn(key).await
    }
}
