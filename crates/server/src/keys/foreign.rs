//! Tokens of other issuers, as `keys` sees them: somebody to its right reads them and says which local
//! user each stands for. A trait, so that the extractor of callers knows no other feature.

use std::fmt::Debug;
use std::pin::Pin;

use uuid::Uuid;

use super::explain::Said;
use crate::error::Error;
use crate::gate::Via;
use crate::input::Origin;

/// Whom a foreign token stands for here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The local user.
    pub user_id: Uuid,
    /// What the gate checks: an identity, or a session that was imported.
    pub via: Via,
    /// The id of that row.
    pub id: Uuid,
    /// What the issuer calls the user, where that is known.
    pub subject: Option<String>,
}

/// An answer on its way; `None` is a token of nobody who is trusted.
pub type Admitting<'a> = Pin<Box<dyn Future<Output = Result<Option<Admitted>, Error>> + Send + 'a>>;

/// An answer on its way about a cookie, which is somebody's or refused.
pub type AdmittingCookie<'a> = Pin<Box<dyn Future<Output = Result<Admitted, Error>> + Send + 'a>>;

/// What there is to say about a token, for the person who wonders why it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// What sort of token it is, or `not a token`.
    pub kind: &'static str,
    /// What it says; proven only if nothing fails.
    pub said: Said,
    /// Who is held to have made it, and why they count here.
    pub issuer: Option<String>,
    /// Which key proves it, or should.
    pub key: Option<String>,
    /// The local user it stands for, if there is one yet.
    pub user: Option<Uuid>,
    /// What could not be looked into, and what else there is to know.
    pub notes: Vec<String>,
    /// The first check that fails.
    pub failing: Option<String>,
}

/// An examination on its way; of a token that is nobody's who is trusted, what would make it count.
pub type Examining<'a> = Pin<Box<dyn Future<Output = Result<Examined, Vec<String>>> + Send + 'a>>;

/// What an operator may want to know of other issuers here, one sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// What is there.
    pub notes: Vec<String>,
    /// Kinds of their tokens that are refused here, which no setting asks for.
    pub refused: Vec<String>,
    /// What a setting asks for and is missing, so that some of their tokens are refused.
    pub warnings: Vec<String>,
}

/// A survey on its way.
pub type Surveying<'a> = Pin<Box<dyn Future<Output = Result<Survey, Error>> + Send + 'a>>;

/// Reads the tokens of other issuers.
pub trait Foreign: Debug + Send + Sync {
    /// The user of a token that is not Doorward's own; the first valid sight of a subject makes one.
    fn admit<'a>(&'a self, token: &'a str, origin: Origin) -> Admitting<'a>;

    /// The user of the value of a session cookie, which must be signed.
    fn admit_cookie<'a>(&'a self, value: &'a str, origin: Origin) -> AdmittingCookie<'a>;

    /// Looks at a token as `admit` would, and makes nobody.
    fn examine<'a>(&'a self, token: &'a str) -> Examining<'a>;

    /// Looks for what other issuers' tokens are looked up in.
    fn survey(&self) -> Surveying<'_>;

    /// Drops what is remembered of an identity or of an imported session.
    fn forget(&self, id: Uuid);
}
