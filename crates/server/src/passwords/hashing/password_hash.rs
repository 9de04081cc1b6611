//! Computes password hashes with the configured scheme, Argon2id or bcrypt. Hashes of other kinds or with
//! other parameters are verified too (`stored_hash`), and replaced at the next successful sign-in.

use super::format::argon2_hash::{self, Scratch};
use super::format::bcrypt_hash;
use super::stored_hash::HashRefusal;
use crate::config::HashScheme;

/// Why a hash could not be computed or parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashError {
    /// The stored text is not a supported hash.
    Unreadable(HashRefusal),
    /// Out of memory, or an impossible parameter; nothing was stored.
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

/// True if the configured scheme would hash this password in another format or with other parameters.
pub(super) fn needs_upgrade(password: &[u8], stored: &str, scheme: HashScheme) -> bool {
    match scheme {
        HashScheme::Argon2id { m, t, p } => argon2_hash::needs_upgrade(stored, m, t, p),
        HashScheme::Bcrypt { cost } => bcrypt_hash::needs_upgrade(password, stored, cost),
    }
}

/// The prefix of this scheme's hashes, before the salt.
pub(in crate::passwords) fn prefix(scheme: HashScheme) -> String {
    match scheme {
        HashScheme::Argon2id { m, t, p } => argon2_hash::prefix(m, t, p),
        HashScheme::Bcrypt { cost } => bcrypt_hash::prefix(cost),
    }
}

#[cfg(test)]
mod tests {
    use super::super::stored_hash::StoredHash;
    use super::super::work::Work;
    use super::{HashError, Scratch, needs_upgrade};
    use crate::config::HashScheme;

    const CHEAP: HashScheme = HashScheme::Argon2id { m: 64, t: 1, p: 1 };
    const BCRYPT: HashScheme = HashScheme::Bcrypt { cost: 4 };

    fn hash(password: &[u8], scheme: HashScheme) -> String {
        super::hash(password, scheme, [7; 16], &mut Scratch::default()).unwrap()
    }

    fn verify(password: &[u8], stored: &str) -> Result<bool, HashError> {
        let hash = StoredHash::parse(stored).map_err(HashError::Unreadable)?;
        hash.verify(password, &mut Scratch::default())
    }

    fn cost(stored: &str) -> Option<Work> {
        StoredHash::parse(stored).ok().map(|hash| hash.cost())
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
    fn a_hash_costs_the_memory_and_rounds_that_its_parameters_say() {
        let argon2 = hash(b"password", HashScheme::Argon2id { m: 64, t: 3, p: 1 });
        let argon2_kib = 3 * 64;
        assert_eq!(cost(&argon2), Some(Work { argon2_kib, ..Work::ONE }));
        for password in ["password", &"x".repeat(80)] {
            let bcrypt = hash(password.as_bytes(), BCRYPT);
            let bcrypt_rounds = 16;
            assert_eq!(cost(&bcrypt), Some(Work { bcrypt_rounds, ..Work::ONE }));
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
        let short_salt = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$";
        assert!(needs_upgrade(b"password", &format!("{short_salt}{}", "A".repeat(43)), CHEAP));
        let cut = hash(b"password", BCRYPT);
        assert!(needs_upgrade("x".repeat(80).as_bytes(), &cut, BCRYPT), "a cut hash is replaced");
    }
}
