//! The gate: who may do the work of a statement. It requires a live session or a valid API key, an active
//! user who is not banned, and a permission if the work needs one. This folder also contains the invariants
//! for all features (`safeguards.rs`).

mod conditions;
mod first_use;
pub mod permission;
mod safeguards;
mod scope;
mod standing;

pub(crate) use conditions::{
    active, factor_kinds, flag_is, has_factor, holds, in_scope, is_new_device, key_of_owner, live,
    no_longer_trusted, not_ended, permission_names, refuse_key, role_names, trusted, unexpired,
    used_since,
};
pub use first_use::STATEMENTS as FIRST_USE_STATEMENTS;
pub use permission::{Needed, Permission};
pub use safeguards::{
    Authority, Fresh, STATEMENTS, end_devices, end_devices_of_linked, end_everybodys_devices,
    end_factors, end_keys, end_keys_of_linked, end_other_sessions, end_passkeys,
    end_passkeys_of_linked, end_sessions, end_sessions_of_linked, end_unproven_identities,
    end_unproven_passkeys, is_person, keep_an_admin, lock_admins, signed_in_since, user_exists,
};
pub use scope::{KeyScope, KeyUse};
pub use standing::{Life, Standing};

use time::OffsetDateTime;
use uuid::Uuid;

/// The caller: the claims of a verified access token, checked against the live session and the active user in
/// the same round trip as the work.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The token's `sub`; for another issuer's token, the local user; for an API key, its owner.
    pub user_id: Uuid,
    /// The kind of credential.
    pub via: Via,
    /// The token's `sid`; for another issuer's token, the id of its imported session or of its identity; for
    /// an API key, its id.
    pub session_id: Uuid,
    /// The token's `gen`; its first use confirms that generation of the refresh token. 1 for an API key,
    /// whose first use in a minute is recorded.
    pub generation: i64,
    /// The current time.
    pub now: OffsetDateTime,
    /// The required permission, if any.
    pub permission: Option<Permission>,
}

impl Gate {
    /// The session, if there is one.
    pub fn session(&self) -> Option<Uuid> {
        matches!(self.via, Via::Session | Via::Imported).then_some(self.session_id)
    }

    /// The id of the API key, if one is used.
    pub fn key(&self) -> Option<Uuid> {
        matches!(self.via, Via::Key(_)).then_some(self.session_id)
    }
}

/// What the gate checks, in addition to an active user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// A live session.
    Session,
    /// A live session imported from another issuer, identified by that issuer's token. It has no tokens of
    /// Doorward's.
    Imported,
    /// An identity at another issuer, which manages the sessions.
    Identity,
    /// An API key, which must allow this use.
    Key(KeyUse),
}
