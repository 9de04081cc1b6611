//! Deletes most tasks of a large account in batches before the account itself. A single transaction over
//! hundreds of thousands of rows would make all other writes wait: SQLite has one writer.

use uuid::Uuid;

use super::{Accounts, store};
use crate::gate::Authority;
use crate::sql::{Result, Step};
use crate::tasks;

/// Tasks per transaction.
const PIECE: i64 = 2000;

impl Accounts {
    /// Deletes `owner`'s tasks if there are many, each batch only while `guards` hold; returns their number.
    /// If the deletion of the account fails afterwards, they stay deleted, and a retry continues from there.
    pub(crate) async fn delete_tasks_ahead(
        &self,
        authority: Authority,
        owner: Uuid,
        guards: &[Step],
    ) -> Result<i64> {
        let mut deleted = 0;
        if !tasks::has_more_than(&self.db, owner, PIECE).await? {
            return Ok(deleted);
        }
        loop {
            let mut steps = guards.to_vec();
            steps.extend([store::view_as(owner), tasks::delete_some(owner, PIECE)]);
            let rows = self.db.write_by(authority, steps).await?;
            let piece = rows.last().map_or(0, Vec::len);
            deleted += i64::try_from(piece).unwrap_or(PIECE);
            if i64::try_from(piece).is_ok_and(|piece| piece < PIECE) {
                return Ok(deleted);
            }
        }
    }
}
