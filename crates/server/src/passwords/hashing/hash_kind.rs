//! The supported kinds of password hashes, distinguished by their prefixes.

use std::fmt;

/// A kind of password hash, named after the program that writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HashKind {
    /// `$argon2id$`, `$argon2i$`, `$argon2d$`: the PHC format.
    Argon2,
    /// `argon2$argon2id$…`
    DjangoArgon2,
    /// `$2a$`, `$2b$`, `$2x$`, `$2y$`
    Bcrypt,
    /// `bcrypt$$2b$…`
    DjangoBcrypt,
    /// `bcrypt_sha256$$2b$…`
    DjangoBcryptSha256,
    /// `$bcrypt-sha256$…`, versions 1 and 2.
    PasslibBcryptSha256,
    /// `$pbkdf2$…`, `$pbkdf2-sha256$…`, `$pbkdf2-sha512$…`
    PasslibPbkdf2,
    /// `pbkdf2_sha256$…`, `pbkdf2_sha1$…`
    DjangoPbkdf2,
    /// `pbkdf2:sha256:…`
    WerkzeugPbkdf2,
    /// `$scrypt$ln=…`
    PasslibScrypt,
    /// `scrypt$16384$…`
    DjangoScrypt,
    /// `scrypt:32768:8:1$…`
    WerkzeugScrypt,
    /// 32 hex digits, a colon, 128 hex digits.
    BetterAuthScrypt,
    /// `s2:…`
    LuciaScrypt,
    /// `$fbscrypt$…`
    FirebaseScrypt,
    /// `$5$…`
    Sha256Crypt,
    /// `$6$…`
    Sha512Crypt,
    /// `$P$…`, `$H$…`
    Phpass,
}

/// The prefixes; none is a prefix of another.
const PREFIXES: [(&str, HashKind); 18] = [
    ("$argon2", HashKind::Argon2),
    ("argon2$argon2", HashKind::DjangoArgon2),
    ("$2", HashKind::Bcrypt),
    ("bcrypt$$2", HashKind::DjangoBcrypt),
    ("bcrypt_sha256$$2", HashKind::DjangoBcryptSha256),
    ("$bcrypt-sha256$", HashKind::PasslibBcryptSha256),
    ("$pbkdf2", HashKind::PasslibPbkdf2),
    ("pbkdf2_", HashKind::DjangoPbkdf2),
    ("pbkdf2:", HashKind::WerkzeugPbkdf2),
    ("$scrypt$", HashKind::PasslibScrypt),
    ("scrypt$", HashKind::DjangoScrypt),
    ("scrypt:", HashKind::WerkzeugScrypt),
    ("s2:", HashKind::LuciaScrypt),
    ("$fbscrypt$", HashKind::FirebaseScrypt),
    ("$5$", HashKind::Sha256Crypt),
    ("$6$", HashKind::Sha512Crypt),
    ("$P$", HashKind::Phpass),
    ("$H$", HashKind::Phpass),
];

impl HashKind {
    /// The kind of a stored hash, and what follows the prefix.
    pub(super) fn of(stored: &str) -> Option<(Self, &str)> {
        if stored.as_bytes().get(32) == Some(&b':') && stored.len() == 161 {
            return Some((Self::BetterAuthScrypt, stored));
        }
        PREFIXES.iter().find_map(|(prefix, kind)| Some((*kind, stored.strip_prefix(prefix)?)))
    }
}

impl fmt::Display for HashKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Argon2 => "Argon2",
            Self::DjangoArgon2 => "Django's Argon2",
            Self::Bcrypt => "bcrypt",
            Self::DjangoBcrypt => "Django's bcrypt",
            Self::DjangoBcryptSha256 => "Django's bcrypt-sha256",
            Self::PasslibBcryptSha256 => "passlib's bcrypt-sha256",
            Self::PasslibPbkdf2 => "passlib's PBKDF2",
            Self::DjangoPbkdf2 => "Django's PBKDF2",
            Self::WerkzeugPbkdf2 => "Werkzeug's PBKDF2",
            Self::PasslibScrypt => "passlib's scrypt",
            Self::DjangoScrypt => "Django's scrypt",
            Self::WerkzeugScrypt => "Werkzeug's scrypt",
            Self::BetterAuthScrypt => "Better Auth's scrypt",
            Self::LuciaScrypt => "Lucia's scrypt",
            Self::FirebaseScrypt => "Firebase's scrypt",
            Self::Sha256Crypt => "SHA-256-crypt",
            Self::Sha512Crypt => "SHA-512-crypt",
            Self::Phpass => "phpass",
        })
    }
}
