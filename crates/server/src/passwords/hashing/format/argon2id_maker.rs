//! The implementation of Argon2id with one lane: our own crate, for the processor's instructions, or the
//! crate `argon2`. Each hashing pool first compares the two; if they differ, `argon2` computes all hashes.

use argon2::{Algorithm, Argon2, Params, Version};
use doorward_argon2id::{Arena, Costs, Input, Kernel};

use crate::config::PasswordKernel;

/// Either of the two. `Own` only if it agreed with the crate `argon2` in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::passwords::hashing) enum Argon2idMaker {
    Own(Kernel),
    Reference,
}

/// Enough for references of each kind and for a second block of random numbers in a slice, in less than a
/// millisecond.
const TRIAL: Costs = Costs { memory_kib: 600, passes: 2 };
const TRIAL_SALT: &[u8] = b"a trial of today";

impl Argon2idMaker {
    /// The implementation that the setting asks for, if it computes the same hashes as the crate `argon2`.
    pub(in crate::passwords::hashing) fn choose(setting: PasswordKernel) -> Self {
        Self::choose_by(setting, reference)
    }

    fn choose_by(setting: PasswordKernel, answer: impl Fn(&[u8]) -> Option<[u8; 32]>) -> Self {
        let kernel = match setting {
            PasswordKernel::Reference => return Self::Reference,
            PasswordKernel::Portable => Kernel::PORTABLE,
            PasswordKernel::Auto => Kernel::fastest(),
        };
        // Without vector instructions, our own code gains little over code that more people have reviewed.
        if setting == PasswordKernel::Auto && kernel == Kernel::PORTABLE {
            return Self::Reference;
        }
        let agrees = |password: &[u8]| {
            let answer = answer(password);
            answer.is_some() && answer == own(kernel, password)
        };
        if [&b""[..], b"correct horse battery staple", &[0xff; 200]].into_iter().all(agrees) {
            return Self::Own(kernel);
        }
        tracing::error!(
            "the kernel {kernel} computes wrong Argon2id hashes on this machine, so the crate argon2 is used \
                instead and sign-ins are slower; please report this"
        );
        Self::Reference
    }

    /// `avx512`, `avx2`, `portable` or `reference`.
    pub(in crate::passwords::hashing) fn name(self) -> &'static str {
        match self {
            Self::Own(kernel) => kernel.name(),
            Self::Reference => "reference",
        }
    }
}

fn own(kernel: Kernel, password: &[u8]) -> Option<[u8; 32]> {
    let input = Input { password, salt: TRIAL_SALT, ..Input::default() };
    let mut tag = [0; 32];
    let made = doorward_argon2id::hash(kernel, TRIAL, input, &mut Arena::default(), &mut tag);
    made.is_ok().then_some(tag)
}

fn reference(password: &[u8]) -> Option<[u8; 32]> {
    let params = Params::new(TRIAL.memory_kib, TRIAL.passes, 1, Some(32)).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    argon2.hash_password_into(password, TRIAL_SALT, &mut tag).is_ok().then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::{Argon2idMaker, Kernel, PasswordKernel, reference};

    #[test]
    fn the_setting_decides_which_code_makes_hashes() {
        let fastest = match Kernel::fastest() {
            Kernel::PORTABLE => Argon2idMaker::Reference,
            kernel => Argon2idMaker::Own(kernel),
        };
        assert_eq!(Argon2idMaker::choose(PasswordKernel::Auto), fastest);
        let portable = Argon2idMaker::choose(PasswordKernel::Portable);
        assert_eq!(portable, Argon2idMaker::Own(Kernel::PORTABLE));
        let reference = Argon2idMaker::choose(PasswordKernel::Reference);
        assert_eq!(reference, Argon2idMaker::Reference);
    }

    #[test]
    fn a_kernel_that_makes_one_wrong_hash_is_not_used() {
        for setting in [PasswordKernel::Auto, PasswordKernel::Portable] {
            let wrong = |password: &[u8]| {
                let mut tag = reference(password)?;
                tag[31] ^= u8::from(password.len() == 200);
                Some(tag)
            };
            assert_eq!(Argon2idMaker::choose_by(setting, wrong), Argon2idMaker::Reference);
            assert_eq!(Argon2idMaker::choose_by(setting, |_| None), Argon2idMaker::Reference);
        }
    }
}
