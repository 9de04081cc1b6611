//! The statements that move a batch from temporary tables, for both engines. Existing rows are found by their
//! ids in the source, so running twice changes nothing.

use crate::db::bulk::{StagedKind as Kind, Staging};
use crate::sql::{Sql, Step};
use crate::{statement, step};

/// Accounts. `fate` says why a row is not imported: `known`, or the conflict.
pub(super) const USERS: Staging = Staging {
    name: "incoming_users",
    columns: &[
        ("ordinal", Kind::Int),
        ("id", Kind::Uuid),
        ("spare", Kind::Uuid),
        ("subject", Kind::Text),
        ("identity", Kind::Uuid),
        ("email", Kind::Text),
        ("email_key", Kind::Text),
        ("email_verified", Kind::Bool),
        ("name", Kind::Text),
        ("hashed_password", Kind::Text),
        ("is_active", Kind::Bool),
        ("banned_until", Kind::Time),
        ("ban_reason", Kind::Text),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
        ("username", Kind::Text),
        ("username_key", Kind::Text),
        ("locale", Kind::Text),
        ("user_metadata", Kind::Text),
        ("app_metadata", Kind::Text),
        ("here", Kind::Uuid),
        ("fate", Kind::Text),
    ],
    filled: 20,
    key: "ordinal",
};

/// The roles of accounts.
pub(super) const ROLES: Staging = Staging {
    name: "incoming_roles",
    columns: &[("ordinal", Kind::Int), ("role", Kind::Text)],
    filled: 2,
    key: "ordinal, role",
};

/// Identities of accounts that exist by now.
pub(super) const IDENTITIES: Staging = Staging {
    name: "incoming_identities",
    columns: &[
        ("ordinal", Kind::Int),
        ("id", Kind::Uuid),
        ("user_id", Kind::Uuid),
        ("issuer", Kind::Text),
        ("subject", Kind::Text),
        ("created_at", Kind::Time),
        ("address_proven", Kind::Bool),
        ("owner", Kind::Text),
        ("fate", Kind::Text),
    ],
    filled: 8,
    key: "ordinal",
};

/// Tasks.
pub(super) const TASKS: Staging = Staging {
    name: "incoming_tasks",
    columns: &[
        ("ordinal", Kind::Int),
        ("id", Kind::Uuid),
        ("spare", Kind::Uuid),
        ("subject", Kind::Text),
        ("user_id", Kind::Uuid),
        ("title", Kind::Text),
        ("description", Kind::Text),
        ("completed", Kind::Bool),
        ("completed_at", Kind::Time),
        ("priority", Kind::Int),
        ("due_at", Kind::Time),
        ("due_sort", Kind::Time),
        ("title_search", Kind::Text),
        ("description_search", Kind::Text),
        ("tags", Kind::Text),
        ("metadata", Kind::Text),
        ("version", Kind::Int),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
        ("fate", Kind::Text),
    ],
    filled: 19,
    key: "ordinal",
};

