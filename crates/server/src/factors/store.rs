//! The statements on `factors` and `recovery_codes`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::FactorView;
use crate::db::Database;
use crate::gate::{Authority, has_factor, user_exists};
use crate::single_use::owner_of_secret;
use crate::sql::{Result, Step};
use crate::{row, statements, step, text};

/// Maximum number of factors per account, including unconfirmed ones.
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
    // The compare-and-set for concurrent uses of one code, on any number of servers.
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
    // Recovery codes are only valid beside a factor.
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
    /// The encrypted secret of an authenticator app.
    #[derive(Clone, Debug)]
    pub(crate) struct HeldSecret from factors {
        pub(super) id: Uuid,
        pub(super) secret: Vec<u8>,
        pub(super) last_step: i64,
    }
}

/// Adds an unconfirmed factor, replacing an earlier unconfirmed one.
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

/// Reads the user's active authenticator apps.
pub(super) fn find_secrets(owner: Uuid) -> Step {
    step!(FIND_SECRETS { owner })
}

/// The same for the user of a single-use secret.
pub(super) fn find_secrets_by_token(digest: Vec<u8>) -> Step {
    step!(FIND_SECRETS_BY_TOKEN { digest })
}

/// The user's unconfirmed app.
pub(super) fn find_pending(owner: Uuid, id: Uuid) -> Step {
    step!(FIND_PENDING { owner, id })
}

/// Uses up a code, and encrypts the secret again; fails with `code_used` if its step or a later one was used.
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

/// Activates a factor; fails with `code_used` if it is active already or does not belong to the user.
pub(super) fn confirm(
    owner: Uuid,
    id: Uuid,
    step: i64,
    claim: Uuid,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(CONFIRM { owner, id, step, claim, now }), step!(IS_TAKEN { owner, id, claim })]
}

/// The user's active factors, and the number of recovery codes left; not found if there is no such user.
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

/// Removes a factor, and the recovery codes with the last one; not found unless it belongs to the user.
pub(super) fn delete(owner: Uuid, id: Uuid) -> [Step; 3] {
    [step!(IS_OWN { owner, id }), step!(DELETE { owner, id }), step!(DELETE_LONE_CODES { owner })]
}

/// Fails with `factor_needed` for a user without an active factor.
pub(super) fn has_one(owner: Uuid) -> Step {
    step!(HAS_ONE { owner })
}

/// Replaces the recovery codes.
pub(super) fn replace_codes(owner: Uuid, digests: Vec<Vec<u8>>, now: OffsetDateTime) -> Vec<Step> {
    let mut steps = vec![step!(DELETE_CODES { owner })];
    steps.extend(digests.into_iter().map(|digest| step!(INSERT_CODE { digest, owner, now })));
    steps
}

/// Reads whether the code is the user's and unused.
pub(super) fn find_code(owner: Uuid, digest: &[u8]) -> Step {
    step!(FIND_CODE { owner, digest })
}

/// Uses up a code; fails with `code_used` if another request was first.
pub(super) fn use_code(owner: Uuid, digest: &[u8], claim: Uuid, now: OffsetDateTime) -> [Step; 2] {
    [step!(USE_CODE { owner, digest, claim, now }), step!(IS_CODE_TAKEN { owner, digest, claim })]
}

/// Some secrets after this one, in the order of their ids.
pub(super) async fn find_seals(db: &Database, after: Uuid, most: u16) -> Result<Vec<HeldSecret>> {
    db.query(step!(FIND_OTHERS_SEALS { after, most: i64::from(most) })).await
}

/// Replaces an encrypted secret, unless that was done in the meantime.
pub(super) async fn reseal(db: &Database, held: &HeldSecret, new: &[u8]) -> Result<()> {
    let (id, old) = (held.id, held.secret.as_slice());
    db.execute::<()>(step!(RESEAL { id, old, new })).await?;
    Ok(())
}
