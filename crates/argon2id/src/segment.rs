//! Which blocks are combined (RFC 9106, 3.4), for one lane.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the kernel's processor"
)]

use crate::arena::{Block, WORDS, place};
use crate::digest::ARGON2ID;

/// Slices per pass. A block may refer to any older block except its predecessor.
pub(crate) const SLICES: usize = 4;

/// One slice of one pass.
pub(crate) struct Segment {
    pub(crate) pass: u32,
    pub(crate) passes: u32,
    pub(crate) slice: usize,
    /// The number of blocks in a slice.
    pub(crate) length: usize,
}

impl Segment {
    /// The positions to fill; the first two blocks of the memory are already there.
    pub(crate) fn positions(&self) -> std::ops::Range<usize> {
        let first = if self.pass == 0 && self.slice == 0 { 2 } else { 0 };
        first..self.length
    }

    /// The block before the first of these positions.
    pub(crate) fn before(&self) -> usize {
        let first = self.index(self.positions().start);
        first.checked_sub(1).unwrap_or(self.length * SLICES - 1)
    }

    /// The index of a position in the memory.
    #[inline(always)]
    pub(crate) fn index(&self, position: usize) -> usize {
        self.slice * self.length + position
    }

    /// True from the second pass on: the old block is mixed into the new one.
    pub(crate) fn is_overwriting(&self) -> bool {
        self.pass > 0
    }

    /// True in the first half of the first pass, where references do not depend on the password.
    pub(crate) fn is_independent(&self) -> bool {
        self.pass == 0 && self.slice < SLICES / 2
    }

    /// The block that a position refers to, selected by a random number (3.4.2).
    #[inline(always)]
    pub(crate) fn reference(&self, position: usize, random: u64) -> usize {
        let whole = self.length * SLICES;
        let older = if self.pass == 0 { self.index(0) } else { whole - self.length };
        let area = (older + position).wrapping_sub(1);
        let x = random & u64::from(u32::MAX);
        // The area is below 2³², and so are x and the results of the shifts.
        let back = ((area as u64).wrapping_mul(x.wrapping_mul(x) >> 32) >> 32) as usize;
        let oldest =
            if self.pass == 0 || self.slice == SLICES - 1 { 0 } else { self.index(self.length) };
        let found = (oldest + area).wrapping_sub(1 + back);
        if found >= whole { found.wrapping_sub(whole) } else { found }
    }

    /// The block that is hashed to get the random numbers of password-independent references: 128 for each
    /// count from 1 on (3.4.1.2).
    pub(crate) fn seed(&self, count: u64) -> Block {
        let mut block = Block::ZERO;
        let lane = 0;
        let memory = (self.length * SLICES) as u64;
        let (pass, slice) = (u64::from(self.pass), self.slice as u64);
        let words = [pass, lane, slice, memory, u64::from(self.passes), u64::from(ARGON2ID), count];
        for (word, value) in words.into_iter().enumerate() {
            block.0[place(word)] = value;
        }
        block
    }
}

/// The random numbers of a segment with password-independent references.
pub(crate) struct Randoms {
    block: Block,
    count: u64,
}

impl Randoms {
    pub(crate) fn new() -> Self {
        Self { block: Block::ZERO, count: 0 }
    }

    /// The random number for a position. `compress` is the RFC's G with a zero block as the other operand.
    #[inline(always)]
    pub(crate) fn at(
        &mut self,
        segment: &Segment,
        position: usize,
        compress: impl Fn(&mut Block),
    ) -> u64 {
        let count = (position / WORDS + 1) as u64;
        if self.count != count {
            self.block = segment.seed(count);
            compress(&mut self.block);
            compress(&mut self.block);
            self.count = count;
        }
        self.block.0[place(position % WORDS)]
    }
}
