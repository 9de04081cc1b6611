//! The statements on `mail`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::cause::About;
use crate::db::Database;
use crate::gate::is_new_device;
use crate::input::Device;
use crate::mail::letter::Kind;
use crate::sql::{Result, Step};
use crate::{row, statements, step, text};

/// Fewer of this kind to this mailbox since `:since` than allowed, and fewer from this client.
macro_rules! within_bounds {
    () => {
        "(SELECT count(*) FROM mail m WHERE m.mailbox = :mailbox AND m.kind = :kind \
         AND m.created_at > :since) < :most \
         AND (SELECT count(*) FROM mail m WHERE m.asker = :asker AND m.created_at > :since) < :most_asked"
    };
}

/// Adds a mail to a user, whose row must also satisfy `$also`.
macro_rules! ask_user {
    ($($also:expr),*) => {
        text!("INSERT INTO mail ", COLUMNS, " SELECT :id, :kind, :mailbox, ", slot!(), ", \
            :asker, u.id, 'asked', :contents, 0, :now, :now FROM users u WHERE u.id = :user AND ",
            within_bounds!(), $(" AND ", $also,)* " ON CONFLICT (mailbox, kind, slot) DO NOTHING RETURNING id")
    };
}

/// The next number for this kind and mailbox: of two concurrent requests, only one gets it.
macro_rules! slot {
    () => {
        "CASE WHEN :numbered THEN coalesce((SELECT max(m.slot) FROM mail m WHERE m.mailbox = :mailbox \
         AND m.kind = :kind), 0) + 1 END"
    };
}

const COLUMNS: &str =
    "(id, kind, mailbox, slot, asker, user_id, state, contents, attempts, due_at, created_at)";

statements! {
    ASK_ADDRESS = text!("INSERT INTO mail ", COLUMNS, " SELECT :id, :kind, :mailbox, ", slot!(), ", \
        :asker, NULL, 'asked', :contents, 0, :now, :now WHERE ", within_bounds!(), " \
        ON CONFLICT (mailbox, kind, slot) DO NOTHING RETURNING id");
    ASK_USER = ask_user!();
    ASK_USER_IF_NEW_DEVICE = ask_user!(is_new_device!());
    IS_TAKEN = "SELECT doorward_refuse('mail_dropped') WHERE NOT EXISTS (SELECT 1 FROM mail WHERE id = :id)";
    // Returns a row as for an added mail, and does nothing else.
    REHEARSE = "SELECT name FROM roles WHERE name = 'user'";
    // The second one waits for the first, then finds that the row is no longer due.
    CLAIM = text!("UPDATE mail SET claim = :claim, attempts = attempts + 1, due_at = :lease_end \
        WHERE id IN (SELECT m.id FROM mail m WHERE m.due_at <= :now ORDER BY m.due_at LIMIT :most) \
        AND due_at <= :now RETURNING ", ClaimedMail::COLUMNS);
    NEXT_DUE = "SELECT min(due_at) FROM mail WHERE due_at IS NOT NULL";
    WAITING = "SELECT count(*), min(created_at) FROM mail WHERE due_at IS NOT NULL";
    STORE_LETTER = "UPDATE mail SET state = 'waiting', contents = :contents, expires_at = :expires_at, \
        user_id = coalesce(:user, user_id) WHERE id = :id AND claim = :claim";
    // After the step above, which locks the row: another server has it by now.
    STILL_CLAIMED = "SELECT doorward_refuse('mail_claimed') \
        WHERE NOT EXISTS (SELECT 1 FROM mail WHERE id = :id AND claim = :claim)";
    RENEW = "UPDATE mail SET due_at = :lease_end WHERE id = :id AND claim = :claim RETURNING id";
    FINISH = "UPDATE mail SET state = :state, contents = NULL, due_at = NULL, claim = NULL, \
        done_at = :now, last_error = NULL WHERE id = :id AND claim = :claim RETURNING id";
    FAIL = "UPDATE mail SET state = 'failed', due_at = NULL, claim = NULL, done_at = :now, \
        last_error = :why WHERE id = :id AND claim = :claim RETURNING id";
    POSTPONE = "UPDATE mail SET due_at = :due_at, claim = NULL, last_error = :why \
        WHERE id = :id AND claim = :claim RETURNING id";
    LIST = text!("SELECT ", OutboxRow::COLUMNS, " FROM mail WHERE (state IN ('asked', 'waiting', 'failed') \
        OR :all) ORDER BY created_at DESC, id DESC LIMIT :most");
    FIND = text!("SELECT ", OutboxRow::COLUMNS, " FROM mail WHERE id = :id");
    // Not while a server is delivering it.
    RETRY = text!("UPDATE mail SET due_at = :now, attempts = 0, done_at = NULL, \
        state = CASE WHEN state = 'failed' THEN 'waiting' ELSE state END \
        WHERE (id = :id OR :all_failed) AND (state = 'failed' OR NOT :all_failed) \
        AND contents IS NOT NULL AND claim IS NULL RETURNING id");
    DISCARD = "DELETE FROM mail WHERE id = :id AND claim IS NULL RETURNING id";
    DELETE_DONE = "DELETE FROM mail WHERE id IN (SELECT m.id FROM mail m WHERE m.done_at <= :void_before \
        AND (m.state = 'void' OR m.done_at <= :sent_before) \
        AND (m.state <> 'failed' OR m.done_at <= :failed_before) ORDER BY m.done_at LIMIT :most) \
        RETURNING id";
}

