//! Argon2id (RFC 9106), version 1.3, with one lane: the kind of password hash that Doorward creates, and
//! nothing else. There are kernels for AVX-512, for AVX2 and for any processor, chosen at run time. The
//! results are the same as those of every other implementation.
//!
//! ```
//! use doorward_argon2id::{Arena, Costs, Input, Kernel, hash};
//!
//! let mut arena = Arena::default();
//! let input = Input { password: b"password", salt: b"somesalt", ..Input::default() };
//! let mut tag = [0; 32];
//! hash(Kernel::fastest(), Costs { memory_kib: 64, passes: 2 }, input, &mut arena, &mut tag)?;
//! assert_eq!(tag[..4], [0x16, 0xa1, 0xa4, 0x98]);
//! # Ok::<(), doorward_argon2id::HashFailure>(())
//! ```

mod arena;
mod digest;
mod hash;
mod kernel;
mod segment;

pub use arena::Arena;
pub use hash::{Costs, HashFailure, Input, hash};
pub use kernel::Kernel;
