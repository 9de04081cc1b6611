//! The kernels, one per instruction set, and the choice between them.

#![allow(unsafe_code, reason = "vectors are loaded and stored through pointers")]
#![allow(
    clippy::large_types_passed_by_value,
    reason = "a block is sixteen registers, and all is inlined"
)]
#![allow(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the kernel's processor"
)]
#![allow(clippy::many_single_char_names, reason = "RFC 9106 calls them a, b, c and d")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use std::fmt;

use crate::arena::Block;
use crate::segment::Segment;

/// A way to fill the memory. A value exists only if this processor supports it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Instructions);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Any,
}

impl Kernel {
    /// The kernel for any processor.
    pub const PORTABLE: Self = Self(Instructions::Any);

    /// All kernels that this processor supports, fastest first.
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = [
            is_x86_feature_detected!("avx512f").then_some(Self(Instructions::Avx512)),
            is_x86_feature_detected!("avx2").then_some(Self(Instructions::Avx2)),
            Some(Self::PORTABLE),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let found = [Some(Self::PORTABLE)];
        found.into_iter().flatten().collect()
    }

    /// The fastest kernel that this processor supports.
    pub fn fastest() -> Self {
        Self::available().first().copied().unwrap_or(Self::PORTABLE)
    }

    /// The name: `avx512`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            Instructions::Any => "portable",
        }
    }

    pub(crate) fn fill(self, memory: &mut [Block], segment: &Segment) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => {
                // SAFETY: only `available` creates this value, after detecting AVX-512.
                unsafe { avx512::fill(memory, segment) }
            }
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => {
                // SAFETY: only `available` creates this value, after detecting AVX2.
                unsafe { avx2::fill(memory, segment) }
            }
            Instructions::Any => portable::fill(memory, segment),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Kernel({self})")
    }
}
