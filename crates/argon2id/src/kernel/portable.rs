//! The portable kernel: plain Rust, four words at a time, which the compiler turns into the target's baseline
//! vector instructions.

use crate::arena::{Block, WORDS, place};
use crate::segment::{Randoms, Segment};

/// Fills a segment.
pub(super) fn fill(memory: &mut [Block], segment: &Segment) {
    let mut randoms = Randoms::new();
    let mut state = memory[segment.before()].clone();
    for position in segment.positions() {
        let random = if segment.is_independent() {
            randoms.at(segment, position, |block| permute(block, &Block::ZERO))
        } else {
            state.0[0]
        };
        permute(&mut state, &memory[segment.reference(position, random)]);
        let target = &mut memory[segment.index(position)];
        if segment.is_overwriting() {
            add(&mut state, target);
        }
        target.0 = state.0;
    }
}

#[inline(always)]
fn add(block: &mut Block, other: &Block) {
    for (word, other) in block.0.iter_mut().zip(&other.0) {
        *word ^= other;
    }
}

/// G (RFC 9106, 3.5): rows, then columns of the XOR of both blocks, then XOR with the input.
#[inline(always)]
fn permute(block: &mut Block, other: &Block) {
    add(block, other);
    let sum = block.clone();
    for places in &ROWS {
        round(&mut block.0, places);
    }
    for places in &COLUMNS {
        round(&mut block.0, places);
    }
    add(block, &sum);
}

/// The positions of the sixteen words of each row and column.
const ROWS: [[usize; 16]; 8] = places(16, 1, 2);
const COLUMNS: [[usize; 16]; 8] = places(2, 1, 16);

/// Eight lists of sixteen positions: pairs of neighbours, `next` apart, starting at each `first`.
const fn places(first: usize, neighbour: usize, next: usize) -> [[usize; 16]; 8] {
    let mut lists = [[0; 16]; 8];
    let mut list = 0;
    while list < 8 {
        let mut at = 0;
        while at < 16 {
            lists[list][at] = place(list * first + at / 2 * next + at % 2 * neighbour);
            at += 1;
        }
        list += 1;
    }
    lists
}

type Four = [u64; 4];

/// P (3.6) on sixteen words.
#[inline(always)]
fn round(words: &mut [u64; WORDS], places: &[usize; 16]) {
    let four = |from: usize| -> Four { std::array::from_fn(|i| words[places[4 * from + i]]) };
    let state = mix([four(0), four(1), four(2), four(3)]);
    let [a, b, c, d] = state;
    let state = mix([a, turn(b, 1), turn(c, 2), turn(d, 3)]);
    let [a, b, c, d] = state;
    for (quarter, four) in [a, turn(b, 3), turn(c, 2), turn(d, 1)].into_iter().enumerate() {
        for (i, word) in four.into_iter().enumerate() {
            words[places[4 * quarter + i]] = word;
        }
    }
}

#[inline(always)]
fn turn(four: Four, by: usize) -> Four {
    std::array::from_fn(|i| four[(i + by) % 4])
}

/// GB on four columns.
#[inline(always)]
fn mix([mut a, mut b, mut c, mut d]: [Four; 4]) -> [Four; 4] {
    for (first, second) in [(32, 24), (16, 63)] {
        for i in 0..4 {
            a[i] = sum(a[i], b[i]);
            d[i] = (d[i] ^ a[i]).rotate_right(first);
        }
        for i in 0..4 {
            c[i] = sum(c[i], d[i]);
            b[i] = (b[i] ^ c[i]).rotate_right(second);
        }
    }
    [a, b, c, d]
}

#[inline(always)]
fn sum(x: u64, y: u64) -> u64 {
    const LOW: u64 = u32::MAX as u64;
    let product = (x & LOW).wrapping_mul(y & LOW);
    x.wrapping_add(y).wrapping_add(product).wrapping_add(product)
}
