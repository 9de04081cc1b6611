//! What is verified where there is no hash: a hash of no password, whose work is that of a kind of
//! hashes. A kind is the part of a hash before its salt: `$argon2id$v=19$m=19456,t=2,p=1$`, `$2b$12$`.

use std::sync::Arc;

use super::password_hash;
use crate::config::HashScheme;

/// A well-formed hash of no known password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StandIn(Arc<str>);

impl StandIn {
    /// Costs what a new hash of this scheme costs.
    pub(crate) fn of_scheme(scheme: HashScheme) -> Self {
        Self(completed(&password_hash::kind(scheme)).into())
    }

    /// Costs what hashes of this kind cost; `None` if none of them could be verified: they are
    /// unreadable, or ask for too much work.
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        let hash = completed(kind);
        password_hash::cost(&hash).map(|_| Self(hash.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A kind with a salt and a sum of the usual lengths.
fn completed(kind: &str) -> String {
    if kind.starts_with("$argon2") {
        format!("{kind}{}${}", "A".repeat(22), "A".repeat(43))
    } else if kind.starts_with("$bcrypt-sha256$") {
        format!("{kind}{}${}", ".".repeat(22), ".".repeat(31))
    } else {
        format!("{kind}{}", ".".repeat(53))
    }
}

#[cfg(test)]
mod tests {
    use super::super::argon2_hash::Scratch;
    use super::*;

    #[test]
    fn it_is_readable_and_costs_what_its_kind_costs() {
        let verify = |stand_in: &StandIn| {
            password_hash::verify(b"password", stand_in.as_str(), &mut Scratch::default())
        };
        for kind in [
            "$argon2id$v=19$m=64,t=1,p=1$",
            "$argon2i$m=64,t=1,p=1$",
            "$2a$04$",
            "$2y$04$",
            "$bcrypt-sha256$v=2,t=2b,r=4$",
        ] {
            let stand_in = StandIn::of_kind(kind).unwrap();
            assert!(stand_in.as_str().starts_with(kind), "{stand_in:?}");
            assert_eq!(verify(&stand_in), Ok(false), "{kind}");
        }
        for scheme in [HashScheme::default(), HashScheme::Bcrypt { cost: 12 }] {
            let stand_in = StandIn::of_scheme(scheme);
            assert!(!password_hash::needs_upgrade(b"password", stand_in.as_str(), scheme));
            assert_eq!(StandIn::of_kind(&password_hash::kind(scheme)), Some(stand_in));
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
        ] {
            assert_eq!(StandIn::of_kind(kind), None, "{kind}");
        }
    }
}
