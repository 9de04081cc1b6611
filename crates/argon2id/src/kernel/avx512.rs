//! The AVX-512 kernel: a block is sixteen vectors of eight words, and stays in registers from one block to
//! the next.
//!
//! Vector `4 * r + q` contains words `4 * q` to `4 * q + 3` of rows `2 * r` and `2 * r + 1`. Four vectors
//! with the same r are two rows, four with the same q are two columns of pairs (see `place`).

use std::arch::x86_64::{
    __m512i, _mm_cvtsi128_si64, _mm512_add_epi64, _mm512_castsi512_si128, _mm512_loadu_si512,
    _mm512_mul_epu32, _mm512_permutex_epi64, _mm512_permutexvar_epi64, _mm512_ror_epi64,
    _mm512_setr_epi64, _mm512_shuffle_i64x2, _mm512_storeu_si512, _mm512_xor_si512,
};

use crate::arena::Block;
use crate::segment::{Randoms, Segment};

type Vectors = [__m512i; 16];

/// Fills a segment.
#[target_feature(enable = "avx512f")]
pub(super) fn fill(memory: &mut [Block], segment: &Segment) {
    let mut randoms = Randoms::new();
    let mut state = load(&memory[segment.before()]);
    for position in segment.positions() {
        let random = if segment.is_independent() {
            randoms.at(segment, position, |block| {
                let words = load(block);
                store(block, compress(words));
            })
        } else {
            _mm_cvtsi128_si64(_mm512_castsi512_si128(state[0])).cast_unsigned()
        };
        let reference = &memory[segment.reference(position, random)];
        state = compress(add(state, load(reference)));
        let target = &mut memory[segment.index(position)];
        if segment.is_overwriting() {
            state = add(state, load(target));
        }
        store(target, state);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(block: &Block) -> Vectors {
    let words = block.0.as_chunks::<8>().0;
    std::array::from_fn(|vector| {
        let words: &[u64; 8] = &words[vector];
        // SAFETY: it reads the 64 bytes of this reference.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(block: &mut Block, state: Vectors) {
    for (words, vector) in block.0.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        let words: &mut [u64; 8] = words;
        // SAFETY: it writes the 64 bytes of this reference.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(state: Vectors, other: Vectors) -> Vectors {
    std::array::from_fn(|vector| _mm512_xor_si512(state[vector], other[vector]))
}

/// G (RFC 9106, 3.5) of the XOR of both blocks: rows, then columns, then XOR with the input.
#[inline]
#[target_feature(enable = "avx512f")]
fn compress(sum: Vectors) -> Vectors {
    add(columns(rows(sum)), sum)
}

/// Four vectors processed together, to hide latency.
type Four = [__m512i; 4];

/// P (3.6) on all rows. For the diagonals, b stays in place because it is computed last, and the others
/// rotate around it.
#[inline]
#[target_feature(enable = "avx512f")]
fn rows(state: Vectors) -> Vectors {
    let one = _mm512_setr_epi64(1, 4, 3, 6, 5, 0, 7, 2);
    let three = _mm512_setr_epi64(5, 0, 7, 2, 1, 4, 3, 6);
    let quarter = |q: usize| -> Four { std::array::from_fn(|r| state[4 * r + q]) };
    let [a, b, c, d] = mix([quarter(0), quarter(1), quarter(2), quarter(3)]);
    let quarters = mix([
        a.map(|a| _mm512_permutexvar_epi64(three, a)),
        b,
        c.map(|c| _mm512_permutexvar_epi64(one, c)),
        d.map(|d| _mm512_shuffle_i64x2::<0b01_00_11_10>(d, d)),
    ]);
    let [a, b, c, d] = quarters;
    let a = a.map(|a| _mm512_permutexvar_epi64(one, a));
    let c = c.map(|c| _mm512_permutexvar_epi64(three, c));
    let d = d.map(|d| _mm512_shuffle_i64x2::<0b01_00_11_10>(d, d));
    let quarters = [a, b, c, d];
    std::array::from_fn(|vector| quarters[vector % 4][vector / 4])
}

/// P on all columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn columns(state: Vectors) -> Vectors {
    const ONE: i32 = 0b00_11_10_01;
    const TWO: i32 = 0b01_00_11_10;
    const THREE: i32 = 0b10_01_00_11;
    let quarter = |r: usize| -> Four { std::array::from_fn(|q| state[4 * r + q]) };
    let [a, b, c, d] = mix([quarter(0), quarter(1), quarter(2), quarter(3)]);
    let [a, b, c, d] = mix([
        a.map(|a| _mm512_permutex_epi64::<THREE>(a)),
        b,
        c.map(|c| _mm512_permutex_epi64::<ONE>(c)),
        d.map(|d| _mm512_permutex_epi64::<TWO>(d)),
    ]);
    let a = a.map(|a| _mm512_permutex_epi64::<ONE>(a));
    let c = c.map(|c| _mm512_permutex_epi64::<THREE>(c));
    let d = d.map(|d| _mm512_permutex_epi64::<TWO>(d));
    let quarters = [a, b, c, d];
    std::array::from_fn(|vector| quarters[vector / 4][vector % 4])
}

/// GB on 32 columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn mix([a, b, c, d]: [Four; 4]) -> [Four; 4] {
    let a = blend(a, b);
    let d = xor(d, a).map(|d| _mm512_ror_epi64::<32>(d));
    let c = blend(c, d);
    let b = xor(b, c).map(|b| _mm512_ror_epi64::<24>(b));
    let a = blend(a, b);
    let d = xor(d, a).map(|d| _mm512_ror_epi64::<16>(d));
    let c = blend(c, d);
    let b = xor(b, c).map(|b| _mm512_ror_epi64::<63>(b));
    [a, b, c, d]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(x: Four, y: Four) -> Four {
    std::array::from_fn(|i| _mm512_xor_si512(x[i], y[i]))
}

/// x + y + 2 × the product of their lower 32 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn blend(x: Four, y: Four) -> Four {
    std::array::from_fn(|i| {
        let product = _mm512_mul_epu32(x[i], y[i]);
        _mm512_add_epi64(_mm512_add_epi64(x[i], y[i]), _mm512_add_epi64(product, product))
    })
}
