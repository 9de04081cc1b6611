//! The one source of randomness: the operating system's generator, or a seeded one in tests. Ids are
//! UUIDv7 of the injected clock (RFC 9562 §5.7) and never serve as secrets.

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use uuid::Uuid;

/// Gives random bytes and ids; clones share a seeded stream.
#[derive(Clone, Debug, Default)]
pub struct Random {
    seeded: Option<Arc<Mutex<(u64, u64)>>>,
}

impl Random {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::default()
    }

    /// A repeatable stream for tests.
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Arc::new(Mutex::new((seed, 0)))) }
    }

    /// `N` unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seeded {
            None => {
                #[allow(clippy::expect_used, reason = "without entropy nothing safe can follow")]
                SystemRandom::new().fill(&mut bytes).expect("the system has a random generator");
            }
            Some(state) => {
                let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in bytes.chunks_mut(32) {
                    state.1 += 1;
                    let block = [state.0.to_le_bytes(), state.1.to_le_bytes()].concat();
                    chunk.copy_from_slice(&digest(&SHA256, &block).as_ref()[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// A new UUIDv7: time-ordered to the millisecond, 74 random bits.
    pub fn id(&self, now: OffsetDateTime) -> Uuid {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid()
    }
}
