//! The two hashes around the memory, both based on `BLAKE2b`: H0, which hashes all inputs, and H', whose
//! output has any length.

use blake2::digest::Output;
use blake2::digest::block_api::{UpdateCore, VariableOutputCore};
use blake2::digest::block_buffer::LazyBuffer;
use blake2::{Blake2b512, Blake2bVarCore, Digest};
use zeroize::{Zeroize, Zeroizing};

use crate::hash::{Costs, HashFailure, Input};

/// The output of each hash in H' except the last, 32 bytes at a time.
const HALF: usize = 32;
const FULL: usize = 64;

/// H0 (RFC 9106, 3.2, step 1) for one lane, version 1.3, Argon2id.
pub(crate) fn first_digest(
    costs: Costs,
    input: Input<'_>,
    tag_length: usize,
) -> Result<Zeroizing<[u8; FULL]>, HashFailure> {
    const LANES: u32 = 1;
    const VERSION: u32 = 0x13;
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| HashFailure::TooLong);
    let mut digest = Blake2b512::new();
    let numbers = [LANES, length(tag_length)?, costs.memory_kib, costs.passes, VERSION, ARGON2ID];
    for number in numbers {
        Digest::update(&mut digest, number.to_le_bytes());
    }
    for part in [input.password, input.salt, input.secret, input.associated] {
        Digest::update(&mut digest, length(part.len())?.to_le_bytes());
        Digest::update(&mut digest, part);
    }
    Ok(Zeroizing::new(digest.finalize().into()))
}

/// The type number of Argon2id.
pub(crate) const ARGON2ID: u32 = 2;

/// H' (RFC 9106, 3.3): fills `out` from the concatenated input.
pub(crate) fn long_digest(input: &[&[u8]], out: &mut [u8]) -> Result<(), HashFailure> {
    let length = u32::try_from(out.len()).map_err(|_| HashFailure::TooLong)?.to_le_bytes();
    if out.len() <= FULL {
        return short_digest(std::iter::once(&length[..]).chain(input.iter().copied()), out);
    }
    let mut digest = Blake2b512::new();
    Digest::update(&mut digest, length);
    for part in input {
        Digest::update(&mut digest, part);
    }
    let mut last = digest.finalize();
    let mut rest = out;
    while rest.len() > FULL {
        let (chunk, tail) = rest.split_at_mut(HALF);
        chunk.copy_from_slice(&last[..HALF]);
        rest = tail;
        if rest.len() > FULL {
            last = Blake2b512::digest(last);
        }
    }
    let made = short_digest(std::iter::once(&last[..]), rest);
    last.as_mut_slice().zeroize();
    made
}

/// `BLAKE2b` with an output of 1 to 64 bytes.
fn short_digest<'a>(
    input: impl Iterator<Item = &'a [u8]>,
    out: &mut [u8],
) -> Result<(), HashFailure> {
    let mut digest = Blake2bVarCore::new(out.len()).map_err(|_| HashFailure::TagTooShort)?;
    let mut buffer = LazyBuffer::default();
    for part in input {
        buffer.digest_blocks(part, |blocks| digest.update_blocks(blocks));
    }
    let mut full = Output::<Blake2b512>::default();
    digest.finalize_variable_core(&mut buffer, &mut full);
    out.copy_from_slice(&full[..out.len()]);
    full.as_mut_slice().zeroize();
    Ok(())
}
