//! A whole hash: what goes in, what it costs, what can go wrong.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::arena::{Arena, Block, WORDS};
use crate::digest::{first_digest, long_digest};
use crate::kernel::Kernel;
use crate::segment::{SLICES, Segment};

/// What a hash is made from. The RFC's secret and associated data are left empty by most.
#[derive(Clone, Copy, Default)]
pub struct Input<'a> {
    /// The password: up to 2³² − 1 bytes, none too.
    pub password: &'a [u8],
    /// The salt: 8 bytes or more.
    pub salt: &'a [u8],
    /// A key that the database does not hold.
    pub secret: &'a [u8],
    /// Whatever else the hash is to depend on.
    pub associated: &'a [u8],
}

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Memory in KiB, 8 or more. As the RFC has it, what four do not divide is rounded down.
    pub memory_kib: u32,
    /// How often the memory is filled, once or more.
    pub passes: u32,
}

/// Why there is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFailure {
    /// Less than 8 KiB of memory.
    MemoryTooSmall,
    /// No pass at all.
    NoPass,
    /// A salt of less than 8 bytes.
    SaltTooShort,
    /// A tag of less than 4 bytes.
    TagTooShort,
    /// An input or a tag of more than 2³² − 1 bytes.
    TooLong,
    /// The memory asked for is not there.
    OutOfMemory,
}

impl fmt::Display for HashFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::MemoryTooSmall => "Argon2id needs 8 KiB of memory or more",
            Self::NoPass => "Argon2id needs one pass or more",
            Self::SaltTooShort => "a salt has 8 bytes or more",
            Self::TagTooShort => "a tag has 4 bytes or more",
            Self::TooLong => "an input or a tag is longer than Argon2id takes",
            Self::OutOfMemory => "there is not enough memory for this hash",
        })
    }
}

impl std::error::Error for HashFailure {}

/// Fills `tag` with the hash of an input. The arena keeps what the hash was made from until it is wiped,
/// used again or dropped.
///
/// # Errors
/// Costs, salts and tags that the RFC does not allow, and memory that is not there.
pub fn hash(
    kernel: Kernel,
    costs: Costs,
    input: Input<'_>,
    arena: &mut Arena,
    tag: &mut [u8],
) -> Result<(), HashFailure> {
    let refused = [
        (costs.memory_kib < 8, HashFailure::MemoryTooSmall),
        (costs.passes == 0, HashFailure::NoPass),
        (input.salt.len() < 8, HashFailure::SaltTooShort),
        (tag.len() < 4, HashFailure::TagTooShort),
    ];
    if let Some((_, why)) = refused.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return Err(why);
    }
    let slice_length = usize::try_from(costs.memory_kib).map_err(|_| HashFailure::OutOfMemory)? / 4;
    let digest = first_digest(costs, input, tag.len())?;
    let memory = arena.blocks(slice_length * SLICES).ok_or(HashFailure::OutOfMemory)?;
    begin(memory, &*digest)?;
    for pass in 0..costs.passes {
        for slice in 0..SLICES {
            kernel
                .fill(memory, &Segment { pass, passes: costs.passes, slice, length: slice_length });
        }
    }
    let last = memory.last().map(|last| Zeroizing::new(last.to_bytes()));
    long_digest(&[last.as_ref().map_or(&[][..], |bytes| &bytes[..])], tag)
}

/// The first two blocks (RFC 9106, 3.2, steps 3 and 4).
fn begin(memory: &mut [Block], digest: &[u8]) -> Result<(), HashFailure> {
    const LANE: [u8; 4] = [0; 4];
    let mut bytes = Zeroizing::new([0; 8 * WORDS]);
    for (number, block) in (0_u32..2).zip(memory) {
        long_digest(&[digest, &number.to_le_bytes(), &LANE], &mut *bytes)?;
        *block = Block::from_bytes(&bytes);
        bytes.zeroize();
    }
    Ok(())
}
