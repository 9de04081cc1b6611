//! Argon2 (RFC 9106) as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`. Memory and work asked
//! for by a stored hash are capped. The working memory of a thread is kept between hashes, because the
//! page faults of fresh memory cost a tenth of a hash, and wiped before the thread rests.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::encoded::{base64, fields, numbers};
use crate::config::HashScheme;
use crate::passwords::hashing::password_hash::HashError;
use crate::passwords::hashing::stored_hash::Flaw;

const MAX_LANES: u32 = 64;
/// What a thread keeps: more is given back after the hash that needed it.
const KEPT_BLOCKS: usize = 64 * 1024;

/// Argon2's working memory.
#[derive(Debug, Default)]
pub(in crate::passwords::hashing) struct Scratch {
    blocks: Vec<Block>,
    dirty: usize,
}

impl Scratch {
    /// Wipes what the last hashes left.
    pub(in crate::passwords::hashing) fn wipe(&mut self) {
        for block in &mut self.blocks[..self.dirty] {
            block.as_mut().zeroize();
        }
        self.dirty = 0;
        if self.blocks.len() > KEPT_BLOCKS {
            self.blocks = Vec::new();
        }
    }

    fn run(&mut self, argon2: &Argon2<'_>, input: Input<'_>, tag: &mut [u8]) -> Option<()> {
        let blocks = argon2.params().block_count();
        if self.blocks.len() < blocks {
            self.wipe();
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(blocks).ok()?;
            self.blocks.resize(blocks, Block::new());
        }
        self.dirty = self.dirty.max(blocks);
        let memory = &mut self.blocks[..blocks];
        argon2.hash_password_into_with_memory(input.password, input.salt, tag, memory).ok()
    }
}

#[derive(Clone, Copy)]
struct Input<'a> {
    password: &'a [u8],
    salt: &'a [u8],
}

/// The length of new salts and tags in base64.
const SALT_LETTERS: usize = 22;
const TAG_LETTERS: usize = 43;

/// True unless it is today's form with these parameters, and a salt and a tag of today's lengths.
pub(in crate::passwords::hashing) fn needs_upgrade(stored: &str, m: u32, t: u32, p: u32) -> bool {
    let prefix = prefix(m, t, p);
    let rest = stored.strip_prefix(&prefix).and_then(|rest| rest.split_once('$'));
    rest.is_none_or(|(salt, tag)| salt.len() < SALT_LETTERS || tag.len() < TAG_LETTERS)
}

/// The part of a PHC string that today's parameters begin with.
pub(in crate::passwords::hashing) fn prefix(m: u32, t: u32, p: u32) -> String {
    format!("$argon2id$v=19$m={m},t={t},p={p}$")
}

/// Hashes with Argon2id.
pub(in crate::passwords::hashing) fn hash(
    password: &[u8],
    (m, t, p): (u32, u32, u32),
    salt: [u8; 16],
    scratch: &mut Scratch,
) -> Result<String, HashError> {
    if !is_affordable(m, t, p) {
        return Err(HashError::Failed);
    }
    let params = Params::new(m, t, p, Some(32)).map_err(|_| HashError::Failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    scratch.run(&argon2, Input { password, salt: &salt }, &mut tag).ok_or(HashError::Failed)?;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    Ok(format!("{}{salt}${tag}", prefix(m, t, p)))
}

/// A hash of any of the three variants.
pub(in crate::passwords::hashing) struct Argon2Hash {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2Hash {
    /// Reads what follows `$argon2`: `id$v=19$m=65536,t=3,p=4$salt$tag`. Without `v=` it is version 16.
    pub(in crate::passwords::hashing) fn parse(rest: &str) -> Result<Self, Flaw> {
        let (algorithm, version, [costs, salt, tag]) = parts(rest).ok_or(Flaw::Malformed)?;
        let [m, t, p] = numbers(costs, ["m", "t", "p"]).ok_or(Flaw::Malformed)?;
        let bytes = |text| base64(text).ok_or(Flaw::Malformed);
        let (salt, tag) = (bytes(salt)?, bytes(tag)?);
        if !(8..=64).contains(&salt.len()) || !(16..=128).contains(&tag.len()) {
            return Err(Flaw::Malformed);
        }
        Flaw::unless_affordable(is_affordable(m, t, p))?;
        let params = Params::new(m, t, p, Some(tag.len())).map_err(|_| Flaw::Malformed)?;
        Ok(Self { argon2: Argon2::new(algorithm, version, params), salt, tag })
    }

    pub(in crate::passwords::hashing) fn verify(
        &self,
        password: &[u8],
        scratch: &mut Scratch,
    ) -> Result<bool, HashError> {
        let mut tag = Zeroizing::new(vec![0; self.tag.len()]);
        let input = Input { password, salt: &self.salt };
        scratch.run(&self.argon2, input, &mut tag).ok_or(HashError::Failed)?;
        Ok(tag.ct_eq(&self.tag).into())
    }

    /// What it writes.
    pub(in crate::passwords::hashing) fn kib(&self) -> u64 {
        let params = self.argon2.params();
        u64::from(params.m_cost()) * u64::from(params.t_cost())
    }
}

/// The variant, the version, and costs, salt and tag as they are written.
fn parts(rest: &str) -> Option<(Algorithm, Version, [&str; 3])> {
    let (algorithm, rest) = rest.split_once('$')?;
    let algorithm = match algorithm {
        "id" => Algorithm::Argon2id,
        "i" => Algorithm::Argon2i,
        "d" => Algorithm::Argon2d,
        _ => return None,
    };
    let (version, rest) = match rest.split_once('$')? {
        ("v=19", rest) => (Version::V0x13, rest),
        ("v=16", rest) => (Version::V0x10, rest),
        (version, _) if version.starts_with("v=") => return None,
        _ => (Version::V0x10, rest),
    };
    Some((algorithm, version, fields(rest)?))
}

fn is_affordable(m: u32, t: u32, p: u32) -> bool {
    m <= HashScheme::MAX_MEMORY
        && p <= MAX_LANES
        && u64::from(m) * u64::from(t) <= HashScheme::MAX_WORK
}
