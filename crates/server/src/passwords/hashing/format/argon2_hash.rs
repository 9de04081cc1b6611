//! Argon2 (RFC 9106) as PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`. The memory and work of a
//! stored hash are limited. A thread keeps its working memory between hashes, because the page faults of
//! fresh memory would cost a tenth of a hash, and wipes it before it idles. Argon2id with one lane, which we
//! create ourselves, is computed by the implementation in `Argon2idMaker`; everything else by the crate
//! `argon2`.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use doorward_argon2id::{Arena, Costs};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::argon2id_maker::Argon2idMaker;
use super::encoded::{base64, fields, numbers};
use crate::config::HashScheme;
use crate::passwords::hashing::password_hash::HashError;
use crate::passwords::hashing::stored_hash::Flaw;

const MAX_LANES: u32 = 64;
/// What a thread keeps: more is freed after the hash that needed it.
const KEPT_BLOCKS: usize = 64 * 1024;

/// A thread's working memory, and the implementation that fills it.
#[derive(Debug)]
pub(in crate::passwords::hashing) struct Scratch {
    maker: Argon2idMaker,
    arena: Arena,
    /// The crate `argon2` needs its own blocks.
    blocks: Vec<Block>,
    dirty: usize,
}

impl Scratch {
    pub(in crate::passwords::hashing) fn new(maker: Argon2idMaker) -> Self {
        Self { maker, arena: Arena::default(), blocks: Vec::new(), dirty: 0 }
    }

    /// Wipes the data of the last hashes.
    pub(in crate::passwords::hashing) fn wipe(&mut self) {
        self.arena.wipe();
        if self.arena.kib() > KEPT_BLOCKS {
            self.arena.release();
        }
        self.wipe_blocks();
        // If our own implementation is in use, these blocks are only for rare hashes of other programs.
        if self.blocks.len() > KEPT_BLOCKS || self.maker != Argon2idMaker::Reference {
            self.blocks = Vec::new();
        }
    }

    fn wipe_blocks(&mut self) {
        for block in &mut self.blocks[..self.dirty] {
            block.as_mut().zeroize();
        }
        self.dirty = 0;
    }

    fn run(&mut self, recipe: &Argon2Recipe, input: Input<'_>, tag: &mut [u8]) -> Option<()> {
        if let (Argon2idMaker::Own(kernel), Some(costs)) = (self.maker, recipe.single) {
            let Input { password, salt } = input;
            let input = doorward_argon2id::Input { password, salt, ..Default::default() };
            return doorward_argon2id::hash(kernel, costs, input, &mut self.arena, tag).ok();
        }
        let argon2 = &recipe.argon2;
        let blocks = argon2.params().block_count();
        if self.blocks.len() < blocks {
            self.wipe_blocks();
            self.blocks = Vec::new();
            if self.arena.kib() > KEPT_BLOCKS {
                self.arena.release();
            }
            self.blocks.try_reserve_exact(blocks).ok()?;
            self.blocks.resize(blocks, Block::new());
        }
        self.dirty = self.dirty.max(blocks);
        let memory = &mut self.blocks[..blocks];
        argon2.hash_password_into_with_memory(input.password, input.salt, tag, memory).ok()
    }
}

#[cfg(test)]
impl Default for Scratch {
    fn default() -> Self {
        Self::new(Argon2idMaker::choose(crate::config::PasswordKernel::Auto))
    }
}

/// How to compute a hash.
struct Argon2Recipe {
    argon2: Argon2<'static>,
    /// The costs of Argon2id version 19 with one lane.
    single: Option<Costs>,
}

impl Argon2Recipe {
    fn new(
        algorithm: Algorithm,
        version: Version,
        [m, t, p]: [u32; 3],
        tag_length: usize,
    ) -> Option<Self> {
        let params = Params::new(m, t, p, Some(tag_length)).ok()?;
        let is_single = (algorithm, version, p) == (Algorithm::Argon2id, Version::V0x13, 1);
        let single = is_single.then_some(Costs { memory_kib: m, passes: t });
        Some(Self { argon2: Argon2::new(algorithm, version, params), single })
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

/// True unless it has the current format and parameters, and a salt and tag of the current lengths.
pub(in crate::passwords::hashing) fn needs_upgrade(stored: &str, m: u32, t: u32, p: u32) -> bool {
    let prefix = prefix(m, t, p);
    let rest = stored.strip_prefix(&prefix).and_then(|rest| rest.split_once('$'));
    rest.is_none_or(|(salt, tag)| salt.len() < SALT_LETTERS || tag.len() < TAG_LETTERS)
}

/// The prefix of a PHC string with the current parameters.
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
    let recipe = Argon2Recipe::new(Algorithm::Argon2id, Version::V0x13, [m, t, p], 32);
    let recipe = recipe.ok_or(HashError::Failed)?;
    let mut tag = [0; 32];
    scratch.run(&recipe, Input { password, salt: &salt }, &mut tag).ok_or(HashError::Failed)?;
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag));
    Ok(format!("{}{salt}${tag}", prefix(m, t, p)))
}

