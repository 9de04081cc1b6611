//! The limit of a sign-in: the same hash and nothing else.

use std::time::{Duration, Instant};

use doorward_argon2id::{Arena, Costs, Input, Kernel};

use crate::PASSWORD;

pub(crate) fn hash(seconds: u64) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let until = Instant::now() + Duration::from_secs(seconds);
    let work = || {
        let mut hashes = HashLoop::new();
        let mut done = 0_u32;
        while Instant::now() < until {
            hashes.once();
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

/// The kernel that a server would choose, and its memory.
pub(crate) struct HashLoop {
    kernel: Kernel,
    arena: Arena,
    /// For processors without vector instructions of ours.
    blocks: Vec<argon2::Block>,
}

const COSTS: Costs = Costs { memory_kib: 19_456, passes: 2 };

impl HashLoop {
    pub(crate) fn new() -> Self {
        Self { kernel: Kernel::fastest(), arena: Arena::default(), blocks: Vec::new() }
    }

    pub(crate) fn once(&mut self) {
        let (password, salt, mut tag) = (PASSWORD.as_bytes(), b"0123456789abcdef", [0; 32]);
        if self.kernel != Kernel::PORTABLE {
            let input = Input { password, salt, ..Input::default() };
            doorward_argon2id::hash(self.kernel, COSTS, input, &mut self.arena, &mut tag).unwrap();
            return;
        }
        let Costs { memory_kib, passes } = COSTS;
        let params = argon2::Params::new(memory_kib, passes, 1, None).unwrap();
        self.blocks.resize(params.block_count(), argon2::Block::new());
        let argon2 =
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        argon2.hash_password_into_with_memory(password, salt, &mut tag, &mut self.blocks).unwrap();
    }
}
