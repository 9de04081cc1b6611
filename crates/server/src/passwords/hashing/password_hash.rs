//! Password hashes: makes and verifies Argon2id and bcrypt, whichever is configured; both always
//! verify. A hash made with other parameters than today's says so, and is replaced at the next
//! successful login. Comparisons take constant time.

use super::argon2_hash::{self, Scratch};
use super::bcrypt_hash;
use super::work::Work;
use crate::config::HashScheme;

/// Why a hash could not be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashError {
    /// The stored text is no hash this server knows, or asks for too much work.
    Unreadable,
    /// Memory ran out or a parameter is impossible; nothing was stored.
    Failed,
}

/// Hashes a password with the configured scheme.
pub(super) fn hash(
    password: &[u8],
    scheme: HashScheme,
    salt: [u8; 16],
    scratch: &mut Scratch,
) -> Result<String, HashError> {
    match scheme {
        HashScheme::Argon2id { m, t, p } => argon2_hash::hash(password, (m, t, p), salt, scratch),
        HashScheme::Bcrypt { cost } => bcrypt_hash::hash(password, cost, salt),
    }
}

/// True if the password is the one that was hashed.
pub(super) fn verify(
    password: &[u8],
    stored: &str,
    scratch: &mut Scratch,
) -> Result<bool, HashError> {
    if stored.starts_with("$argon2") {
        argon2_hash::verify(password, stored, scratch)
    } else {
        bcrypt_hash::verify(password, stored)
    }
}

/// True if the configured scheme would store this password in another form or with other parameters.
pub(super) fn needs_upgrade(password: &[u8], stored: &str, scheme: HashScheme) -> bool {
    match scheme {
        HashScheme::Argon2id { m, t, p } => !stored.starts_with(&argon2_hash::prefix(m, t, p)),
        HashScheme::Bcrypt { cost } => bcrypt_hash::needs_upgrade(password, stored, cost),
    }
}

/// What the hashes of this scheme begin with, before the salt.
pub(super) fn kind(scheme: HashScheme) -> String {
    match scheme {
        HashScheme::Argon2id { m, t, p } => argon2_hash::prefix(m, t, p),
        HashScheme::Bcrypt { cost } => bcrypt_hash::prefix(cost),
    }
}

/// Whether this is a hash that passwords can be compared with.
pub(crate) fn can_verify(stored: &str) -> bool {
    cost(stored).is_some()
}

/// What it costs to make or verify this hash; `None` if it is unreadable.
pub(super) fn cost(stored: &str) -> Option<Work> {
    if stored.starts_with("$argon2") {
        let argon2_kib = argon2_hash::cost(stored)?;
        Some(Work { hashes: 1, argon2_kib, bcrypt_rounds: 0 })
    } else {
        let bcrypt_rounds = bcrypt_hash::cost(stored)?;
        Some(Work { hashes: 1, argon2_kib: 0, bcrypt_rounds })
    }
}

#[cfg(test)]
mod tests {
    use super::{HashError, Scratch, Work, cost, needs_upgrade};
    use crate::config::HashScheme;

    const CHEAP: HashScheme = HashScheme::Argon2id { m: 64, t: 1, p: 1 };
    const BCRYPT: HashScheme = HashScheme::Bcrypt { cost: 4 };

    fn hash(password: &[u8], scheme: HashScheme) -> String {
        super::hash(password, scheme, [7; 16], &mut Scratch::default()).unwrap()
    }

    fn verify(password: &[u8], stored: &str) -> Result<bool, HashError> {
        super::verify(password, stored, &mut Scratch::default())
    }

    #[test]
    fn both_schemes_verify_exactly_the_password_that_was_hashed() {
        let long = "x".repeat(300);
        for scheme in [CHEAP, BCRYPT] {
            for password in ["", "a", "pass\0word", "ÄÖ😀", &long[..71], &long[..72], &long] {
                let stored = hash(password.as_bytes(), scheme);
                assert_eq!(verify(password.as_bytes(), &stored), Ok(true), "{stored}");
                assert!(!needs_upgrade(password.as_bytes(), &stored, scheme), "{stored}");
                for other in
                    [format!("{password}\0"), format!("{password} "), format!("{password}x")]
                {
                    assert_eq!(verify(other.as_bytes(), &stored), Ok(false), "{other:?} {stored}");
                }
                if let Some((_, cut)) = password.as_bytes().split_last() {
                    assert_eq!(verify(cut, &stored), Ok(false), "{password:?} cut, {stored}");
                }
            }
        }
    }

