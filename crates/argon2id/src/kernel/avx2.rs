//! The AVX2 kernel: a block is thirty-two vectors of four words.
//!
//! Vector `8 * r + h` contains words `2 * h` and `2 * h + 1` of rows `2 * r` and `2 * r + 1`. Eight vectors
//! with the same r are two rows, four with the same h are a column (see `place`).

use std::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_alignr_epi8, _mm256_loadu_si256, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_permute4x64_epi64, _mm256_setr_epi8, _mm256_shuffle_epi8,
    _mm256_shuffle_epi32, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_xor_si256,
};

use crate::arena::Block;
use crate::segment::{Randoms, Segment};

type Vectors = [__m256i; 32];

/// Fills a segment.
#[target_feature(enable = "avx2")]
pub(super) fn fill(memory: &mut [Block], segment: &Segment) {
    let mut randoms = Randoms::new();
    let mut before = segment.before();
    for position in segment.positions() {
        let random = if segment.is_independent() {
            randoms.at(segment, position, |block| {
                let words = load(block);
                store(block, compress(words));
            })
        } else {
            memory[before].0[0]
        };
        let reference = &memory[segment.reference(position, random)];
        let mut state = compress(add(load(&memory[before]), load(reference)));
        before = segment.index(position);
        let target = &mut memory[before];
        if segment.is_overwriting() {
            state = add(state, load(target));
        }
        store(target, state);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &Block) -> Vectors {
    let words = block.0.as_chunks::<4>().0;
    std::array::from_fn(|vector| {
        let words: &[u64; 4] = &words[vector];
        // SAFETY: it reads the 32 bytes of this reference.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(block: &mut Block, state: Vectors) {
    for (words, vector) in block.0.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        let words: &mut [u64; 4] = words;
        // SAFETY: it writes the 32 bytes of this reference.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(state: Vectors, other: Vectors) -> Vectors {
    std::array::from_fn(|vector| _mm256_xor_si256(state[vector], other[vector]))
}

/// G (RFC 9106, 3.5) of the XOR of both blocks: rows, then columns, then XOR with the input.
#[inline]
#[target_feature(enable = "avx2")]
fn compress(sum: Vectors) -> Vectors {
    let mut state = sum;
    for two_rows in state.as_chunks_mut::<8>().0 {
        rows(two_rows);
    }
    for first in [0, 2, 4, 6] {
        columns(&mut state, first);
    }
    add(state, sum)
}

/// Two vectors processed together, to hide latency.
type Both = [__m256i; 2];

/// P (3.6) on two rows. For the diagonals, b stays in place because it is computed last, and the others
/// rotate around it.
#[inline]
#[target_feature(enable = "avx2")]
fn rows(state: &mut [__m256i; 8]) {
    let [a0, a1, b0, b1, c0, c1, d0, d1] = *state;
    let [a, b, c, d] = mix([[a0, a1], [b0, b1], [c0, c1], [d0, d1]]);
    let [a, b, c, d] = mix([turn_three(a), b, turn_one(c), [d[1], d[0]]]);
    let ([a0, a1], [c0, c1]) = (turn_one(a), turn_three(c));
    *state = [a0, a1, b[0], b[1], c0, c1, d[1], d[0]];
}

/// Rotates the four words of each row by one.
#[inline]
#[target_feature(enable = "avx2")]
fn turn_one([x, y]: Both) -> Both {
    [_mm256_alignr_epi8::<8>(y, x), _mm256_alignr_epi8::<8>(x, y)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn turn_three([x, y]: Both) -> Both {
    [_mm256_alignr_epi8::<8>(x, y), _mm256_alignr_epi8::<8>(y, x)]
}

/// P on two columns.
#[inline]
#[target_feature(enable = "avx2")]
fn columns(state: &mut Vectors, first: usize) {
    const ONE: i32 = 0b00_11_10_01;
    const TWO: i32 = 0b01_00_11_10;
    const THREE: i32 = 0b10_01_00_11;
    let at = |quarter: usize| [state[8 * quarter + first], state[8 * quarter + first + 1]];
    let [a, b, c, d] = mix([at(0), at(1), at(2), at(3)]);
    let [a, b, c, d] = mix([
        a.map(|a| _mm256_permute4x64_epi64::<THREE>(a)),
        b,
        c.map(|c| _mm256_permute4x64_epi64::<ONE>(c)),
        d.map(|d| _mm256_permute4x64_epi64::<TWO>(d)),
    ]);
    let a = a.map(|a| _mm256_permute4x64_epi64::<ONE>(a));
    let c = c.map(|c| _mm256_permute4x64_epi64::<THREE>(c));
    let d = d.map(|d| _mm256_permute4x64_epi64::<TWO>(d));
    for (quarter, vectors) in [a, b, c, d].into_iter().enumerate() {
        [state[8 * quarter + first], state[8 * quarter + first + 1]] = vectors;
    }
}

/// GB on eight columns.
#[inline]
#[target_feature(enable = "avx2")]
fn mix([a, b, c, d]: [Both; 4]) -> [Both; 4] {
    let a = blend(a, b);
    let d = xor(d, a).map(|d| _mm256_shuffle_epi32::<0b10_11_00_01>(d));
    let c = blend(c, d);
    let b = xor(b, c).map(|b| right_24(b));
    let a = blend(a, b);
    let d = xor(d, a).map(|d| right_16(d));
    let c = blend(c, d);
    let b = xor(b, c).map(|b| right_63(b));
    [a, b, c, d]
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(x: Both, y: Both) -> Both {
    [_mm256_xor_si256(x[0], y[0]), _mm256_xor_si256(x[1], y[1])]
}

/// x + y + 2 × the product of their lower 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn blend(x: Both, y: Both) -> Both {
    std::array::from_fn(|i| {
        let product = _mm256_mul_epu32(x[i], y[i]);
        _mm256_add_epi64(_mm256_add_epi64(x[i], y[i]), _mm256_add_epi64(product, product))
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn right_24(x: __m256i) -> __m256i {
    let bytes = _mm256_setr_epi8(
        3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, //
        3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
    );
    _mm256_shuffle_epi8(x, bytes)
}

#[inline]
#[target_feature(enable = "avx2")]
fn right_16(x: __m256i) -> __m256i {
    let bytes = _mm256_setr_epi8(
        2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, //
        2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
    );
    _mm256_shuffle_epi8(x, bytes)
}

#[inline]
#[target_feature(enable = "avx2")]
fn right_63(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_srli_epi64::<63>(x), _mm256_add_epi64(x, x))
}
