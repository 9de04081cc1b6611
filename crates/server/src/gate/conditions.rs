//! The conditions of the gate as SQL fragments, each written only here: both engines' gates, the safeguards
//! and the stores include them with `concat!`. A guard test fails if another file spells one out.

/// The user is active and not banned at `$now`. `$of` is the prefix of the columns, such as `"u."`.
macro_rules! active {
    ($of:literal, $now:literal) => {
        concat!(
            "(",
            $of,
            "is_active AND (",
            $of,
            "banned_until IS NULL OR ",
            $of,
            "banned_until <= ",
            $now,
            "))"
        )
    };
}
pub(crate) use active;

/// The session has not been ended, though it may have expired.
macro_rules! not_ended {
    ($of:literal) => {
        concat!($of, "ended_at IS NULL")
    };
}
pub(crate) use not_ended;

/// The session is live at `$now`: neither ended nor expired.
macro_rules! live {
    ($of:literal, $now:literal) => {
        concat!("(", $of, "ended_at IS NULL AND ", $of, "expires_at > ", $now, ")")
    };
}
pub(crate) use live;

/// The user `u` has other sessions than `:session`, and none with this program, or none from this network.
/// Revoked sessions do not count: they may belong to the intruder that the notice is about.
macro_rules! is_new_device {
    () => {
        "EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.id <> :session \
         AND s.program IS NOT NULL) AND NOT (EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id \
         AND s.id <> :session AND s.program = :program AND coalesce(s.end_reason, '') NOT IN ('revoked', 'ended_by_owner')) \
         AND EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.id <> :session \
         AND s.program IS NOT NULL AND s.network = :network AND coalesce(s.end_reason, '') NOT IN ('revoked', 'ended_by_owner')))"
    };
}
pub(crate) use is_new_device;

/// The device is trusted at `$now`.
macro_rules! trusted {
    ($of:literal, $now:literal) => {
        concat!("(", $of, "expires_at > ", $now, ")")
    };
}
pub(crate) use trusted;

/// The device is no longer trusted at `$now`.
macro_rules! no_longer_trusted {
    ($of:literal, $now:literal) => {
        concat!("(", $of, "expires_at <= ", $now, ")")
    };
}
pub(crate) use no_longer_trusted;

/// The API key has not expired at `$now`; revoked keys have no row.
macro_rules! unexpired {
    ($of:literal, $now:literal) => {
        concat!("(", $of, "expires_at IS NULL OR ", $of, "expires_at > ", $now, ")")
    };
}
pub(crate) use unexpired;

/// The API key has the scope; the empty text requires none.
macro_rules! in_scope {
    ($of:literal, $needed:literal) => {
        concat!("(", $needed, " = '' OR ", $of, "scopes LIKE '%,' || ", $needed, " || ',%')")
    };
}
pub(crate) use in_scope;

/// Rejects an API key that is used from outside its networks, or that lacks the scope.
macro_rules! refuse_key {
    ($of:literal, $needed:literal, $address:literal) => {
        concat!(
            "CASE WHEN ",
            $of,
            "is_restricted AND NOT EXISTS (SELECT 1 FROM api_key_networks n WHERE n.key_id = ",
            $of,
            "id AND n.lowest <= ",
            $address,
            " AND n.highest >= ",
            $address,
            ") THEN doorward_refuse('key_network') WHEN NOT ",
            $crate::gate::in_scope!($of, $needed),
            " THEN doorward_refuse('key_scope:' || ",
            $needed,
            ") END"
        )
    };
}
pub(crate) use refuse_key;

/// Whether a use of the API key since `$since` is recorded: 1 or 0.
macro_rules! used_since {
    ($of:literal, $since:literal) => {
        concat!("CAST(CASE WHEN ", $of, "last_used_at > ", $since, " THEN 1 ELSE 0 END AS BIGINT)")
    };
}
pub(crate) use used_since;

/// The user has the permission, by name or through `*`.
macro_rules! holds {
    ($user:literal, $needed:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM user_roles h JOIN role_permissions q ON q.role = h.role \
             WHERE h.user_id = ",
            $user,
            " AND q.permission IN ('*', ",
            $needed,
            "))"
        )
    };
}
pub(crate) use holds;

/// The names of the user's roles as one column, `admin,user`: for tokens and documents.
macro_rules! role_names {
    ($user:literal) => {
        concat!(
            "(SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = ",
            $user,
            ")"
        )
    };
}
pub(crate) use role_names;

/// The permissions of the user's roles as one column, without duplicates: for introspection.
macro_rules! permission_names {
    ($user:literal) => {
        concat!(
            "(SELECT string_agg(p.permission, ',' ORDER BY p.permission) FROM (SELECT DISTINCT \
             q.permission FROM user_roles h JOIN role_permissions q ON q.role = h.role \
             WHERE h.user_id = ",
            $user,
            ") p)"
        )
    };
}
pub(crate) use permission_names;

/// The user has an active second factor: a confirmed authenticator app or a passkey.
macro_rules! has_factor {
    ($user:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM factors f WHERE f.user_id = ",
            $user,
            " AND f.confirmed_at IS NOT NULL) OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = ",
            $user,
            "))"
        )
    };
}
pub(crate) use has_factor;

/// The kinds of the user's active second factors as one column, `passkey,recovery_code,totp`; recovery codes
/// only count beside a factor.
macro_rules! factor_kinds {
    ($user:literal) => {
        concat!(
            "(SELECT string_agg(k.kind, ',' ORDER BY k.kind) FROM (SELECT f.kind FROM factors f \
             WHERE f.user_id = ",
            $user,
            " AND f.confirmed_at IS NOT NULL UNION SELECT 'passkey' FROM passkeys p WHERE p.user_id = ",
            $user,
            " UNION SELECT 'recovery_code' FROM recovery_codes c WHERE c.user_id = ",
            $user,
            " AND c.used_at IS NULL AND ",
            $crate::gate::has_factor!("c.user_id"),
            ") k)"
        )
    };
}
pub(crate) use factor_kinds;

/// A list filter: accounts whose flag equals the parameter, or all if that is null.
macro_rules! flag_is {
    ($of:literal, $wanted:literal) => {
        concat!("(", $of, "is_active = ", $wanted, " OR ", $wanted, " IS NULL)")
    };
}
pub(crate) use flag_is;

/// What the gate reads of a valid API key and its owner: whether its use is recorded, the owner, and the
/// refusal.
macro_rules! key_of_owner {
    () => {
        concat!(
            "SELECT ",
            $crate::gate::used_since!("k.", ":since"),
            " AS confirmed, k.user_id, ",
            $crate::gate::refuse_key!("k.", ":scope", ":address"),
            " AS refused FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = :session \
             AND k.user_id = :user AND ",
            $crate::gate::unexpired!("k.", ":now"),
            " AND ",
            $crate::gate::active!("u.", ":now")
        )
    };
}
pub(crate) use key_of_owner;