    #[test]
    fn bcrypt_ends_neither_at_nul_nor_at_72_bytes() {
        let full = "x".repeat(71);
        let stored = hash(full.as_bytes(), BCRYPT);
        assert_eq!(verify(format!("{full}\0tail").as_bytes(), &stored), Ok(false));
        assert_eq!(verify(b"abc\0abc", &hash(b"abc", BCRYPT)), Ok(false));
        let long = hash("x".repeat(72).as_bytes(), BCRYPT);
        assert!(long.starts_with("$bcrypt-sha256$v=2,t=2b,r=4$"), "{long}");
        assert_eq!(verify("x".repeat(73).as_bytes(), &long), Ok(false));
    }

    #[test]
    fn hashes_of_other_programs_verify() {
        // The vectors of the Argon2 reference implementation and of passlib 1.7.
        for (password, stored) in [
            (
                "password",
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            ),
            (
                "password",
                "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
            ),
            (
                "password",
                "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
            ),
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            (
                "",
                "$bcrypt-sha256$v=2,t=2b,r=5$E/e/2AOhqM5W/KJTFQzLce$WFPIZKtDDTriqWwlmRFfHiOTeheAZWe",
            ),
            (
                "password",
                "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS",
            ),
        ] {
            assert_eq!(verify(password.as_bytes(), stored), Ok(true), "{stored}");
            assert_eq!(verify(b"another password", stored), Ok(false), "{stored}");
        }
    }

    #[test]
    fn a_stored_hash_cannot_ask_for_unbounded_work() {
        let tail = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for stored in [
            format!("$argon2id$v=19$m=4194304,t=1,p=1${tail}"),
            format!("$argon2id$v=19$m=65536,t=4294967295,p=1${tail}"),
            format!("$argon2id$v=19$m=65536,t=2,p=16777215${tail}"),
            format!("$argon2id$v=19$m=99999999999,t=2,p=1${tail}"),
            format!("$2b$31${}", ".".repeat(53)),
            format!("$bcrypt-sha256$v=2,t=2b,r=31${}${}", ".".repeat(22), ".".repeat(31)),
        ] {
            assert_eq!(verify(b"password", &stored), Err(HashError::Unreadable), "{stored}");
            assert_eq!(cost(&stored), None, "{stored}");
        }
    }

    #[test]
    fn a_hash_costs_the_memory_and_rounds_that_its_parameters_say() {
        let argon2 = hash(b"password", HashScheme::Argon2id { m: 64, t: 3, p: 1 });
        let argon2_kib = 3 * 64;
        assert_eq!(cost(&argon2), Some(Work { hashes: 1, argon2_kib, bcrypt_rounds: 0 }));
        for password in ["password", &"x".repeat(80)] {
            let bcrypt = hash(password.as_bytes(), BCRYPT);
            let bcrypt_rounds = 16;
            assert_eq!(cost(&bcrypt), Some(Work { hashes: 1, argon2_kib: 0, bcrypt_rounds }));
        }
    }

    #[test]
    fn nonsense_is_unreadable_and_never_a_match() {
        let good = hash(b"password", CHEAP);
        for end in 0..good.len() {
            assert_ne!(verify(b"password", &good[..end]), Ok(true), "{end}");
        }
        for stored in
            ["", "$", "password", "$2b$04$short", "$argon2id$", "!", "é".repeat(30).as_str()]
        {
            assert_eq!(verify(b"password", stored), Err(HashError::Unreadable), "{stored}");
        }
    }

    #[test]
    fn other_parameters_or_another_scheme_call_for_an_upgrade() {
        let stronger = HashScheme::Argon2id { m: 128, t: 1, p: 1 };
        let stored = hash(b"password", CHEAP);
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(needs_upgrade(b"password", &stored, stronger));
        assert!(needs_upgrade(b"password", &stored, BCRYPT));
        assert!(needs_upgrade(b"password", "$2a$04$x", BCRYPT));
        let cut = hash(b"password", BCRYPT);
        assert!(needs_upgrade("x".repeat(80).as_bytes(), &cut, BCRYPT), "a cut hash is replaced");
    }

    proptest::proptest! {
        #[test]
        fn reading_a_stored_hash_never_panics(
            stored in "\\$(argon2id|argon2i|2b|2x|bcrypt-sha256)\\$[\\PC$]{0,80}",
        ) {
            let _ = verify(b"password", &stored);
        }
    }
}
