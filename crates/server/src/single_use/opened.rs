//! What a single-use secret stands for, and whether it is still valid.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::row;

row! {
    /// What a secret stands for.
    #[derive(Clone, Debug)]
    pub struct Opened from single_use {
        pub(super) digest: Vec<u8>,
        /// Its user.
        pub user_id: Option<Uuid>,
        /// What its use depends on, or applies to.
        pub bound: Option<String>,
        /// When it was used.
        pub used_at: Option<OffsetDateTime>,
        /// When it expires.
        pub works_until: OffsetDateTime,
    }
}

impl Opened {
    /// The secret, if it is valid; otherwise why not, which only the holder of the secret can ask.
    pub fn usable(found: Option<Self>, now: OffsetDateTime) -> Result<Self, Error> {
        match found {
            None => Err(Error::InvalidLink("This link is not valid: request a new one.")),
            Some(Self { used_at: Some(_), .. }) => {
                Err(Error::InvalidLink("This link has already been used: request a new one."))
            }
            Some(found) if found.works_until <= now => {
                Err(Error::InvalidLink("This link has expired: request a new one."))
            }
            Some(found) => Ok(found),
        }
    }
}