/// Adds no mail, but reports that it was added.
pub(super) fn rehearse() -> Step {
    step!(REHEARSE)
}

/// A mail to add to the outbox.
#[derive(Debug)]
pub(super) struct NewMail {
    pub(super) id: Uuid,
    pub(super) kind: Kind,
    pub(super) mailbox: Vec<u8>,
    pub(super) asker: Option<Vec<u8>>,
    pub(super) contents: Vec<u8>,
    pub(super) most: i64,
    pub(super) most_asked: i64,
    pub(super) is_numbered: bool,
}

/// The interval of the limits.
const WINDOW: time::Duration = time::Duration::HOUR;

pub(super) fn insert(mail: &NewMail, about: &About, now: OffsetDateTime) -> Step {
    let NewMail { id, kind, mailbox, asker, contents, most, most_asked, is_numbered } = mail;
    let (id, kind, mailbox, contents) =
        (*id, kind.as_str(), mailbox.as_slice(), contents.as_slice());
    let (asker, numbered, since) = (asker.as_deref(), *is_numbered, now - WINDOW);
    let (most, most_asked) = (*most, *most_asked);
    match about {
        About::Address(_) => step!(ASK_ADDRESS {
            id,
            kind,
            mailbox,
            numbered,
            asker,
            contents,
            now,
            since,
            most,
            most_asked,
        }),
        About::User(user) => step!(ASK_USER {
            id,
            kind,
            mailbox,
            numbered,
            asker,
            contents,
            now,
            user: *user,
            since,
            most,
            most_asked,
        }),
    }
}

/// Fails with `mail_dropped` unless the mail was added.
pub(super) fn is_taken(id: Uuid) -> Step {
    step!(IS_TAKEN { id })
}

/// The same to a user, if the session started on a device that is new to them.
pub(super) fn insert_if_new_device(
    mail: &NewMail,
    user: Uuid,
    session: Uuid,
    device: &Device,
    now: OffsetDateTime,
) -> Step {
    let NewMail { id, kind, mailbox, asker, contents, most, most_asked, is_numbered } = mail;
    step!(ASK_USER_IF_NEW_DEVICE {
        id: *id,
        kind: kind.as_str(),
        mailbox: mailbox.as_slice(),
        numbered: *is_numbered,
        asker: asker.as_deref(),
        contents: contents.as_slice(),
        now,
        user,
        since: now - WINDOW,
        most: *most,
        most_asked: *most_asked,
        session,
        program: device.program.as_str(),
        network: device.network.as_str(),
    })
}

row! {
    /// A mail that this server has claimed until the lease ends.
    #[derive(Clone, Debug)]
    pub(in crate::mail) struct ClaimedMail {
        pub(in crate::mail) id: Uuid,
        pub(in crate::mail) kind: String,
        pub(in crate::mail) contents: Option<Vec<u8>>,
        pub(in crate::mail) attempts: i64,
        pub(in crate::mail) expires_at: Option<OffsetDateTime>,
        pub(in crate::mail) created_at: OffsetDateTime,
    }
}

row! {
    /// A mail as shown to operators.
    #[derive(Clone, Debug)]
    pub(in crate::mail) struct OutboxRow {
        pub(in crate::mail) id: Uuid,
        pub(in crate::mail) kind: String,
        pub(in crate::mail) state: String,
        pub(in crate::mail) user_id: Option<Uuid>,
        pub(in crate::mail) contents: Option<Vec<u8>>,
        pub(in crate::mail) attempts: i64,
        pub(in crate::mail) due_at: Option<OffsetDateTime>,
        pub(in crate::mail) claim: Option<Uuid>,
        pub(in crate::mail) expires_at: Option<OffsetDateTime>,
        pub(in crate::mail) last_error: Option<String>,
        pub(in crate::mail) created_at: OffsetDateTime,
        pub(in crate::mail) done_at: Option<OffsetDateTime>,
    }
}

