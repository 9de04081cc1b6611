//! Every statement on `factors` and `recovery_codes`, nothing else.

use time::OffsetDateTime;
use uuid::Uuid;

use super::FactorView;
use crate::db::Database;
use crate::gate::{Authority, has_factor, user_exists};
use crate::single_use::owner_of_secret;
use crate::sql::{Result, Step};
use crate::{row, statements, step, text};

/// Factors of one account at most, those that wait for their first code included.
const MOST: i64 = 20;

statements! {
    DELETE_PENDING = "DELETE FROM factors WHERE user_id = :owner AND kind = :kind AND confirmed_at IS NULL";
    INSERT = "INSERT INTO factors (id, user_id, kind, name, secret, created_at) \
        VALUES (:id, :owner, :kind, :name, :secret, :now)";
    HAS_ROOM = "SELECT doorward_refuse('too_many_factors') \
        WHERE (SELECT count(*) FROM factors WHERE user_id = :owner) > :most";
    FIND_SECRETS = text!("SELECT ", HeldSecret::COLUMNS, " FROM factors WHERE factors.user_id = :owner \
        AND factors.kind = 'totp' AND factors.confirmed_at IS NOT NULL ORDER BY factors.id");
    FIND_SECRETS_BY_TOKEN = text!("SELECT ", HeldSecret::COLUMNS, " FROM factors \
        WHERE factors.user_id = ", owner_of_secret!(":digest"), " \
        AND factors.kind = 'totp' AND factors.confirmed_at IS NOT NULL ORDER BY factors.id");
    FIND_PENDING = text!("SELECT ", HeldSecret::COLUMNS, " FROM factors WHERE factors.user_id = :owner \
        AND factors.id = :id AND factors.kind = 'totp' AND factors.confirmed_at IS NULL");
    // The compare-and-set that parallel uses of one code race, on any number of servers.
    TAKE_STEP = "UPDATE factors SET last_step = :step, claim = :claim, last_used_at = :now, secret = :secret \
        WHERE user_id = :owner AND id = :id AND confirmed_at IS NOT NULL AND last_step < :step";
    CONFIRM = "UPDATE factors SET last_step = :step, claim = :claim, confirmed_at = :now, last_used_at = :now \
        WHERE user_id = :owner AND id = :id AND confirmed_at IS NULL AND last_step < :step";
    IS_TAKEN = "SELECT doorward_refuse('code_used') \
        WHERE NOT EXISTS (SELECT 1 FROM factors WHERE user_id = :owner AND id = :id AND claim = :claim)";
    LIST = text!("SELECT ", FactorView::COLUMNS, " FROM factors \
        WHERE factors.user_id = :owner AND factors.confirmed_at IS NOT NULL ORDER BY factors.id");
    IS_OWN = "SELECT doorward_refuse('not_found') WHERE NOT EXISTS (SELECT 1 FROM factors \
        WHERE user_id = :owner AND id = :id AND confirmed_at IS NOT NULL)";
    DELETE = "DELETE FROM factors WHERE user_id = :owner AND id = :id";
    HAS_ONE = concat!("SELECT doorward_refuse('factor_needed') WHERE NOT ", has_factor!(":owner"));
    // Codes are good beside a factor alone.
    DELETE_LONE_CODES = concat!("DELETE FROM recovery_codes WHERE user_id = :owner AND NOT ",
        has_factor!(":owner"));
    DELETE_CODES = "DELETE FROM recovery_codes WHERE user_id = :owner";
    INSERT_CODE = "INSERT INTO recovery_codes (digest, user_id, created_at) VALUES (:digest, :owner, :now)";
    FIND_CODE = "SELECT c.user_id FROM recovery_codes c \
        WHERE c.user_id = :owner AND c.digest = :digest AND c.used_at IS NULL";
    USE_CODE = "UPDATE recovery_codes SET claim = :claim, used_at = :now \
        WHERE user_id = :owner AND digest = :digest AND used_at IS NULL";
    IS_CODE_TAKEN = "SELECT doorward_refuse('code_used') WHERE NOT EXISTS (SELECT 1 FROM recovery_codes \
        WHERE user_id = :owner AND digest = :digest AND claim = :claim)";
    COUNT_CODES = "SELECT count(*) FROM recovery_codes c WHERE c.user_id = :owner AND c.used_at IS NULL";
    FIND_OTHERS_SEALS = text!("SELECT ", HeldSecret::COLUMNS, " FROM factors \
        WHERE factors.id > :after AND factors.secret IS NOT NULL ORDER BY factors.id LIMIT :most");
    RESEAL = "UPDATE factors SET secret = :new WHERE id = :id AND secret = :old";
}

