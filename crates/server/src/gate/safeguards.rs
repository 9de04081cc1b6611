//! What must stay true whichever feature writes, as steps of its transaction: an active admin remains,
//! nobody acts on more than they hold, the sessions of the disabled end. A step whose precondition is
//! broken refuses, which undoes the whole transaction; so they stand before the work they guard.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Gate, Permission, Via, active, has_factor, holds, in_scope, not_ended};
use crate::config::Settings;
use crate::input::LATEST;
use crate::sql::Step;
use crate::{statements, step};

statements! {
    // A row lock on PostgreSQL, where two transactions could otherwise each see the other's admin;
    // SQLite has one writer. Taken by everything that can leave fewer admins or change who may what.
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
    // What a role means elsewhere is known to who holds it, and to who makes roles.
    KNOWS_ROLE = concat!("SELECT doorward_refuse('insufficient_scope:roles:write') \
        WHERE NOT EXISTS (SELECT 1 FROM role_permissions p WHERE p.role = :role) \
        AND NOT EXISTS (SELECT 1 FROM user_roles m WHERE m.user_id = :caller AND m.role = :role) \
        AND NOT ", holds!(":caller", "'roles:write'"));
    // The same of an API key: it does no more than its owner may, nor more than it is made for.
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
    // Where factors are asked for, an account that has one needs a session that was begun with two.
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
    // Whoever came by one of these never proved that the account's address is theirs.
    END_UNPROVEN_IDENTITIES = "DELETE FROM identities WHERE user_id = :owner AND NOT address_proven";
    // The same of passkeys; an account's owner adds theirs again.
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

/// How lately somebody must have proven who they are for what is most dangerous.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    max_age: Duration,
    /// Whether an account that has a second factor must have used it.
    asks_factor: bool,
}

impl Fresh {
    /// As these settings ask for it.
    pub fn of(settings: &Settings) -> Self {
        Self { max_age: settings.step_up_age, asks_factor: !settings.mfa.is_off() }
    }
}

/// On whose authority administrative work is done.
#[derive(Clone, Copy, Debug)]
pub enum Authority {
    /// The holder of an access token, with what the work needs in `permission`.
    Caller(Gate),
    /// Whoever runs the command line, and so holds the database itself.
    Operator,
}

impl Authority {
    /// The user; none for the operator.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::Caller(gate) => Some(gate.user_id),
            Self::Operator => None,
        }
    }

    /// The id of the API key that is used.
    fn key(&self) -> Option<Uuid> {
        match self {
            Self::Caller(gate) => gate.key(),
            Self::Operator => None,
        }
    }

    /// Refuses unless the caller holds this permission.
    pub fn holds(&self, needed: Permission) -> impl Iterator<Item = Step> {
        let needed = needed.as_str();
        let of_caller = self.user_id().map(|caller| step!(HOLDS { caller, needed }));
        of_caller.into_iter().chain(self.key().map(|key| step!(KEY_HOLDS { key, needed })))
    }

    /// Refuses unless the caller holds all that this user does. By no API key does anybody act on the
    /// account that the key belongs to.
    pub fn holds_all_of_user(&self, user: Uuid) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(HOLDS_ALL_OF_USER { user, caller }));
        let of_key = self.key().map(|key| match self.user_id() {
            Some(caller) if caller == user => step!(NOT_BY_KEY),
            _ => step!(KEY_HOLDS_ALL_OF_USER { user, key }),
        });
        of_caller.into_iter().chain(of_key)
    }

    /// Refuses a role without permissions, which can only mean something to other services, unless the
    /// caller holds it as well or may write roles; by API key, unless that may.
    pub fn knows_role(&self, role: &str) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(KNOWS_ROLE { role, caller }));
        let of_key = self.key().map(|key| step!(KEY_KNOWS_ROLE { role, key }));
        of_caller.into_iter().chain(of_key)
    }

    /// Refuses unless the caller holds all that this role allows.
    pub fn holds_all_of_role(&self, role: &str) -> impl Iterator<Item = Step> {
        let of_caller = self.user_id().map(|caller| step!(HOLDS_ALL_OF_ROLE { role, caller }));
        let of_key = self.key().map(|key| step!(KEY_HOLDS_ALL_OF_ROLE { role, key }));
        of_caller.into_iter().chain(of_key)
    }
}

