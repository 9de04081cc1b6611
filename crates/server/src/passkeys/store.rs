//! The statements on `passkeys` and `passkey_handles`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{PasskeyName, PasskeyView};
use crate::db::Database;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::user::User;
use crate::{row, statements, step, text};

/// Maximum number of passkeys per account.
pub(super) const MOST: i64 = 20;

statements! {
    // Of two concurrent requests, the first one's handle stays.
    INSERT_HANDLE = "INSERT INTO passkey_handles (user_id, handle) VALUES (:owner, :handle) \
        ON CONFLICT (user_id) DO NOTHING";
    FIND_HOLDER = text!("SELECT ", HolderRow::COLUMNS, " FROM passkey_handles h \
        JOIN users ON users.id = h.user_id WHERE h.user_id = :owner");
    FIND_CREDENTIALS = "SELECT p.credential FROM passkeys p WHERE p.user_id = :owner";
    FIND_BY_CREDENTIAL = text!("SELECT ", FoundPasskey::COLUMNS, " FROM passkeys \
        JOIN users ON users.id = passkeys.user_id \
        JOIN passkey_handles h ON h.user_id = passkeys.user_id \
        WHERE passkeys.credential_digest = :digest");
    LIST = text!("SELECT ", PasskeyView::COLUMNS, " FROM passkeys WHERE passkeys.user_id = :owner \
        ORDER BY passkeys.created_at, passkeys.id");
    // Serializes sign-ins and new passkeys of one user.
    HOLD_USER = "UPDATE users SET updated_at = updated_at WHERE id = :owner";
    INSERT = "INSERT INTO passkeys (id, user_id, credential_digest, credential, counter, backup_eligible, \
        backed_up, address_proven, name, created_at) \
        SELECT :id, u.id, :digest, :credential, :counter, :backup_eligible, :backed_up, u.email_verified, \
        :name, :now FROM users u WHERE u.id = :owner";
    ARE_FEW = "SELECT doorward_refuse('too_many_passkeys') \
        WHERE (SELECT count(*) FROM passkeys p WHERE p.user_id = :owner) > :most";
    KEEPS_COUNTER = "SELECT doorward_refuse('passkey_changed') WHERE NOT EXISTS \
        (SELECT 1 FROM passkeys p WHERE p.id = :id AND p.user_id = :owner AND p.counter = :counter)";
    UPDATE_USE = "UPDATE passkeys SET credential = :credential, counter = :counter, backed_up = :backed_up, \
        last_used_at = :now WHERE user_id = :owner AND id = :id";
    UPDATE_NAME = text!("UPDATE passkeys SET name = :name WHERE user_id = :owner AND id = :id \
        RETURNING ", PasskeyView::COLUMNS);
    IS_OWN = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = :owner AND p.id = :id)";
    DELETE = "DELETE FROM passkeys WHERE user_id = :owner AND id = :id";
}

row! {
    /// The user a new passkey is for.
    #[derive(Debug)]
    pub(super) struct HolderRow from users {
        pub(super) handle: Vec<u8> = "h.handle",
        pub(super) email: Option<String>,
        pub(super) username: Option<String>,
        pub(super) name: Option<String>,
    }
}

row! {
    /// A passkey with its user.
    #[derive(Debug)]
    pub(super) struct FoundPasskey from passkeys {
        pub(super) id: Uuid,
        pub(super) credential: String,
        pub(super) counter: i64,
        pub(super) handle: Vec<u8> = "h.handle",
        pub(super) banned_until: Option<OffsetDateTime> = "users.banned_until",
        pub(super) hash: Option<String> = "users.hashed_password",
        pub(super) user: User = ..,
    }
}

/// What the last use of a passkey, or its creation, reported.
#[derive(Debug)]
pub(super) struct StoredCredential {
    pub(super) json: String,
    pub(super) counter: u32,
    pub(super) backup_eligible: bool,
    pub(super) backed_up: bool,
}

/// Gives the user a handle unless there is one, and reads the user a passkey would be for, and the existing
/// credentials.
pub(super) fn holder(owner: Uuid, handle: Uuid) -> [Step; 3] {
    let handle = handle.as_bytes().as_slice();
    [
        step!(INSERT_HANDLE { owner, handle }),
        step!(FIND_HOLDER { owner }),
        step!(FIND_CREDENTIALS { owner }),
    ]
}

/// The passkey with this credential, of any user.
pub(super) async fn find(db: &Database, digest: &[u8]) -> Result<Option<FoundPasskey>> {
    db.find(step!(FIND_BY_CREDENTIAL { digest })).await
}

/// The passkeys of the gate's user, oldest first.
pub(super) async fn list(db: &Database, gate: Gate) -> Result<Vec<PasskeyView>> {
    db.read_as(gate, step!(LIST { owner: gate.user_id })).await
}

/// Adds a passkey to the gate's user; fails with `too_many_passkeys` at the maximum, and with `Unique` if it
/// is known.
pub(super) fn insert(
    gate: Gate,
    id: Uuid,
    digest: &[u8],
    stored: &StoredCredential,
    name: &PasskeyName,
) -> [Step; 3] {
    let StoredCredential { json, counter, backup_eligible, backed_up } = stored;
    let owner = gate.user_id;
    let insert = step!(INSERT {
        owner,
        id,
        digest,
        credential: json,
        counter: *counter,
        backup_eligible: *backup_eligible,
        backed_up: *backed_up,
        name: name.as_str(),
        now: gate.now,
    });
    [step!(HOLD_USER { owner }), insert, step!(ARE_FEW { owner, most: MOST })]
}

/// Records a use of the passkey; fails with `passkey_changed` if it was removed or its counter has changed.
/// Must be first in the transaction that creates a session: a ban then waits for it, and ends the session.
pub(super) fn used(
    found: &FoundPasskey,
    stored: &StoredCredential,
    now: OffsetDateTime,
) -> [Step; 3] {
    let (id, owner) = (found.id, found.user.id);
    let update = step!(UPDATE_USE {
        owner,
        id,
        credential: &stored.json,
        counter: stored.counter,
        backed_up: stored.backed_up,
        now,
    });
    let keeps = step!(KEEPS_COUNTER { id, owner, counter: found.counter });
    [step!(HOLD_USER { owner }), keeps, update]
}

/// Renames a passkey of the gate's user; not found if there is no such passkey.
pub(super) fn rename(gate: Gate, id: Uuid, name: &PasskeyName) -> [Step; 2] {
    let owner = gate.user_id;
    [step!(IS_OWN { owner, id }), step!(UPDATE_NAME { owner, id, name: name.as_str() })]
}

/// Removes a passkey of the gate's user; not found if there is no such passkey.
pub(super) fn delete(gate: Gate, id: Uuid) -> [Step; 2] {
    let owner = gate.user_id;
    [step!(IS_OWN { owner, id }), step!(DELETE { owner, id })]
}
