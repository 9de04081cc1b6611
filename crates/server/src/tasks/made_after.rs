//! All tasks of a user, page by page in the order they were made: for exports. Not in the way of others'
//! quick requests, since all of them together are much to read.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Tasks;
use super::store::LIST_CREATED;
use super::task::Task;
use crate::db::Effort;
use crate::error::Error;
use crate::gate::Authority;
use crate::input::EARLIEST;
use crate::step;

impl Tasks {
    /// The tasks made after the last one of the page before, at most `limit`; fewer where they are long.
    pub(crate) async fn made_after(
        &self,
        authority: Authority,
        owner: Uuid,
        last: Option<(OffsetDateTime, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Task>, Error> {
        let (key, id) = last.unwrap_or((EARLIEST, Uuid::nil()));
        let step = step!(LIST_CREATED { owner, key, id, limit });
        Ok(match authority {
            Authority::Caller(gate) => self.db.page_as(gate, step, limit, Effort::Search).await?,
            Authority::Operator => self.db.view_of(owner, step).await?,
        })
    }
}
