//! Tokens of other issuers, as `keys` sees them: somebody to its right reads them and says which local
//! user each stands for. A trait, so that the extractor of callers knows no other feature.

use std::fmt::Debug;
use std::pin::Pin;

use uuid::Uuid;

use crate::error::Error;
use crate::http::Origin;

/// Whom a foreign token stands for here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The local user.
    pub user_id: Uuid,
    /// The row that ties the issuer's subject to the user; the gate checks it.
    pub identity_id: Uuid,
    /// What the token calls the user.
    pub subject: String,
}

/// An answer on its way; `None` is a token of nobody who is trusted.
pub type Admitting<'a> = Pin<Box<dyn Future<Output = Result<Option<Admitted>, Error>> + Send + 'a>>;

/// Reads the tokens of other issuers.
pub trait Foreign: Debug + Send + Sync {
    /// The user of a token that is not Doorward's own; the first valid sight of a subject makes one.
    fn admit<'a>(&'a self, token: &'a str, origin: Origin) -> Admitting<'a>;

    /// Drops what is remembered of an identity.
    fn forget(&self, identity: Uuid);
}