// Look-ups are scalar subqueries: for `EXISTS`, PostgreSQL would use joins and, lacking statistics of tables
// that are being filled, choose ones that read whole tables.
const FIND_USERS: Sql = statement!(
    "FIND_USERS",
    "UPDATE incoming_users SET here = (SELECT i.user_id FROM identities i WHERE i.issuer = :issuer \
     AND i.subject = incoming_users.subject) WHERE subject IS NOT NULL"
);
const KEPT_USERS: Sql = statement!(
    "KEPT_USERS",
    "UPDATE incoming_users SET here = id WHERE subject IS NULL \
     AND (SELECT u.id FROM users u WHERE u.id = incoming_users.id) IS NOT NULL"
);
// The id is known but the address differs: this is another source, or the user changed it here.
const OTHER_USERS: Sql = statement!(
    "OTHER_USERS",
    "UPDATE incoming_users SET fate = 'other' WHERE here IS NOT NULL AND subject IS NOT NULL \
     AND (SELECT u.email_key FROM users u WHERE u.id = incoming_users.here) <> email_key"
);
const KNOWN_USERS: Sql = statement!(
    "KNOWN_USERS",
    "UPDATE incoming_users SET fate = 'known' WHERE fate IS NULL AND here IS NOT NULL"
);
// An id that is taken: this account gets another, and is still found by its subject.
const MOVE_USERS: Sql = statement!(
    "MOVE_USERS",
    "UPDATE incoming_users SET id = spare WHERE fate IS NULL \
     AND (SELECT u.id FROM users u WHERE u.id = incoming_users.id) IS NOT NULL"
);
const TAKEN_USERS: Sql = statement!(
    "TAKEN_USERS",
    "UPDATE incoming_users SET fate = 'taken' WHERE fate IS NULL \
     AND (SELECT u.id FROM users u WHERE u.email_key = incoming_users.email_key) IS NOT NULL"
);
// A user name that is taken: this account has none until its owner chooses another.
const FREE_USERNAMES: Sql = statement!(
    "FREE_USERNAMES",
    "UPDATE incoming_users SET username = NULL, username_key = NULL WHERE fate IS NULL \
     AND (SELECT u.id FROM users u WHERE u.username_key = incoming_users.username_key) IS NOT NULL"
);
const INSERT_USERS: Sql = statement!(
    "INSERT_USERS",
    "INSERT INTO users (id, email, email_key, email_verified, name, hashed_password, is_active, \
     banned_until, ban_reason, created_at, updated_at, username, username_key, locale, user_metadata, \
     app_metadata) SELECT id, email, email_key, email_verified, name, hashed_password, is_active, \
     banned_until, ban_reason, created_at, updated_at, username, username_key, locale, user_metadata, \
     app_metadata FROM incoming_users WHERE fate IS NULL"
);
const INSERT_USER_ROLES: Sql = statement!(
    "INSERT_USER_ROLES",
    "INSERT INTO user_roles (user_id, role) SELECT u.id, r.role FROM incoming_roles r \
     JOIN incoming_users u ON u.ordinal = r.ordinal WHERE u.fate IS NULL"
);
const INSERT_USER_IDENTITIES: Sql = statement!(
    "INSERT_USER_IDENTITIES",
    "INSERT INTO identities (id, issuer, subject, user_id, created_at, address_proven) \
     SELECT identity, :issuer, subject, id, created_at, email_verified FROM incoming_users \
     WHERE fate IS NULL AND subject IS NOT NULL"
);
const USER_FATES: Sql = statement!(
    "USER_FATES",
    "SELECT ordinal, fate FROM incoming_users WHERE fate IS NOT NULL ORDER BY ordinal"
);

const OWN_IDENTITIES: Sql = statement!(
    "OWN_IDENTITIES",
    "UPDATE incoming_identities SET user_id = (SELECT i.user_id FROM identities i \
     WHERE i.issuer = :issuer AND i.subject = incoming_identities.owner) WHERE owner IS NOT NULL"
);
// As verified as the address of the account: the source linked them, and says no more.
const PROVE_IDENTITIES: Sql = statement!(
    "PROVE_IDENTITIES",
    "UPDATE incoming_identities SET address_proven = true WHERE owner IS NOT NULL \
     AND (SELECT u.email_verified FROM users u WHERE u.id = incoming_identities.user_id)"
);
const KNOWN_IDENTITIES: Sql = statement!(
    "KNOWN_IDENTITIES",
    "UPDATE incoming_identities SET fate = (SELECT CASE WHEN i.user_id = incoming_identities.user_id \
     THEN 'known' ELSE 'taken' END FROM identities i WHERE i.issuer = incoming_identities.issuer \
     AND i.subject = incoming_identities.subject)"
);
const LONELY_IDENTITIES: Sql = statement!(
    "LONELY_IDENTITIES",
    "UPDATE incoming_identities SET fate = 'owner' WHERE fate IS NULL \
     AND (SELECT u.id FROM users u WHERE u.id = incoming_identities.user_id) IS NULL"
);
const INSERT_IDENTITIES: Sql = statement!(
    "INSERT_IDENTITIES",
    "INSERT INTO identities (id, issuer, subject, user_id, created_at, address_proven) \
     SELECT id, issuer, subject, user_id, created_at, address_proven FROM incoming_identities \
     WHERE fate IS NULL"
);
const IDENTITY_FATES: Sql = statement!(
    "IDENTITY_FATES",
    "SELECT ordinal, fate FROM incoming_identities WHERE fate IS NOT NULL ORDER BY ordinal"
);

