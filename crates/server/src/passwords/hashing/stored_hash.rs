//! A parsed hash: it can be verified, and its cost is known in advance. Whatever the stored text is, parsing
//! neither panics nor allocates memory, and the work is limited.

use std::fmt;

use super::format::argon2_hash::{Argon2Hash, Scratch};
use super::format::bcrypt_hash::BcryptHash;
use super::format::pbkdf2_hash::Pbkdf2Hash;
use super::format::phpass_hash::PhpassHash;
use super::format::scrypt_hash::ScryptHash;
use super::format::sha_crypt_hash::ShaCryptHash;
use super::hash_kind::HashKind;
use super::password_hash::HashError;
use super::work::Work;

/// The longest known format, Firebase's, has about 260 characters.
const MAX_LENGTH: usize = 512;

/// Why a stored text is not a hash that can be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashRefusal {
    /// An unknown format.
    Unknown,
    /// It starts like this kind, but is malformed.
    Malformed(HashKind),
    /// Verifying it would take more memory or work than a sign-in may.
    TooCostly(HashKind),
}

impl fmt::Display for HashRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(out, "is not a password hash of a supported kind"),
            Self::Malformed(kind) => write!(out, "is not a well-formed hash of {kind}"),
            Self::TooCostly(kind) => {
                write!(out, "is a hash of {kind} that would take too much memory or time to verify")
            }
        }
    }
}

/// The kind of a stored hash, or why passwords cannot be verified with it.
pub fn recognise(stored: &str) -> Result<HashKind, HashRefusal> {
    StoredHash::parse(stored).map(|hash| hash.kind)
}

/// What is wrong with a text that starts like a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Malformed,
    TooCostly,
}

impl Flaw {
    /// An error above the limit.
    pub(super) fn unless_affordable(affordable: bool) -> Result<(), Self> {
        affordable.then_some(()).ok_or(Self::TooCostly)
    }
}

/// A hash with known, affordable parameters.
pub(super) struct StoredHash {
    kind: HashKind,
    recipe: HashRecipe,
}

enum HashRecipe {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
    Phpass(PhpassHash),
}

impl StoredHash {
    pub(super) fn parse(stored: &str) -> Result<Self, HashRefusal> {
        if stored.len() > MAX_LENGTH {
            return Err(HashRefusal::Unknown);
        }
        let (kind, rest) = HashKind::of(stored).ok_or(HashRefusal::Unknown)?;
        let recipe = HashRecipe::parse(kind, rest).map_err(|flaw| match flaw {
            Flaw::Malformed => HashRefusal::Malformed(kind),
            Flaw::TooCostly => HashRefusal::TooCostly(kind),
        })?;
        Ok(Self { kind, recipe })
    }

    /// True if this password was hashed; compares in constant time.
    pub(super) fn verify(&self, password: &[u8], scratch: &mut Scratch) -> Result<bool, HashError> {
        match &self.recipe {
            HashRecipe::Argon2(hash) => hash.verify(password, scratch),
            HashRecipe::Bcrypt(hash) => Ok(hash.verify(password)),
            HashRecipe::Pbkdf2(hash) => Ok(hash.verify(password)),
            HashRecipe::Scrypt(hash) => hash.verify(password),
            HashRecipe::ShaCrypt(hash) => Ok(hash.verify(password)),
            HashRecipe::Phpass(hash) => Ok(hash.verify(password)),
        }
    }

    /// The cost of computing or verifying it.
    pub(super) fn cost(&self) -> Work {
        match &self.recipe {
            HashRecipe::Argon2(hash) => Work { argon2_kib: hash.kib(), ..Work::ONE },
            HashRecipe::Bcrypt(hash) => Work { bcrypt_rounds: hash.rounds(), ..Work::ONE },
            HashRecipe::Pbkdf2(hash) => Work { pbkdf2_bytes: hash.bytes(), ..Work::ONE },
            HashRecipe::Scrypt(hash) => Work { scrypt_kib: hash.kib(), ..Work::ONE },
            HashRecipe::ShaCrypt(hash) => Work { digest_bytes: hash.bytes(), ..Work::ONE },
            HashRecipe::Phpass(hash) => Work { digest_bytes: hash.bytes(), ..Work::ONE },
        }
    }
}

