//! Hashing: the kinds of password hashes, and the bounded pool of threads that computes them.

mod counted;
mod format;
mod hash_kind;
mod password_hash;
mod pool;
mod ready_hash;
mod stand_in;
mod stored_hash;
mod work;

pub use hash_kind::HashKind;
pub(in crate::passwords) use password_hash::prefix;
pub use pool::{HashingPool, Verdict};
pub use ready_hash::ReadyHash;
pub(crate) use stand_in::StandIn;
pub use stored_hash::{HashRefusal, recognise};
pub use work::Work;
