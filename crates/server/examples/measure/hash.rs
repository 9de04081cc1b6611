//! The limit of a sign-in: the same hash and nothing else.

use std::time::{Duration, Instant};

use crate::PASSWORD;

pub(crate) fn hash(seconds: u64) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let until = Instant::now() + Duration::from_secs(seconds);
    let work = || {
        let mut memory = arena();
        let mut done = 0_u32;
        while Instant::now() < until {
            hash_once(&mut memory);
            done += 1;
        }
        done
    };
    let started = Instant::now();
    let total: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("per_second {:.2}", f64::from(total) / started.elapsed().as_secs_f64());
}

fn argon2() -> argon2::Argon2<'static> {
    let params = argon2::Params::new(19_456, 2, 1, None).unwrap();
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
}

pub(crate) fn arena() -> Vec<argon2::Block> {
    vec![argon2::Block::default(); argon2().params().block_count()]
}

pub(crate) fn hash_once(memory: &mut [argon2::Block]) {
    let (password, mut out) = (PASSWORD.as_bytes(), [0; 32]);
    let salt = b"0123456789abcdef";
    argon2().hash_password_into_with_memory(password, salt, &mut out, memory).unwrap();
}
