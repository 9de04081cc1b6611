//! Invariants for all features, as steps of their transactions: an active admin remains, nobody acts beyond
//! their permissions, the sessions of disabled users end. A step whose precondition fails aborts the whole
//! transaction, so it precedes the work it guards.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Gate, Permission, Via, active, has_factor, holds, in_scope, not_ended};
use crate::config::Settings;
use crate::input::LATEST;
use crate::sql::Step;
use crate::{statements, step};

statements! {
    // A row lock on PostgreSQL, where two transactions could otherwise each count the other's admin; SQLite
    // has one writer. Taken by everything that can reduce the number of admins or change permissions.
    LOCK_ADMINS = "UPDATE roles SET built_in = TRUE WHERE name = 'admin'";
    KEEP_AN_ADMIN = concat!("SELECT doorward_refuse('last_admin') WHERE EXISTS (\
        SELECT 1 FROM user_roles h JOIN users u ON u.id = h.user_id WHERE h.role = 'admin' \
        AND h.user_id = :user AND ", active!("u.", ":now"), ") \
        AND NOT EXISTS (\
        SELECT 1 FROM user_roles h JOIN users u ON u.id = h.user_id WHERE h.role = 'admin' \
        AND h.user_id <> :user AND ", active!("u.", ":now"), ")");
    USER_EXISTS = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = :user)";
    HOLDS = concat!(
        "SELECT doorward_refuse('insufficient_scope:' || :needed) WHERE NOT ",
        holds!(":caller", ":needed")
    );
    HOLDS_ALL_OF_USER = concat!("SELECT doorward_refuse('insufficient_scope:' || p.permission) \
        FROM user_roles t JOIN role_permissions p ON p.role = t.role WHERE t.user_id = :user \
        AND NOT ", holds!(":caller", "p.permission"));
    HOLDS_ALL_OF_ROLE = concat!("SELECT doorward_refuse('insufficient_scope:' || p.permission) \
        FROM role_permissions p WHERE p.role = :role \
        AND NOT ", holds!(":caller", "p.permission"));
    // The meaning of a role elsewhere is known to its holders, and to those who create roles.
    KNOWS_ROLE = concat!("SELECT doorward_refuse('insufficient_scope:roles:write') \
        WHERE NOT EXISTS (SELECT 1 FROM role_permissions p WHERE p.role = :role) \
        AND NOT EXISTS (SELECT 1 FROM user_roles m WHERE m.user_id = :caller AND m.role = :role) \
        AND NOT ", holds!(":caller", "'roles:write'"));
    // The same for an API key: it is limited to its owner's permissions and its scopes.
    KEY_HOLDS = concat!("SELECT doorward_refuse('key_scope:' || :needed) \
        WHERE NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = :key \
        AND ", in_scope!("k.", ":needed"), ")");
    KEY_HOLDS_ALL_OF_USER = concat!("SELECT doorward_refuse('key_scope:' || p.permission) \
        FROM user_roles t JOIN role_permissions p ON p.role = t.role WHERE t.user_id = :user \
        AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = :key \
        AND ", in_scope!("k.", "p.permission"), ")");
    KEY_HOLDS_ALL_OF_ROLE = concat!("SELECT doorward_refuse('key_scope:' || p.permission) \
        FROM role_permissions p WHERE p.role = :role \
        AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = :key \
        AND ", in_scope!("k.", "p.permission"), ")");
    KEY_KNOWS_ROLE = concat!("SELECT doorward_refuse('key_scope:roles:write') \
        WHERE NOT EXISTS (SELECT 1 FROM role_permissions p WHERE p.role = :role) \
        AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = :key \
        AND ", in_scope!("k.", "'roles:write'"), ")");
    NOT_BY_KEY = "SELECT doorward_refuse('key_account')";
    IS_PERSON = "SELECT doorward_refuse('service_account') \
        WHERE EXISTS (SELECT 1 FROM users WHERE id = :user AND is_service)";
    END_KEYS_OF_LINKED = "DELETE FROM api_keys WHERE user_id = (SELECT i.user_id FROM identities i \
        WHERE i.id = :identity AND i.user_id <> :new_user)";
    END_KEYS = "DELETE FROM api_keys WHERE user_id = :owner RETURNING id";
    // If factors are required, an account with one needs a session with two factors.
    SIGNED_IN_SINCE = concat!("SELECT doorward_refuse('stale_sign_in:' || :max_age || CASE WHEN :asks_factor \
            AND ", has_factor!(":owner"), " THEN ':factor' ELSE '' END) \
        WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = :session AND s.user_id = :owner \
        AND coalesce(s.auth_time, s.created_at) > :since AND (s.amr LIKE '%2' OR NOT :asks_factor \
        OR NOT ", has_factor!(":owner"), "))");
    END_FACTORS = "DELETE FROM factors WHERE user_id = :owner";
    END_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE user_id = :owner";
    END_SESSIONS = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason \
        WHERE user_id = :owner AND ", not_ended!(""), " RETURNING id");
    END_SESSIONS_OF_LINKED = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason \
        WHERE user_id = (SELECT i.user_id FROM identities i \
        WHERE i.id = :identity AND i.user_id <> :new_user) AND ", not_ended!(""));
    // Whoever uses one of these never proved ownership of the account's address.
    END_UNPROVEN_IDENTITIES = "DELETE FROM identities WHERE user_id = :owner AND NOT address_proven";
    // The same for passkeys; an account's owner can add theirs again.
    END_UNPROVEN_PASSKEYS = "DELETE FROM passkeys WHERE user_id = :owner AND NOT address_proven";
    END_PASSKEYS_OF_LINKED = "DELETE FROM passkeys WHERE user_id = \
        (SELECT i.user_id FROM identities i WHERE i.id = :identity AND i.user_id <> :new_user)";
    END_PASSKEYS = "DELETE FROM passkeys WHERE user_id = :owner";
    END_DEVICES = "DELETE FROM trusted_devices WHERE user_id = :owner";
    END_DEVICES_OF_LINKED = "DELETE FROM trusted_devices WHERE user_id = \
        (SELECT i.user_id FROM identities i WHERE i.id = :identity AND i.user_id <> :new_user)";
    END_EVERYBODYS_DEVICES = "DELETE FROM trusted_devices";
    END_OTHER_SESSIONS = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason \
        WHERE user_id = :owner AND id <> :session AND ", not_ended!(""), " RETURNING id");
}

