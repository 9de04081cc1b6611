//! The gate: who may do the work that a statement does. A live session or an API key that is good for it,
//! an active user who is not banned, and where the work asks for one, a permission. The same folder keeps
//! what must stay true whichever feature writes (`safeguards.rs`).

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

/// Whose work this is: the claims of a verified access token, checked against the live session and
/// the active user in the same round trip as the work.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The token's `sub`; of another issuer's token, the local user it stands for; whose an API key says
    /// it is.
    pub user_id: Uuid,
    /// What lets the user in.
    pub via: Via,
    /// The token's `sid`, or the session that was imported with the token; of another issuer's token, the id of
    /// its identity; the id of an API key.
    pub session_id: Uuid,
    /// The token's `gen`; its first use confirms that generation of the refresh token. 1 with an API key,
    /// whose first use in a minute is written down.
    pub generation: i64,
    /// The present instant.
    pub now: OffsetDateTime,
    /// What the user must be allowed besides; checked only where something is needed.
    pub permission: Option<Permission>,
}

impl Gate {
    /// The session, where there is one.
    pub fn session(&self) -> Option<Uuid> {
        matches!(self.via, Via::Session | Via::Imported).then_some(self.session_id)
    }

    /// The id of the API key, where one is used.
    pub fn key(&self) -> Option<Uuid> {
        matches!(self.via, Via::Key(_)).then_some(self.session_id)
    }
}

/// What must stand in the database for a gate to open, besides an active user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// A live session.
    Session,
    /// A live session that began at another issuer, whose token opens it. It has no tokens of ours.
    Imported,
    /// An identity at another issuer, which has the sessions.
    Identity,
    /// An API key, which must be good for this use.
    Key(KeyUse),
}