/// A hash of any of the three variants.
pub(in crate::passwords::hashing) struct Argon2Hash {
    recipe: Argon2Recipe,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2Hash {
    /// Parses what follows `$argon2`: `id$v=19$m=65536,t=3,p=4$salt$tag`. Without `v=` it is version 16.
    pub(in crate::passwords::hashing) fn parse(rest: &str) -> Result<Self, Flaw> {
        let (algorithm, version, [costs, salt, tag]) = parts(rest).ok_or(Flaw::Malformed)?;
        let [m, t, p] = numbers(costs, ["m", "t", "p"]).ok_or(Flaw::Malformed)?;
        let bytes = |text| base64(text).ok_or(Flaw::Malformed);
        let (salt, tag) = (bytes(salt)?, bytes(tag)?);
        if !(8..=64).contains(&salt.len()) || !(16..=128).contains(&tag.len()) {
            return Err(Flaw::Malformed);
        }
        Flaw::unless_affordable(is_affordable(m, t, p))?;
        let recipe = Argon2Recipe::new(algorithm, version, [m, t, p], tag.len());
        Ok(Self { recipe: recipe.ok_or(Flaw::Malformed)?, salt, tag })
    }

    pub(in crate::passwords::hashing) fn verify(
        &self,
        password: &[u8],
        scratch: &mut Scratch,
    ) -> Result<bool, HashError> {
        let mut tag = Zeroizing::new(vec![0; self.tag.len()]);
        let input = Input { password, salt: &self.salt };
        scratch.run(&self.recipe, input, &mut tag).ok_or(HashError::Failed)?;
        Ok(tag.ct_eq(&self.tag).into())
    }

    /// The memory it writes.
    pub(in crate::passwords::hashing) fn kib(&self) -> u64 {
        let params = self.recipe.argon2.params();
        u64::from(params.m_cost()) * u64::from(params.t_cost())
    }
}

/// The variant, the version, and costs, salt and tag as text.
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

#[cfg(test)]
mod tests {
    use doorward_argon2id::Kernel;

    use super::{Argon2Hash, Argon2idMaker, Scratch, hash};

    /// Hashes from before an upgrade of the server, or of its processor, stay valid.
    #[test]
    fn every_maker_makes_and_verifies_the_same_hashes() {
        let own = Kernel::available().into_iter().map(Argon2idMaker::Own);
        let makers: Vec<_> = own.chain([Argon2idMaker::Reference]).collect();
        for (password, costs) in
            [(&b"password"[..], (64, 1, 1)), (b"", (19_456, 2, 1)), (&[0xff; 300], (256, 3, 4))]
        {
            let of = |maker| hash(password, costs, [7; 16], &mut Scratch::new(maker)).unwrap();
            let first = of(Argon2idMaker::Reference);
            let parsed = Argon2Hash::parse(first.strip_prefix("$argon2").unwrap())
                .unwrap_or_else(|_| panic!("{first}"));
            for maker in &makers {
                assert_eq!(of(*maker), first, "{maker:?}");
                let mut scratch = Scratch::new(*maker);
                assert_eq!(parsed.verify(password, &mut scratch), Ok(true), "{maker:?}");
                assert_eq!(parsed.verify(b"wrong", &mut scratch), Ok(false), "{maker:?}");
            }
        }
    }

    #[test]
    fn a_large_hash_leaves_no_memory_behind_once_the_thread_rests() {
        for maker in [Argon2idMaker::Own(Kernel::fastest()), Argon2idMaker::Reference] {
            let mut scratch = Scratch::new(maker);
            for (lanes, kept) in [(1, 19_456), (4, 19_456)] {
                hash(b"password", (19_456, 1, 1), [7; 16], &mut scratch).unwrap();
                hash(b"password", (70_000, 1, lanes), [7; 16], &mut scratch).unwrap();
                scratch.wipe();
                assert!(
                    scratch.arena.kib().max(scratch.blocks.len()) <= kept,
                    "{maker:?} {scratch:?}"
                );
            }
        }
    }
}