impl HashRecipe {
    fn parse(kind: HashKind, rest: &str) -> Result<Self, Flaw> {
        match kind {
            HashKind::Argon2 | HashKind::DjangoArgon2 => Argon2Hash::parse(rest).map(Self::Argon2),
            HashKind::Bcrypt
            | HashKind::DjangoBcrypt
            | HashKind::DjangoBcryptSha256
            | HashKind::PasslibBcryptSha256 => BcryptHash::parse(kind, rest).map(Self::Bcrypt),
            HashKind::PasslibPbkdf2 | HashKind::DjangoPbkdf2 | HashKind::WerkzeugPbkdf2 => {
                Pbkdf2Hash::parse(kind, rest).map(Self::Pbkdf2)
            }
            HashKind::PasslibScrypt
            | HashKind::DjangoScrypt
            | HashKind::WerkzeugScrypt
            | HashKind::BetterAuthScrypt
            | HashKind::LuciaScrypt
            | HashKind::FirebaseScrypt => ScryptHash::parse(kind, rest).map(Self::Scrypt),
            HashKind::Sha256Crypt | HashKind::Sha512Crypt => {
                ShaCryptHash::parse(kind, rest).map(Self::ShaCrypt)
            }
            HashKind::Phpass => PhpassHash::parse(rest).map(Self::Phpass),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Created by the programs themselves, with `tests/interop/hashes`.
    const VECTORS: &str = include_str!("../../../tests/foreign_hashes.json");

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        let hash = StoredHash::parse(stored).map_err(HashError::Unreadable)?;
        hash.verify(password.as_bytes(), &mut Scratch::default())
    }

    #[test]
    fn hashes_of_other_programs_verify() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        let check = |vector: &Value| {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            let (password, stored) = (text("password"), text("stored"));
            let kind = recognise(&stored).map(|kind| kind.to_string());
            assert_eq!(kind, Ok(text("kind")), "{vector}");
            assert_eq!(verify(&password, &stored), Ok(true), "{vector}");
            if password == "correct horse battery staple" {
                return; // with the parameters of every day, which take their time
            }
            assert_eq!(verify(&format!("!{password}"), &stored), Ok(false), "{vector}");
        };
        std::thread::scope(|scope| {
            for half in vectors.chunks(vectors.len().div_ceil(2)) {
                scope.spawn(move || half.iter().for_each(check));
            }
        });
    }