/// How recent authentication must be for sensitive operations.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    max_age: Duration,
    /// Whether an account with a second factor must have used it.
    asks_factor: bool,
}

impl Fresh {
    /// With these settings.
    pub fn of(settings: &Settings) -> Self {
        Self { max_age: settings.step_up_age, asks_factor: !settings.mfa.is_off() }
    }
}

/// The authority for administrative work.
#[derive(Clone, Copy, Debug)]
pub enum Authority {
    /// The holder of an access token, with the required permission in `permission`.
    Caller(Gate),
    /// The user of the command line, who has access to the database itself.
    Operator,
}

impl Authority {
    /// The user; `None` for the operator.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Caller(gate) => Some(gate.user_id),
            Self::Operator => None,
        }
    }

    /// The id of the API key, if one is used.
    fn key(&self) -> Option<Uuid> {
        match self {
            Self::Caller(gate) => gate.key(),
            Self::Operator => None,
        }
    }

    /// Fails unless the caller has this permission.
    pub fn holds(&self, needed: Permission) -> impl Iterator<Item = Step> {
        let needed = needed.as_str();
        let of_caller = self.user_id().map(|caller| step!(HOLDS { caller, needed }));
        of_caller.into_iter().chain(self.key().map(|key| step!(KEY_HOLDS { key, needed })))
    }

    /// Fails unless the caller has all of this user's permissions. With an API key, nobody can act on the
    /// account that the key belongs to.
    pub fn holds_all_of_user(&self, user: Uuid) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(HOLDS_ALL_OF_USER { user, caller }));
        let of_key = self.key().map(|key| match self.user_id() {
            Some(caller) if caller == user => step!(NOT_BY_KEY),
            _ => step!(KEY_HOLDS_ALL_OF_USER { user, key }),
        });
        of_caller.into_iter().chain(of_key)
    }

    /// For a role without permissions, which only has a meaning for other services, fails unless the caller
    /// has it too or may write roles; with an API key, unless that may.
    pub fn knows_role(&self, role: &str) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(KNOWS_ROLE { role, caller }));
        let of_key = self.key().map(|key| step!(KEY_KNOWS_ROLE { role, key }));
        of_caller.into_iter().chain(of_key)
    }

    /// Fails unless the caller has all of this role's permissions.
    pub fn holds_all_of_role(&self, role: &str) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(HOLDS_ALL_OF_ROLE { role, caller }));
        let of_key = self.key().map(|key| step!(KEY_HOLDS_ALL_OF_ROLE { role, key }));
        of_caller.into_iter().chain(of_key)
    }
}

