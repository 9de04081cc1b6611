//! Argon2 (RFC 9106) as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`. Memory and work asked
//! for by a stored hash are capped. The working memory of a thread is kept between hashes, because the
//! page faults of fresh memory cost a tenth of a hash, and wiped before the thread rests.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::password_hash::HashError;
use crate::config::HashScheme;

const MAX_LANES: u32 = 64;
/// What a thread keeps: more is given back after the hash that needed it.
const KEPT_BLOCKS: usize = 64 * 1024;

/// Argon2's working memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    blocks: Vec<Block>,
    dirty: usize,
}

impl Scratch {
    /// Wipes what the last hashes left.
    pub(super) fn wipe(&mut self) {
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

/// The part of a PHC string that today's parameters begin with.
pub(super) fn prefix(m: u32, t: u32, p: u32) -> String {
    format!("$argon2id$v=19$m={m},t={t},p={p}$")
}

/// Hashes with Argon2id.
pub(super) fn hash(
    password: &[u8],
    (m, t, p): (u32, u32, u32),
    salt: [u8; 16],
    scratch: &mut Scratch,
) -> Result<String, HashError> {
    let params = params(m, t, p, 32).ok_or(HashError::Failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    scratch.run(&argon2, Input { password, salt: &salt }, &mut tag).ok_or(HashError::Failed)?;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    Ok(format!("{}{salt}${tag}", prefix(m, t, p)))
}

/// Verifies `$argon2id$`, `$argon2i$` and `$argon2d$`.
pub(super) fn verify(
    password: &[u8],
    stored: &str,
    scratch: &mut Scratch,
) -> Result<bool, HashError> {
    let hash = Argon2Hash::parse(stored).ok_or(HashError::Unreadable)?;
    let mut tag = vec![0; hash.tag.len()];
    let input = Input { password, salt: &hash.salt };
    scratch.run(&hash.argon2, input, &mut tag).ok_or(HashError::Failed)?;
    Ok(tag.ct_eq(&hash.tag).into())
}

/// What verifying writes, in KiB; `None` if it is unreadable.
pub(super) fn cost(stored: &str) -> Option<u64> {
    let hash = Argon2Hash::parse(stored)?;
    let params = hash.argon2.params();
    Some(u64::from(params.m_cost()) * u64::from(params.t_cost()))
}

struct Argon2Hash {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2Hash {
    /// Without `v=` it is version 16.
    fn parse(stored: &str) -> Option<Self> {
        let mut parts = stored.strip_prefix('$')?.split('$').peekable();
        let algorithm = Algorithm::new(parts.next()?).ok()?;
        let version = match parts.next_if(|part| part.starts_with("v=")) {
            Some("v=19") => Version::V0x13,
            None | Some("v=16") => Version::V0x10,
            Some(_) => return None,
        };
        let costs = parts.next()?;
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let tag = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let lengths = (8..=64).contains(&salt.len()) && (16..=128).contains(&tag.len());
        if parts.next().is_some() || !lengths {
            return None;
        }
        let mut costs = costs.split(',');
        let mut cost =
            |name: &str| costs.next()?.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok();
        let (m, t, p) = (cost("m")?, cost("t")?, cost("p")?);
        let params = params(m, t, p, tag.len()).filter(|_| costs.next().is_none())?;
        Some(Self { argon2: Argon2::new(algorithm, version, params), salt, tag })
    }
}

fn params(m: u32, t: u32, p: u32, tag: usize) -> Option<Params> {
    let affordable = m <= HashScheme::MAX_MEMORY
        && p <= MAX_LANES
        && u64::from(m) * u64::from(t) <= HashScheme::MAX_WORK;
    affordable.then(|| Params::new(m, t, p, Some(tag)).ok()).flatten()
}
