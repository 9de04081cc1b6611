//! The stand-in that is verified if there is no hash: a hash of no password, with the cost of a kind of
//! hashes. A kind here is a hash without its salt and sum: `$argon2id$v=19$m=19456,t=2,p=1$`, `$2b$12$`,
//! `scrypt:32768:8:1$`.

use std::sync::Arc;

use super::hash_kind::HashKind;
use super::password_hash;
use super::stored_hash::StoredHash;
use crate::config::HashScheme;

/// A well-formed hash of no known password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StandIn(Arc<str>);

impl StandIn {
    /// Costs as much as a new hash with this scheme.
    pub(crate) fn of_scheme(scheme: HashScheme) -> Self {
        let prefix = password_hash::prefix(scheme);
        Self(completed(&prefix).unwrap_or(prefix).into())
    }

    /// Costs as much as hashes of this kind; `None` if they cannot be verified: they are invalid, or too
    /// expensive.
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        let hash = completed(kind)?;
        StoredHash::parse(&hash).is_ok().then(|| Self(hash.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A kind with a salt and sum of the usual lengths.
fn completed(kind: &str) -> Option<String> {
    const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    let letters = |count| "A".repeat(count);
    let hex = "0".repeat(128);
    // The remainder of Better Auth's format.
    if kind == ":" {
        return Some(format!("{}:{hex}", &hex[..32]));
    }
    Some(match HashKind::of(kind)?.0 {
        HashKind::Argon2 | HashKind::DjangoArgon2 | HashKind::PasslibScrypt => {
            format!("{kind}{SALT}${}", letters(43))
        }
        HashKind::Bcrypt | HashKind::DjangoBcrypt | HashKind::DjangoBcryptSha256 => {
            format!("{kind}{}", ".".repeat(53))
        }
        HashKind::PasslibBcryptSha256 => format!("{kind}{}${}", ".".repeat(22), ".".repeat(31)),
        HashKind::PasslibPbkdf2 | HashKind::DjangoPbkdf2 => {
            let length = digest_length(kind);
            format!("{kind}{SALT}${}", letters((length * 4).div_ceil(3)))
        }
        HashKind::WerkzeugPbkdf2 => format!("{kind}{SALT}${}", &hex[..2 * digest_length(kind)]),
        HashKind::WerkzeugScrypt => format!("{kind}{SALT}${hex}"),
        HashKind::BetterAuthScrypt => kind.to_owned(),
        HashKind::LuciaScrypt => format!("{kind}{SALT}:{hex}"),
        HashKind::DjangoScrypt => {
            // The salt is between the parameters: `scrypt$16384$salt$8$5$sum`.
            let (n, rest) = kind.strip_prefix("scrypt$")?.split_once('$')?;
            format!("scrypt${n}${SALT}${rest}{}", letters(86))
        }
        HashKind::FirebaseScrypt => {
            // The project's key is not needed: encrypting another takes as long.
            let costs = kind.split(",ss=").next()?.split(",sk=").next()?;
            let key = letters(86);
            format!("{costs},ss=Bw,sk={key}${SALT}${key}")
        }
        HashKind::Sha256Crypt => format!("{kind}salt${}", letters(43)),
        HashKind::Sha512Crypt => format!("{kind}salt${}", letters(86)),
        HashKind::Phpass => format!("{kind}{}", letters(30)),
    })
}

/// In bytes.
fn digest_length(kind: &str) -> usize {
    if kind.contains("sha512") {
        64
    } else if kind.contains("sha256") {
        32
    } else {
        20
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::argon2_hash::Scratch;
    use super::*;

    #[test]
    fn it_is_readable_and_costs_what_its_kind_costs() {
        let read = |stand_in: &StandIn| StoredHash::parse(stand_in.as_str()).unwrap();
        for (kind, hash) in [
            ("$argon2id$v=19$m=64,t=1,p=1$", None),
            ("$argon2i$m=64,t=1,p=1$", None),
            ("argon2$argon2id$v=19$m=64,t=1,p=1$", None),
            ("$2a$04$", None),
            ("$2x$04$", None),
            ("bcrypt$$2b$04$", None),
            ("bcrypt_sha256$$2b$04$", None),
            ("$bcrypt-sha256$v=2,t=2b,r=4$", None),
            ("$bcrypt-sha256$2a,4$", None),
            ("$pbkdf2$100$", None),
            ("$pbkdf2-sha256$100$", None),
            ("$pbkdf2-sha512$100$", None),
            ("pbkdf2_sha256$100$", None),
            ("pbkdf2_sha1$100$", None),
            ("pbkdf2:sha256:100$", None),
            ("pbkdf2:sha512:100$", None),
            ("$scrypt$ln=4,r=8,p=2$", None),
            ("scrypt$16$8$5$", Some(format!("scrypt$16$salt$8$5${}", "A".repeat(86)))),
            ("scrypt:16:8:1$", None),
            (":", Some(format!("{:032}:{:0128}", 0, 1))),
            ("s2:", None),
            (
                "$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk=cut off he",
                Some(format!("$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk={0}$AAAA${0}", "A".repeat(86))),
            ),
            ("$P$5", None),
            ("$5$", None),
            ("$6$rounds=1000$", None),
        ] {
            let stand_in = StandIn::of_kind(kind).unwrap_or_else(|| panic!("{kind}"));
            let verified = read(&stand_in).verify(b"password", &mut Scratch::default());
            assert_eq!(verified, Ok(false), "{kind}");
            match hash {
                None => assert!(stand_in.as_str().starts_with(kind), "{stand_in:?}"),
                Some(hash) => {
                    let hash =
                        StoredHash::parse(&hash).unwrap_or_else(|why| panic!("{hash} {why}"));
                    assert_eq!(read(&stand_in).cost(), hash.cost(), "{kind}");
                }
            }
        }
        for scheme in [HashScheme::default(), HashScheme::Bcrypt { cost: 12 }] {
            let stand_in = StandIn::of_scheme(scheme);
            assert!(!password_hash::needs_upgrade(b"password", stand_in.as_str(), scheme));
            assert_eq!(StandIn::of_kind(&password_hash::prefix(scheme)), Some(stand_in));
        }
    }

    #[test]
    fn a_kind_that_no_password_can_be_verified_with_has_none() {
        for kind in [
            "",
            "$",
            "!",
            "$1$",
            "$2b$31$",
            "$2b$12",
            "$argon2id$v=19$m=4194304,t=1,p=1$",
            "$argon2id$v=19$m=64,t=1,p=1$salt$",
            "$bcrypt-sha256$v=2,t=2b,r=31$",
            "pbkdf2_sha256$99999999$",
            "pbkdf2_md5$1000$",
            "scrypt:33554432:8:1$",
            "scrypt$16384$",
            "$fbscrypt$",
            "$P$Z",
        ] {
            assert_eq!(StandIn::of_kind(kind), None, "{kind}");
        }
    }
}