/// The newest mails: those that are not sent, or all.
pub(in crate::mail) async fn list(db: &Database, all: bool, most: i64) -> Result<Vec<OutboxRow>> {
    db.query(step!(LIST { all, most })).await
}

pub(in crate::mail) async fn find(db: &Database, id: Uuid) -> Result<Option<OutboxRow>> {
    db.find(step!(FIND { id })).await
}

/// Makes one mail due, or with `None` all failed ones; returns their ids.
pub(in crate::mail) async fn update_due(
    db: &Database,
    id: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    let all_failed = id.is_none();
    db.execute(step!(RETRY { now, id: id.unwrap_or_default(), all_failed })).await
}

/// Deletes a mail that nobody is delivering.
pub(in crate::mail) fn delete(id: Uuid) -> Step {
    step!(DISCARD { id })
}

/// Claims what is due, up to a limit, with a lease.
pub(in crate::mail) async fn claim(
    db: &Database,
    claim: Uuid,
    now: OffsetDateTime,
    lease_end: OffsetDateTime,
    most: i64,
) -> Result<Vec<ClaimedMail>> {
    db.execute(step!(CLAIM { claim, lease_end, now, most })).await
}

/// When the next row is due, leases included.
pub(in crate::mail) async fn next_due(db: &Database) -> Result<Option<OffsetDateTime>> {
    Ok(db.find::<NextDue>(step!(NEXT_DUE)).await?.and_then(|next| next.due_at))
}

/// The number of unsent mails, and the time of the oldest.
pub(in crate::mail) async fn waiting(db: &Database) -> Result<(u64, Option<OffsetDateTime>)> {
    let found = db.find::<Waiting>(step!(WAITING)).await?;
    let (count, oldest) = found.map_or((0, None), |found| (found.count, found.oldest));
    Ok((u64::try_from(count).unwrap_or(0), oldest))
}

#[derive(Debug)]
struct Waiting {
    count: i64,
    oldest: Option<OffsetDateTime>,
}

impl crate::db::FromRow for Waiting {
    fn from_row(row: &mut crate::db::Columns<'_>) -> Result<Self> {
        Ok(Self { count: row.read()?, oldest: row.read()? })
    }
}

#[derive(Debug)]
struct NextDue {
    due_at: Option<OffsetDateTime>,
}

impl crate::db::FromRow for NextDue {
    fn from_row(row: &mut crate::db::Columns<'_>) -> Result<Self> {
        Ok(Self { due_at: row.read()? })
    }
}

/// Stores the composed mail, and undoes the whole transaction if another server has the row.
pub(in crate::mail) fn store_letter(
    id: Uuid,
    claim: Uuid,
    contents: &[u8],
    user: Option<Uuid>,
    expires_at: Option<OffsetDateTime>,
) -> [Step; 2] {
    [
        step!(STORE_LETTER { contents, expires_at, user, id, claim }),
        step!(STILL_CLAIMED { id, claim }),
    ]
}

/// The result of a delivery.
#[derive(Clone, Debug)]
pub(in crate::mail) enum Settled<'a> {
    /// The mail server accepted it.
    Sent,
    /// There is no recipient.
    Void,
    /// It is not retried.
    Failed(&'a str),
    /// It is retried.
    Later(OffsetDateTime, &'a str),
}

/// Records the result; false if another server has the row.
pub(in crate::mail) async fn settle(
    db: &Database,
    id: Uuid,
    claim: Uuid,
    now: OffsetDateTime,
    ending: Settled<'_>,
) -> Result<bool> {
    let step = match ending {
        Settled::Sent => step!(FINISH { state: "sent", now, id, claim }),
        Settled::Void => step!(FINISH { state: "void", now, id, claim }),
        Settled::Failed(why) => step!(FAIL { now, why, id, claim }),
        Settled::Later(due_at, why) => step!(POSTPONE { due_at, why, id, claim }),
    };
    Ok(!db.execute::<Uuid>(step).await?.is_empty())
}

/// Renews the lease; false if another server has the row.
pub(in crate::mail) async fn renew(
    db: &Database,
    id: Uuid,
    claim: Uuid,
    lease_end: OffsetDateTime,
) -> Result<bool> {
    Ok(!db.execute::<Uuid>(step!(RENEW { lease_end, id, claim })).await?.is_empty())
}

/// Deletes rows that have been done for a long time; returns their number.
pub(in crate::mail) async fn delete_done(
    db: &Database,
    now: OffsetDateTime,
    most: i64,
) -> Result<usize> {
    let step = step!(DELETE_DONE {
        void_before: now - time::Duration::DAY,
        sent_before: now - time::Duration::days(7),
        failed_before: now - time::Duration::days(30),
        most,
    });
    Ok(db.execute::<Uuid>(step).await?.len())
}