/// Serializes changes of permissions; the first step of each.
pub fn lock_admins() -> Step {
    step!(LOCK_ADMINS)
}

/// Fails if this user is the only active admin.
pub fn keep_an_admin(user: Uuid, now: OffsetDateTime) -> Step {
    step!(KEEP_AN_ADMIN { user, now })
}

/// Fails if there is no such user.
pub fn user_exists(user: Uuid) -> Step {
    step!(USER_EXISTS { user })
}

/// Fails unless the gate's user authenticated recently, in this session. Users of other issuers do not sign
/// in here, even if their sessions were imported.
pub fn signed_in_since(gate: Gate, fresh: Fresh) -> Step {
    let (owner, session) = (gate.user_id, gate.session_id);
    let Fresh { max_age, asks_factor } = fresh;
    // None is later than this.
    let since = if gate.via == Via::Session { gate.now - max_age } else { LATEST };
    let max_age = max_age.as_secs().to_string();
    step!(SIGNED_IN_SINCE { owner, session, since, max_age, asks_factor })
}

/// Ends all sessions of a user.
pub fn end_sessions(owner: Uuid, now: OffsetDateTime, reason: &'static str) -> Step {
    step!(END_SESSIONS { owner, now, reason })
}

/// Fails for a service account, which has no password.
pub fn is_person(user: Uuid) -> Step {
    step!(IS_PERSON { user })
}

/// Revokes all API keys of the account that a new identity was linked to, unless the account is new too.
pub fn end_keys_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_KEYS_OF_LINKED { identity, new_user })
}

/// Revokes all API keys of a user.
pub fn end_keys(owner: Uuid) -> Step {
    step!(END_KEYS { owner })
}

/// Ends all sessions of the account that a new identity was linked to, unless the account is new too.
pub fn end_sessions_of_linked(identity: Uuid, new_user: Uuid, now: OffsetDateTime) -> Step {
    step!(END_SESSIONS_OF_LINKED { identity, new_user, now, reason: "linked" })
}

/// Removes all passkeys of the account that a new identity was linked to, unless the account is new too.
pub fn end_passkeys_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_PASSKEYS_OF_LINKED { identity, new_user })
}

/// Removes the identities of the account whose issuers never verified its address.
pub fn end_unproven_identities(owner: Uuid) -> Step {
    step!(END_UNPROVEN_IDENTITIES { owner })
}

/// Removes the passkeys added before the account's address was verified.
pub fn end_unproven_passkeys(owner: Uuid) -> Step {
    step!(END_UNPROVEN_PASSKEYS { owner })
}

/// Removes a user's authenticator apps, recovery codes, and trusted devices, which replace them.
pub fn end_factors(owner: Uuid) -> [Step; 3] {
    [step!(END_FACTORS { owner }), step!(END_RECOVERY_CODES { owner }), end_devices(owner)]
}

/// Removes all passkeys of a user.
pub fn end_passkeys(owner: Uuid) -> Step {
    step!(END_PASSKEYS { owner })
}

/// Removes all trusted devices of a user.
pub fn end_devices(owner: Uuid) -> Step {
    step!(END_DEVICES { owner })
}

/// Removes all trusted devices of the account that a new identity was linked to, unless the account is new
/// too.
pub fn end_devices_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_DEVICES_OF_LINKED { identity, new_user })
}

/// Removes all trusted devices of all users.
pub fn end_everybodys_devices() -> Step {
    step!(END_EVERYBODYS_DEVICES)
}

/// Ends all sessions of the gate's user except the current one.
pub fn end_other_sessions(gate: Gate, reason: &'static str) -> Step {
    step!(END_OTHER_SESSIONS {
        owner: gate.user_id,
        session: gate.session_id,
        now: gate.now,
        reason
    })
}
