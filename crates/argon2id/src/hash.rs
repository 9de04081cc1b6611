//! Computes a hash: inputs, costs, errors.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::arena::{Arena, Block, WORDS};
use crate::digest::{first_digest, long_digest};
use crate::kernel::Kernel;
use crate::segment::{SLICES, Segment};

/// The inputs of a hash. Most callers leave the RFC's secret and associated data empty.
#[derive(Clone, Copy, Default)]
pub struct Input<'a> {
    /// The password: 0 to 2³² − 1 bytes.
    pub password: &'a [u8],
    /// The salt: at least 8 bytes.
    pub salt: &'a [u8],
    /// A secret key (a pepper) that is not stored in the database.
    pub secret: &'a [u8],
    /// Associated data.
    pub associated: &'a [u8],
}

/// The cost parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Memory in KiB, at least 8. As in the RFC, it is rounded down to a multiple of four.
    pub memory_kib: u32,
    /// The number of passes over the memory, at least one.
    pub passes: u32,
}

/// Why a hash could not be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFailure {
    /// Less than 8 KiB of memory.
    MemoryTooSmall,
    /// Zero passes.
    NoPass,
    /// A salt shorter than 8 bytes.
    SaltTooShort,
    /// A tag shorter than 4 bytes.
    TagTooShort,
    /// An input or a tag longer than 2³² − 1 bytes.
    TooLong,
    /// The memory could not be allocated.
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

/// Fills `tag` with the hash. The arena retains data derived from the inputs until it is wiped, reused or
/// dropped.
///
/// # Errors
/// Returned for costs, salts and tags that the RFC does not allow, and if memory cannot be allocated.
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
