//! Every kernel that this machine has makes the hashes that the authors of Argon2 and the crate `argon2`
//! make. RFC 9106's own example has four lanes, which this crate does not do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use doorward_argon2id::{Arena, Costs, HashFailure, Input, Kernel, hash};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq};

fn tag(
    kernel: Kernel,
    costs: Costs,
    input: Input<'_>,
    arena: &mut Arena,
    length: usize,
) -> Vec<u8> {
    let mut tag = vec![0; length];
    hash(kernel, costs, input, arena, &mut tag).unwrap();
    tag
}

fn reference(costs: Costs, input: Input<'_>, length: usize) -> Vec<u8> {
    let mut params = ParamsBuilder::new();
    params.m_cost(costs.memory_kib).t_cost(costs.passes).p_cost(1).output_len(length);
    params.data(AssociatedData::new(input.associated).unwrap());
    let (variant, version) = (Algorithm::Argon2id, Version::V0x13);
    let params = params.build().unwrap();
    let argon2 = Argon2::new_with_secret(input.secret, variant, version, params).unwrap();
    let mut tag = vec![0; length];
    argon2.hash_password_into(input.password, input.salt, &mut tag).unwrap();
    tag
}

/// Bytes written as hexadecimal digits.
fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().as_chunks::<2>().0;
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.iter().map(byte).collect()
}

#[test]
fn the_portable_kernel_is_there_always_and_the_last_choice() {
    let available = Kernel::available();
    assert_eq!(available.last(), Some(&Kernel::PORTABLE));
    assert_eq!(available.first(), Some(&Kernel::fastest()));
}

/// From `src/test.c` of the reference implementation, phc-winner-argon2.
#[test]
fn the_known_answers_of_the_authors_come_out() {
    const ANSWERS: [(u32, u32, &str, &str, &str); 7] = [
        (
            16,
            2,
            "password",
            "somesalt",
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
        ),
        (
            18,
            2,
            "password",
            "somesalt",
            "78fe1ec91fb3aa5657d72e710854e4c3d9b9198c742f9616c2f085bed95b2e8c",
        ),
        (
            8,
            2,
            "password",
            "somesalt",
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
        ),
        (
            16,
            1,
            "password",
            "somesalt",
            "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
        ),
        (
            16,
            4,
            "password",
            "somesalt",
            "9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c",
        ),
        (
            16,
            2,
            "differentpassword",
            "somesalt",
            "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
        ),
        (
            16,
            2,
            "password",
            "diffsalt",
            "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
        ),
    ];
    let mut arena = Arena::default();
    for kernel in Kernel::available() {
        for (memory, passes, password, salt, answer) in ANSWERS {
            let costs = Costs { memory_kib: 1 << memory, passes };
            let (password, salt) = (password.as_bytes(), salt.as_bytes());
            let input = Input { password, salt, ..Input::default() };
            let made = tag(kernel, costs, input, &mut arena, 32);
            assert_eq!(made, bytes(answer), "{kernel} {costs:?}");
        }
    }
}

/// The parameters of every day, and memory of every size that a slice's first blocks, its last ones and
/// the 128 references of a block of random numbers could trip over.
#[test]
fn memory_of_any_size_gives_the_same_hash() {
    let sizes =
        [8, 9, 11, 12, 15, 16, 20, 31, 508, 511, 512, 513, 515, 516, 520, 1023, 1024, 1032, 19_456];
    let mut arena = Arena::default();
    for memory_kib in sizes {
        let input = Input { password: b"password", salt: b"0123456789abcdef", ..Input::default() };
        for passes in [1, 2, 3] {
            let costs = Costs { memory_kib, passes };
            let expected = reference(costs, input, 32);
            for kernel in Kernel::available() {
                let made = tag(kernel, costs, input, &mut arena, 32);
                assert_eq!(made, expected, "{kernel} {costs:?}");
            }
        }
    }
}

/// H' makes up to 64 bytes at once and more of them in halves.
#[test]
fn tags_of_any_length_are_the_same() {
    let costs = Costs { memory_kib: 8, passes: 1 };
    let input = Input { password: b"password", salt: b"somesalt", ..Input::default() };
    for length in (4..=200).chain([255, 256, 1023, 1024, 1025]) {
        let made = tag(Kernel::fastest(), costs, input, &mut Arena::default(), length);
        assert_eq!(made, reference(costs, input, length), "{length}");
    }
}

#[test]
fn an_arena_that_was_used_wiped_or_released_changes_no_hash() {
    let input = Input { password: b"password", salt: b"somesalt", ..Input::default() };
    let mut arena = Arena::default();
    for memory_kib in [64, 16, 128, 64, 32] {
        let costs = Costs { memory_kib, passes: 2 };
        let expected = reference(costs, input, 32);
        for kernel in Kernel::available() {
            assert_eq!(tag(kernel, costs, input, &mut arena, 32), expected);
            arena.wipe();
            assert_eq!(tag(kernel, costs, input, &mut arena, 32), expected);
        }
    }
    assert_eq!(arena.kib(), 128);
    arena.release();
    assert_eq!(arena.kib(), 0);
}

#[test]
fn what_the_rfc_does_not_allow_is_refused() {
    let good =
        (Costs { memory_kib: 8, passes: 1 }, Input { salt: b"somesalt", ..Input::default() });
    let try_with = |(costs, input), tag: &mut [u8]| {
        hash(Kernel::fastest(), costs, input, &mut Arena::default(), tag)
    };
    assert_eq!(try_with(good, &mut [0; 4]), Ok(()));
    assert_eq!(try_with(good, &mut [0; 3]), Err(HashFailure::TagTooShort));
    let short = Input { salt: b"7 bytes", ..Input::default() };
    assert_eq!(try_with((good.0, short), &mut [0; 4]), Err(HashFailure::SaltTooShort));
    let small = Costs { memory_kib: 7, passes: 1 };
    assert_eq!(try_with((small, good.1), &mut [0; 4]), Err(HashFailure::MemoryTooSmall));
    let none = Costs { memory_kib: 8, passes: 0 };
    assert_eq!(try_with((none, good.1), &mut [0; 4]), Err(HashFailure::NoPass));
    let huge = Costs { memory_kib: u32::MAX, passes: 1 };
    if usize::BITS < 64 {
        assert_eq!(try_with((huge, good.1), &mut [0; 4]), Err(HashFailure::OutOfMemory));
    }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_input_gives_the_same_hash(
        password in vec(any::<u8>(), 0..300),
        salt in vec(any::<u8>(), 8..70),
        secret in vec(any::<u8>(), 0..40),
        associated in vec(any::<u8>(), 0..32),
        memory_kib in 8_u32..1200,
        passes in 1_u32..5,
        length in 4_usize..150,
    ) {
        let costs = Costs { memory_kib, passes };
        let input =
            Input { password: &password, salt: &salt, secret: &secret, associated: &associated };
        let expected = reference(costs, input, length);
        let mut arena = Arena::default();
        for kernel in Kernel::available() {
            let made = tag(kernel, costs, input, &mut arena, length);
            prop_assert_eq!(&made, &expected, "{} {:?}", kernel, costs);
        }
    }
}
