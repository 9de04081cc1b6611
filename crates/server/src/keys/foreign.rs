//! Tokens of other issuers, as an interface: a module above this one verifies them and returns the local user
//! of each. A trait, so that the extractor of callers knows no other feature.

use std::fmt::Debug;
use std::pin::Pin;

use uuid::Uuid;

use super::explain::Said;
use crate::error::Error;
use crate::gate::Via;
use crate::input::Origin;

/// The local user of a foreign token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The local user.
    pub user_id: Uuid,
    /// What the gate checks: an identity or an imported session.
    pub via: Via,
    /// The id of that row.
    pub id: Uuid,
    /// The user's id at the issuer, if known.
    pub subject: Option<String>,
}

/// A future result; `None` for a token of no trusted issuer.
pub type Admitting<'a> = Pin<Box<dyn Future<Output = Result<Option<Admitted>, Error>> + Send + 'a>>;

/// A future result for a cookie, which is valid or rejected.
pub type AdmittingCookie<'a> = Pin<Box<dyn Future<Output = Result<Admitted, Error>> + Send + 'a>>;

/// The explanation of a token, to find out why it is rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// The kind of token, or `not a token`.
    pub kind: &'static str,
    /// Its contents; verified only if nothing fails.
    pub said: Said,
    /// Its presumed issuer, and why that is trusted.
    pub issuer: Option<String>,
    /// The key that verifies it, or should.
    pub key: Option<String>,
    /// Its local user, if there is one yet.
    pub user: Option<Uuid>,
    /// What could not be checked, and other notes.
    pub notes: Vec<String>,
    /// The first check that fails.
    pub failing: Option<String>,
}

/// A future explanation; for a token of no trusted issuer, what would make it valid.
pub type Examining<'a> = Pin<Box<dyn Future<Output = Result<Examined, Vec<String>>> + Send + 'a>>;

/// Facts about other issuers for operators, a sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// What exists.
    pub notes: Vec<String>,
    /// Kinds of their tokens that are rejected here, although no setting asks for that.
    pub refused: Vec<String>,
    /// What a setting requires but is missing, so that some of their tokens are rejected.
    pub warnings: Vec<String>,
}

/// A future survey.
pub type Surveying<'a> = Pin<Box<dyn Future<Output = Result<Survey, Error>> + Send + 'a>>;

/// Verifies the tokens of other issuers.
pub trait Foreign: Debug + Send + Sync {
    /// The user of a token that is not Doorward's own; the first valid token of a subject creates one.
    fn admit<'a>(&'a self, token: &'a str, origin: Origin) -> Admitting<'a>;

    /// The user of a session cookie, which must be signed.
    fn admit_cookie<'a>(&'a self, value: &'a str, origin: Origin) -> AdmittingCookie<'a>;

    /// Checks a token as `admit` would, without creating a user.
    fn examine<'a>(&'a self, token: &'a str) -> Examining<'a>;

    /// Checks what the tokens of other issuers depend on.
    fn survey(&self) -> Surveying<'_>;

    /// Drops an identity or an imported session from the cache.
    fn forget(&self, id: Uuid);
}
