//! The only source of randomness: the operating system's generator, or a seeded one in tests. Ids are UUIDv7
//! of the injected clock (RFC 9562 §5.7) and never used as secrets.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use uuid::Uuid;

/// Generates random bytes and ids; clones share a seeded stream.
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
        uuid::Builder::from_unix_timestamp_millis(millis, &self.filling()).into_uuid()
    }

    /// Random bytes for an id. Every request needs one, and a call to the generator costs the same for ten
    /// bytes as for hundreds, so each thread keeps a buffer.
    fn filling(&self) -> [u8; 10] {
        if self.seeded.is_some() {
            return self.bytes();
        }
        STORE.with_borrow_mut(|(bytes, used)| {
            if *used == bytes.len() {
                (*bytes, *used) = (self.bytes(), 0);
            }
            let mut filling = [0; 10];
            filling.copy_from_slice(&bytes[*used..*used + 10]);
            *used += 10;
            filling
        })
    }
}

thread_local! {
    /// Bytes for ids, and how many of them are used.
    static STORE: RefCell<([u8; 320], usize)> = const { RefCell::new(([0; 320], 320)) };
}
