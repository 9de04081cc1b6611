//! Deletes most of an account's tasks ahead of the account, some at a time. One transaction over hundreds of
//! thousands of rows would make everybody's writes wait: SQLite has one writer.

use uuid::Uuid;

use super::{Accounts, store};
use crate::gate::Authority;
use crate::sql::{Result, Step};
use crate::tasks;

/// Tasks deleted in one transaction.
const PIECE: i64 = 2000;

impl Accounts {
    /// Deletes `owner`'s tasks where there are many, each piece only while `guards` hold; how many went. What
    /// went stays gone if the deletion of the account then fails: asked for again, it goes on from there.
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
