//! The memory that a hash fills. It is kept for the next hash, because the page faults of fresh memory would
//! cost a tenth of a hash.

use zeroize::{Zeroize, optimization_barrier};

/// 64-bit words in a block of 1 KiB.
pub(crate) const WORDS: usize = 128;

/// A block of 1 KiB. RFC 9106 arranges it as eight rows of sixteen words; here the words are in the order
/// given by `place`, which suits vector instructions.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Block(pub(crate) [u64; WORDS]);

impl Block {
    pub(crate) const ZERO: Self = Self([0; WORDS]);

    /// A block from the RFC's little-endian words.
    pub(crate) fn from_bytes(bytes: &[u8; 8 * WORDS]) -> Self {
        let mut block = Self::ZERO;
        for (word, bytes) in bytes.as_chunks().0.iter().enumerate() {
            block.0[place(word)] = u64::from_le_bytes(*bytes);
        }
        block
    }

    pub(crate) fn to_bytes(&self) -> [u8; 8 * WORDS] {
        let mut bytes = [0; 8 * WORDS];
        for (word, bytes) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
            *bytes = self.0[place(word)].to_le_bytes();
        }
        bytes
    }
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// The position of a word of the RFC's block. Two rows are interleaved: two words of the even row, two of the
/// odd one, and so on. Four words in a memory row are then words 2i and 2i + 1 of both rows, a quarter of the
/// input of a column's permutation; and two such quarters hold four words of each row, a quarter of the input
/// of two rows' permutations. No word ever has to move to another vector.
pub(crate) const fn place(word: usize) -> usize {
    let (row, column) = (word / 16, word % 16);
    row / 2 * 32 + column / 2 * 4 + row % 2 * 2 + column % 2
}

/// The working memory for hashes. It grows to the size of the largest.
#[derive(Default)]
pub struct Arena {
    blocks: Vec<Block>,
    /// The number of blocks that contain data of a hash.
    dirty: usize,
}

impl Arena {
    /// Its size in KiB.
    pub fn kib(&self) -> usize {
        self.blocks.len()
    }

    /// Overwrites the data of the last hashes, all of which is derived from a password.
    pub fn wipe(&mut self) {
        let left = &mut self.blocks[..self.dirty];
        // A plain fill is four times as fast as a volatile write for each word.
        left.fill(Block::ZERO);
        optimization_barrier(left);
        self.dirty = 0;
    }

    /// Wipes the memory and frees it.
    pub fn release(&mut self) {
        self.wipe();
        self.blocks = Vec::new();
    }

    /// Memory for a hash, or `None` if it cannot be allocated.
    pub(crate) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.len() < count {
            self.release();
            self.blocks.try_reserve_exact(count).ok()?;
            self.blocks.resize(count, Block::ZERO);
        }
        self.dirty = self.dirty.max(count);
        self.blocks.get_mut(..count)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Arena({} KiB)", self.kib())
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, Block, WORDS, place};
    use crate::{Costs, Input, Kernel, hash};

    #[test]
    fn every_word_has_a_place_of_its_own_and_the_first_stays_first() {
        let mut places: Vec<_> = (0..WORDS).map(place).collect();
        assert_eq!(places[0], 0);
        places.sort_unstable();
        assert!(places.into_iter().eq(0..WORDS));
        let bytes = std::array::from_fn(|i| u8::try_from(i % 251).unwrap());
        assert_eq!(Block::from_bytes(&bytes).to_bytes(), bytes);
    }

    #[test]
    fn wiping_leaves_nothing_of_a_hash() {
        let mut arena = Arena::default();
        let input = Input { password: b"password", salt: b"somesalt", ..Input::default() };
        for memory_kib in [64, 16] {
            let costs = Costs { memory_kib, passes: 1 };
            hash(Kernel::fastest(), costs, input, &mut arena, &mut [0; 32]).unwrap();
        }
        assert!(arena.blocks.iter().all(|block| block.0 != [0; WORDS]));
        arena.wipe();
        assert!(arena.blocks.iter().all(|block| block.0 == [0; WORDS]));
    }
}