const OWN_TASKS: Sql = statement!(
    "OWN_TASKS",
    "UPDATE incoming_tasks SET user_id = (SELECT i.user_id FROM identities i \
     WHERE i.issuer = :issuer AND i.subject = incoming_tasks.subject) WHERE subject IS NOT NULL"
);
const LONELY_TASKS: Sql = statement!(
    "LONELY_TASKS",
    "UPDATE incoming_tasks SET fate = 'owner' WHERE user_id IS NULL \
     OR (SELECT u.id FROM users u WHERE u.id = incoming_tasks.user_id) IS NULL"
);
const MOVE_TASKS: Sql = statement!(
    "MOVE_TASKS",
    "UPDATE incoming_tasks SET id = spare WHERE fate IS NULL \
     AND (SELECT t.user_id FROM tasks t WHERE t.id = incoming_tasks.id) <> user_id"
);
// A task that keeps its id, as exported ones do, while another user's task has it here.
const TAKEN_TASKS: Sql = statement!(
    "TAKEN_TASKS",
    "UPDATE incoming_tasks SET fate = 'taken' WHERE fate IS NULL \
     AND (SELECT t.user_id FROM tasks t WHERE t.id = incoming_tasks.id) <> user_id"
);
const KNOWN_TASKS: Sql = statement!(
    "KNOWN_TASKS",
    "UPDATE incoming_tasks SET fate = 'known' WHERE fate IS NULL \
     AND (SELECT t.id FROM tasks t WHERE t.id = incoming_tasks.id) IS NOT NULL"
);
const INSERT_TASKS: Sql = statement!(
    "INSERT_TASKS",
    "INSERT INTO tasks (id, user_id, title, description, completed, completed_at, priority, due_at, \
     due_sort, title_search, description_search, tags, metadata, version, created_at, updated_at) \
     SELECT id, user_id, title, description, completed, completed_at, priority, due_at, due_sort, \
     title_search, description_search, tags, metadata, version, created_at, updated_at FROM incoming_tasks \
     WHERE fate IS NULL"
);
const TASK_FATES: Sql = statement!(
    "TASK_FATES",
    "SELECT ordinal, fate FROM incoming_tasks WHERE fate IS NOT NULL ORDER BY ordinal"
);

const FIND_ROLES: Sql = statement!("FIND_ROLES", "SELECT name FROM roles");
const INSERT_ROLE: Sql = statement!(
    "INSERT_IMPORTED_ROLE",
    "INSERT INTO roles (name, description, built_in) VALUES (:name, :description, :built_in)"
);
const INSERT_PERMISSION: Sql = statement!(
    "INSERT_IMPORTED_PERMISSION",
    "INSERT INTO role_permissions (role, permission) VALUES (:role, :permission)"
);

/// Imports a batch of accounts; the last result is the fates.
pub(super) fn take_users(issuer: &str) -> Vec<Step> {
    vec![
        step!(FIND_USERS { issuer }),
        step!(KEPT_USERS),
        step!(OTHER_USERS),
        step!(KNOWN_USERS),
        step!(MOVE_USERS),
        step!(TAKEN_USERS),
        step!(FREE_USERNAMES),
        step!(INSERT_USERS),
        step!(INSERT_USER_ROLES),
        step!(INSERT_USER_IDENTITIES { issuer }),
        step!(USER_FATES),
    ]
}

/// The same for identities.
pub(super) fn take_identities(issuer: &str) -> Vec<Step> {
    vec![
        step!(OWN_IDENTITIES { issuer }),
        step!(PROVE_IDENTITIES),
        step!(KNOWN_IDENTITIES),
        step!(LONELY_IDENTITIES),
        step!(INSERT_IDENTITIES),
        step!(IDENTITY_FATES),
    ]
}

/// The same for tasks.
pub(super) fn take_tasks(issuer: &str) -> Vec<Step> {
    vec![
        step!(OWN_TASKS { issuer }),
        step!(LONELY_TASKS),
        step!(MOVE_TASKS),
        step!(TAKEN_TASKS),
        step!(KNOWN_TASKS),
        step!(INSERT_TASKS),
        step!(TASK_FATES),
    ]
}

/// The names of existing roles.
pub(super) fn find_roles() -> Step {
    step!(FIND_ROLES)
}

/// Creates a role with its permissions.
pub(super) fn make_role(name: &str, description: &str, permissions: &[String]) -> Vec<Step> {
    let made = step!(INSERT_ROLE { name, description, built_in: false });
    let permissions =
        permissions.iter().map(|permission| step!(INSERT_PERMISSION { role: name, permission }));
    std::iter::once(made).chain(permissions).collect()
}