row! {
    /// The sealed secret of an authenticator app.
    #[derive(Clone, Debug)]
    pub(crate) struct HeldSecret from factors {
        pub(super) id: Uuid,
        pub(super) secret: Vec<u8>,
        pub(super) last_step: i64,
    }
}

/// Adds a factor that waits for its first code, in place of one that waited before.
pub(super) fn insert(
    owner: Uuid,
    id: Uuid,
    name: Option<&str>,
    secret: &[u8],
    now: OffsetDateTime,
) -> [Step; 3] {
    [
        step!(DELETE_PENDING { owner, kind: "totp" }),
        step!(INSERT { id, owner, kind: "totp", name, secret, now }),
        step!(HAS_ROOM { owner, most: MOST }),
    ]
}

/// Reads the authenticator apps that count for the user.
pub(super) fn find_secrets(owner: Uuid) -> Step {
    step!(FIND_SECRETS { owner })
}

/// The same for the user of a single-use secret.
pub(super) fn find_secrets_by_token(digest: Vec<u8>) -> Step {
    step!(FIND_SECRETS_BY_TOKEN { digest })
}

/// The user's app that waits for its first code.
pub(super) fn find_pending(owner: Uuid, id: Uuid) -> Step {
    step!(FIND_PENDING { owner, id })
}

/// Uses up a code, and seals the secret anew; refused, as `code_used`, if its step or a later one was.
pub(super) fn take_step(
    owner: Uuid,
    held: &HeldSecret,
    step: i64,
    secret: &[u8],
    claim: Uuid,
    now: OffsetDateTime,
) -> [Step; 2] {
    let id = held.id;
    [step!(TAKE_STEP { owner, id, step, secret, claim, now }), step!(IS_TAKEN { owner, id, claim })]
}

/// Lets a factor count from now on; refused, as `code_used`, if it did before or is not the user's.
pub(super) fn confirm(
    owner: Uuid,
    id: Uuid,
    step: i64,
    claim: Uuid,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(CONFIRM { owner, id, step, claim, now }), step!(IS_TAKEN { owner, id, claim })]
}

/// The factors that count for the user, and how many recovery codes are left; refused as not found
/// without such a user.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    owner: Uuid,
) -> Result<(Vec<FactorView>, i64)> {
    let steps = vec![user_exists(owner), step!(LIST { owner }), step!(COUNT_CODES { owner })];
    let mut rows = db.write_by(authority, steps).await?;
    let codes = rows.pop().unwrap_or_default();
    let codes = codes.first().map(crate::db::Row::read).transpose()?.unwrap_or_default();
    let factors = rows.pop().unwrap_or_default();
    let factors = factors.iter().map(crate::db::Row::read).collect::<Result<_>>()?;
    Ok((factors, codes))
}

/// Removes a factor, and the recovery codes with the last one; refused as not found unless it is the
/// user's.
pub(super) fn delete(owner: Uuid, id: Uuid) -> [Step; 3] {
    [step!(IS_OWN { owner, id }), step!(DELETE { owner, id }), step!(DELETE_LONE_CODES { owner })]
}

/// Refuses, as `factor_needed`, a user without a factor that counts.
pub(super) fn has_one(owner: Uuid) -> Step {
    step!(HAS_ONE { owner })
}

/// Puts codes in the place of those there are.
pub(super) fn replace_codes(owner: Uuid, digests: Vec<Vec<u8>>, now: OffsetDateTime) -> Vec<Step> {
    let mut steps = vec![step!(DELETE_CODES { owner })];
    steps.extend(digests.into_iter().map(|digest| step!(INSERT_CODE { digest, owner, now })));
    steps
}

/// Reads whether the code is the user's and unused.
pub(super) fn find_code(owner: Uuid, digest: &[u8]) -> Step {
    step!(FIND_CODE { owner, digest })
}

/// Uses up a code; refused, as `code_used`, if another request was first.
pub(super) fn use_code(owner: Uuid, digest: &[u8], claim: Uuid, now: OffsetDateTime) -> [Step; 2] {
    [step!(USE_CODE { owner, digest, claim, now }), step!(IS_CODE_TAKEN { owner, digest, claim })]
}

/// Some secrets after this one, in the order of their ids.
pub(super) async fn find_seals(db: &Database, after: Uuid, most: u16) -> Result<Vec<HeldSecret>> {
    db.query(step!(FIND_OTHERS_SEALS { after, most: i64::from(most) })).await
}

/// Puts a new seal in the place of an old one, unless that was done in the meantime.
pub(super) async fn reseal(db: &Database, held: &HeldSecret, new: &[u8]) -> Result<()> {
    let (id, old) = (held.id, held.secret.as_slice());
    db.execute::<()>(step!(RESEAL { id, old, new })).await?;
    Ok(())
}
