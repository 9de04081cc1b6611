//! Cursors: where the next page of a list starts, opaque to clients. A cursor grants nothing, because every
//! page filters by owner, so it is not signed; its checksum covers owner and order, so that an edited one,
//! another user's, or one of another order is rejected rather than misread.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use uuid::Uuid;

use super::sort::{Column, Sort};
use crate::db::{Columns, FromValue};
use crate::http::JsonRow;
use crate::input::{EARLIEST, LATEST};
use crate::sql::{DbError, Result, Value};
use crate::tasks::fields::{Priority, TITLE_BYTES};
use crate::tasks::task::Task;

/// The last task of a page: its sort key and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tasks) struct TaskCursor {
    pub(in crate::tasks) key: SortKey,
    pub(in crate::tasks) id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tasks) enum SortKey {
    Instant(OffsetDateTime),
    Number(i64),
    Text(String),
}

const CHECK: usize = 8;

impl TaskCursor {
    /// The position of this listed task in this order.
    pub(in crate::tasks) fn after(task: &Columns<'_>, sort: Sort) -> Result<Self> {
        let key = match sort.column {
            Column::CreatedAt => SortKey::Instant(listed(task, "created_at")?),
            Column::UpdatedAt => SortKey::Instant(listed(task, "updated_at")?),
            Column::DueAt => {
                SortKey::Instant(listed::<Option<_>>(task, "due_at")?.unwrap_or(LATEST))
            }
            Column::Title => SortKey::Text(listed(task, "title")?),
            Column::Priority => SortKey::Number(listed(task, "priority")?),
        };
        Ok(Self { key, id: listed(task, "id")? })
    }

    pub(in crate::tasks) fn encode(&self, owner: Uuid, sort: Sort) -> String {
        let mut bytes = self.id.as_bytes().to_vec();
        match &self.key {
            SortKey::Instant(at) => bytes.extend(at.unix_timestamp_nanos().to_be_bytes()),
            SortKey::Number(number) => bytes.extend(number.to_be_bytes()),
            SortKey::Text(text) => bytes.extend(text.as_bytes()),
        }
        bytes.extend(check(owner, sort, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(in crate::tasks) fn decode(text: &str, owner: Uuid, sort: Sort) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<CHECK>()?;
        let (id, key) = bytes.split_first_chunk::<16>()?;
        if check(owner, sort, bytes) != *sum {
            return None;
        }
        // The checksum is not secret, so forged cursors are limited here too.
        let key = match sort.column {
            Column::CreatedAt | Column::UpdatedAt | Column::DueAt => {
                let nanos = i128::from_be_bytes(key.try_into().ok()?);
                let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
                SortKey::Instant((EARLIEST..=LATEST).contains(&at).then_some(at)?)
            }
            Column::Priority => {
                let number = i64::from_be_bytes(key.try_into().ok()?);
                SortKey::Number((0..=Priority::HIGHEST).contains(&number).then_some(number)?)
            }
            Column::Title => {
                let text = std::str::from_utf8(key).ok()?;
                let fits = text.len() <= TITLE_BYTES && !text.contains('\0');
                SortKey::Text(fits.then(|| text.to_owned())?)
            }
        };
        Some(Self { key, id: Uuid::from_bytes(*id) })
    }
}

impl From<SortKey> for Value {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Instant(at) => Self::Time(at),
            SortKey::Number(number) => Self::Int(number),
            SortKey::Text(text) => Self::Text(text),
        }
    }
}

fn listed<T: FromValue>(task: &Columns<'_>, name: &str) -> Result<T> {
    let Some(column) = Task::listed(name) else {
        return Err(DbError::Internal(format!("a list of tasks has no column {name}")));
    };
    task.after(column).read()
}

fn check(owner: Uuid, sort: Sort, bytes: &[u8]) -> [u8; CHECK] {
    let covered = [owner.as_bytes().as_slice(), &[sort.code()], bytes].concat();
    let mut sum = [0; CHECK];
    sum.copy_from_slice(&digest(&SHA256, &covered).as_ref()[..CHECK]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Uuid = Uuid::from_u128(7);
    const COLUMNS: [Column; 5] =
        [Column::CreatedAt, Column::UpdatedAt, Column::DueAt, Column::Title, Column::Priority];

    fn orders() -> impl Iterator<Item = Sort> {
        COLUMNS
            .into_iter()
            .flat_map(|column| [false, true].map(|descending| Sort { column, descending }))
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_order_and_for_its_own_user_only() {
        for sort in orders() {
            let cursor = sort.start();
            let text = cursor.encode(OWNER, sort);
            assert_eq!(TaskCursor::decode(&text, OWNER, sort), Some(cursor));
            assert_eq!(TaskCursor::decode(&text, Uuid::from_u128(8), sort), None);
            for other in orders().filter(|other| *other != sort) {
                assert_eq!(TaskCursor::decode(&text, OWNER, other), None);
            }
        }
    }

    #[test]
    fn a_forged_checksum_does_not_get_around_the_bounds() {
        let forged = |sort: Sort, key: &[u8]| {
            let mut bytes = [&[0; 16], key].concat();
            bytes.extend(check(OWNER, sort, &bytes));
            TaskCursor::decode(&URL_SAFE_NO_PAD.encode(bytes), OWNER, sort)
        };
        for sort in orders() {
            for key in [
                &[0xff; 3][..],
                &i128::MAX.to_be_bytes(),
                &i128::MIN.to_be_bytes(),
                &i64::MAX.to_be_bytes(),
                b"\xff\xfe",
                b"a\0b",
                &[b'a'; TITLE_BYTES + 1],
            ] {
                let found = forged(sort, key);
                assert!(found.is_none() || sort.column == Column::Title, "{found:?}");
                if let Some(TaskCursor { key: SortKey::Text(text), .. }) = found {
                    assert!(!text.contains('\0') && text.len() <= TITLE_BYTES);
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn an_edited_cursor_is_refused(place in 0usize..200, letter in "[A-Za-z0-9_-]", order in 0usize..10) {
            let sort = orders().nth(order).expect("ten orders");
            let text = sort.start().encode(OWNER, sort);
            let place = place % text.len();
            let mut edited = text.clone();
            edited.replace_range(place..=place, &letter);
            proptest::prop_assert_eq!(TaskCursor::decode(&edited, OWNER, sort).is_some(), edited == text);
        }

        #[test]
        fn any_text_decodes_cleanly(text in ".*") {
            for sort in orders() {
                proptest::prop_assert_eq!(TaskCursor::decode(&text, OWNER, sort), None);
            }
        }
    }
}