/// Makes changes of who may what wait for each other; the first step of each.
pub fn lock_admins() -> Step {
    step!(LOCK_ADMINS)
}

/// Refuses if this user is the only active admin.
pub fn keep_an_admin(user: Uuid, now: OffsetDateTime) -> Step {
    step!(KEEP_AN_ADMIN { user, now })
}

/// Refuses if there is no such user.
pub fn user_exists(user: Uuid) -> Step {
    step!(USER_EXISTS { user })
}

/// Refuses unless the gate's user proved who they are lately, in the session that asks. Another issuer's
/// person has no sign-in here, whether their session was imported or not.
pub fn signed_in_since(gate: Gate, fresh: Fresh) -> Step {
    let (owner, session) = (gate.user_id, gate.session_id);
    let Fresh { max_age, asks_factor } = fresh;
    // None is later than this.
    let since = if gate.via == Via::Session { gate.now - max_age } else { LATEST };
    let max_age = max_age.as_secs().to_string();
    step!(SIGNED_IN_SINCE { owner, session, since, max_age, asks_factor })
}

/// Ends every session of a user.
pub fn end_sessions(owner: Uuid, now: OffsetDateTime, reason: &'static str) -> Step {
    step!(END_SESSIONS { owner, now, reason })
}

/// Refuses if this is a service account, which has no password.
pub fn is_person(user: Uuid) -> Step {
    step!(IS_PERSON { user })
}

/// Revokes every API key of the account that a new identity was tied to, unless the account is new as well.
pub fn end_keys_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_KEYS_OF_LINKED { identity, new_user })
}

/// Revokes every API key of a user.
pub fn end_keys(owner: Uuid) -> Step {
    step!(END_KEYS { owner })
}

/// Ends every session of the account that a new identity was tied to, unless the account is new as well.
pub fn end_sessions_of_linked(identity: Uuid, new_user: Uuid, now: OffsetDateTime) -> Step {
    step!(END_SESSIONS_OF_LINKED { identity, new_user, now, reason: "linked" })
}

/// Ends every passkey of the account that a new identity was tied to, unless the account is new as well.
pub fn end_passkeys_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_PASSKEYS_OF_LINKED { identity, new_user })
}

/// Ends the identities by which somebody may open the account without having proven its address.
pub fn end_unproven_identities(owner: Uuid) -> Step {
    step!(END_UNPROVEN_IDENTITIES { owner })
}

/// Ends the passkeys that were added before the account's address was proven.
pub fn end_unproven_passkeys(owner: Uuid) -> Step {
    step!(END_UNPROVEN_PASSKEYS { owner })
}

/// Ends the authenticator apps of a user, their recovery codes, and the trust in devices that stand for them.
pub fn end_factors(owner: Uuid) -> [Step; 3] {
    [step!(END_FACTORS { owner }), step!(END_RECOVERY_CODES { owner }), end_devices(owner)]
}

/// Ends all passkeys of a user.
pub fn end_passkeys(owner: Uuid) -> Step {
    step!(END_PASSKEYS { owner })
}

/// Ends the trust in every device of a user.
pub fn end_devices(owner: Uuid) -> Step {
    step!(END_DEVICES { owner })
}

/// Ends the trust in every device of the account that a new identity was tied to, unless the account is new
/// as well.
pub fn end_devices_of_linked(identity: Uuid, new_user: Uuid) -> Step {
    step!(END_DEVICES_OF_LINKED { identity, new_user })
}

/// Ends the trust in every device of everybody.
pub fn end_everybodys_devices() -> Step {
    step!(END_EVERYBODYS_DEVICES)
}

/// Ends all sessions of the gate's user but the one that asks.
pub fn end_other_sessions(gate: Gate, reason: &'static str) -> Step {
    step!(END_OTHER_SESSIONS {
        owner: gate.user_id,
        session: gate.session_id,
        now: gate.now,
        reason
    })
}
