//! Hashes a second and user time for each, of every kernel that this machine has and of the crate
//! `argon2`, in turns. `cargo run --release -p doorward-argon2id --example speed -- 19456 2`

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on stops")]

use std::time::{Duration, Instant};

use doorward_argon2id::{Arena, Costs, Input, Kernel, hash};

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).flat_map(|text| text.parse()).collect();
    let costs = match numbers[..] {
        [memory_kib, passes] => Costs { memory_kib, passes },
        _ => Costs { memory_kib: 19_456, passes: 2 },
    };
    let reference = {
        let params = argon2::Params::new(costs.memory_kib, costs.passes, 1, Some(32));
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params.unwrap())
    };
    let mut memory = vec![argon2::Block::new(); costs.memory_kib as usize];
    let mut arena = Arena::default();
    let (password, salt) = (b"correct horse battery staple", b"0123456789abcdef");
    let input = Input { password, salt, ..Input::default() };
    let mut tag = [0; 32];
    for _ in 0..5 {
        show("argon2 0.6", || {
            reference
                .hash_password_into_with_memory(password, salt, &mut tag, &mut memory)
                .unwrap();
        });
        for kernel in Kernel::available() {
            show(kernel.name(), || {
                hash(kernel, costs, input, &mut arena, &mut tag).unwrap();
            });
        }
    }
    let started = Instant::now();
    arena.wipe();
    println!("wiping {} KiB took {:?}", arena.kib(), started.elapsed());
}

fn show(name: &str, mut once: impl FnMut()) {
    let (started, mut count) = (Instant::now(), 0_u32);
    let mut best = Duration::MAX;
    while started.elapsed() < Duration::from_millis(500) {
        let begun = Instant::now();
        once();
        best = best.min(begun.elapsed());
        count += 1;
    }
    let each = started.elapsed() / count;
    println!(
        "{name:12} {:7.1} a second, {each:?} each, {best:?} at best",
        1.0 / each.as_secs_f64()
    );
}