    #[test]
    fn a_bcrypt_hash_of_a_longer_password_matches_what_has_its_first_72_bytes() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        let cut = |vector: &&Value| {
            vector["kind"] == "bcrypt" && vector["password"].as_str().unwrap().starts_with("zzz")
        };
        assert!(vectors.iter().filter(cut).count() >= 4);
        for vector in vectors.iter().filter(cut) {
            let stored = vector["stored"].as_str().unwrap();
            for (length, matches) in [(71, false), (72, true), (73, true), (300, true)] {
                assert_eq!(verify(&"z".repeat(length), stored), Ok(matches), "{length} {vector}");
            }
        }
    }

    #[test]
    fn no_plain_bcrypt_hash_matches_a_password_with_nul() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        let stored = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(vectors.iter().any(|vector| vector["stored"] == stored));
        assert_eq!(verify("U*U", stored), Ok(true));
        assert_eq!(verify("U*U\0U*U", stored), Ok(false));
        assert_eq!(verify("U*U\0", stored), Ok(false));
    }

    #[test]
    fn a_stored_hash_cannot_ask_for_unbounded_work() {
        let (tag, hex) =
            ("c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "0".repeat(128));
        let (sum, salt) = ("A".repeat(86), "A".repeat(22));
        for stored in [
            format!("$argon2id$v=19$m=4194304,t=1,p=1${tag}"),
            format!("$argon2id$v=19$m=65536,t=4294967295,p=1${tag}"),
            format!("$argon2id$v=19$m=65536,t=2,p=16777215${tag}"),
            format!("argon2$argon2id$v=19$m=4194304,t=1,p=1${tag}"),
            format!("$2b$17${}", ".".repeat(53)),
            format!("$2b$31${}", ".".repeat(53)),
            format!("bcrypt$$2b$31${}", ".".repeat(53)),
            format!("bcrypt_sha256$$2b$31${}", ".".repeat(53)),
            format!("$bcrypt-sha256$v=2,t=2b,r=31${}${}", ".".repeat(22), ".".repeat(31)),
            format!("$pbkdf2-sha512$4294967295${salt}${sum}"),
            format!("pbkdf2_sha256$5000001${salt}${}", &sum[..43]),
            format!("pbkdf2:sha512:4294967295${salt}${hex}"),
            format!("$scrypt$ln=63,r=8,p=1${salt}${sum}"),
            format!("$scrypt$ln=22,r=8,p=1${salt}${sum}"),
            format!("$scrypt$ln=14,r=65,p=1${salt}${sum}"),
            format!("$scrypt$ln=4,r=8,p=4294967295${salt}${sum}"),
            format!("scrypt$65536${salt}$8$16${sum}"),
            format!("scrypt:16384:4294967295:1${salt}${hex}"),
            format!("$fbscrypt$v=1,n=40,r=8,p=1,ss=Bw==,sk={sum}${salt}${sum}"),
            format!("$P$J{}", "A".repeat(30)),
            format!("$5$rounds=1000001$salt${}", "A".repeat(43)),
            format!("$6$rounds=999999999$salt${}", &sum),
        ] {
            let refused = recognise(&stored);
            assert!(matches!(refused, Err(HashRefusal::TooCostly(_))), "{stored}: {refused:?}");
        }
        for stored in [
            format!("$argon2id$v=19$m=99999999999,t=2,p=1${tag}"),
            format!("$scrypt$ln=64,r=8,p=1${salt}${sum}"),
            format!("scrypt:16383:8:1${salt}${hex}"),
            format!("scrypt:0:8:1${salt}${hex}"),
            format!("scrypt:16384:0:1${salt}${hex}"),
            format!("pbkdf2_sha256$0${salt}${}", &sum[..43]),
            format!("pbkdf2_sha256$1000${salt}${sum}"),
            format!("pbkdf2_sha256$1000${}${}", "s".repeat(129), &sum[..43]),
            format!("$2b$03${}", ".".repeat(53)),
            format!("$P$4{}", "A".repeat(30)),
            format!("$5$rounds=999$salt${}", "A".repeat(43)),
            format!("$6$a salt of 17 let.${sum}"),
        ] {
            let refused = recognise(&stored);
            assert!(matches!(refused, Err(HashRefusal::Malformed(_))), "{stored}: {refused:?}");
        }
        let long = format!("pbkdf2_sha256$1000${}", "s".repeat(100_000));
        assert_eq!(recognise(&long), Err(HashRefusal::Unknown));
    }

    #[test]
    fn a_hash_that_was_cut_is_no_match() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
        let cheap = vectors.iter().filter(|vector| vector["password"] == "");
        for vector in cheap {
            let stored = vector["stored"].as_str().unwrap();
            for end in stored.len().saturating_sub(3)..stored.len() {
                // Only padding may be missing.
                let expected = stored[end..].bytes().all(|letter| letter == b'=');
                let found = verify("", &stored[..end]);
                assert_eq!(found == Ok(true), expected, "{end} {vector}: {found:?}");
            }
            for end in 0..stored.len() - 3 {
                assert!(
                    recognise(&stored[..end]).is_err() || stored.contains("argon2"),
                    "{end} {vector}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_with_a_reason() {
        for stored in
            ["", "$", "password", "!", "5f4dcc3b5aa765d61d8327deb882cf99", "é".repeat(30).as_str()]
        {
            assert_eq!(recognise(stored), Err(HashRefusal::Unknown), "{stored}");
        }
        for (stored, why) in [
            ("md5$salt$sum", "is not a password hash of a supported kind"),
            ("$2b$04$short", "is not a well-formed hash of bcrypt"),
            ("$argon2id$", "is not a well-formed hash of Argon2"),
            ("pbkdf2_md5$1000$salt$sum", "is not a well-formed hash of Django's PBKDF2"),
            (
                "$2b$31$.....................................................",
                "is a hash of bcrypt that would take too much memory or time to verify",
            ),
        ] {
            assert_eq!(recognise(stored).unwrap_err().to_string(), why, "{stored}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_a_stored_hash_never_panics(
            stored in "(\\$(argon2id|argon2i|2b|2x|bcrypt-sha256|pbkdf2-sha256|scrypt|fbscrypt|5|6|P)\\$|\
                argon2\\$argon2id\\$|bcrypt(_sha256)?\\$\\$2b\\$|pbkdf2_sha256\\$|pbkdf2:sha256:|scrypt[$:]|s2:)\
                [\\PC$]{0,80}",
        ) {
            let _ = verify("password", &stored);
        }

        #[test]
        fn no_letter_changed_makes_reading_panic_or_take_more_than_is_allowed(
            at in 0..1000_usize, place in 0..1000_usize, letter in "[\\PC\u{0}]",
        ) {
            let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
            let stored = vectors[at % vectors.len()]["stored"].as_str().unwrap();
            let place = place % stored.len();
            let changed = format!("{}{letter}{}", &stored[..place], &stored[place + 1..]);
            if let Ok(hash) = StoredHash::parse(&changed) {
                let Work { argon2_kib, bcrypt_rounds, scrypt_kib, pbkdf2_bytes, digest_bytes, .. } = hash.cost();
                proptest::prop_assert!(argon2_kib <= 1 << 20 && bcrypt_rounds <= 1 << 16);
                proptest::prop_assert!(scrypt_kib <= 1 << 19 && digest_bytes <= 64_000_000);
                proptest::prop_assert!(pbkdf2_bytes <= 5_000_000 * 64);
            }
        }
    }
}
