//! All tasks of a user, in pages in order of creation: for exports. In the search lane, so that they do not
//! delay others' quick requests.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Tasks;
use super::store::MADE_AFTER;
use super::task::Task;
use crate::db::Effort;
use crate::error::Error;
use crate::gate::Authority;
use crate::input::EARLIEST;
use crate::step;

impl Tasks {
    /// At most `limit` tasks created after the last one of the previous page; fewer if they are long.
    pub(crate) async fn made_after(
        &self,
        authority: Authority,
        owner: Uuid,
        last: Option<(OffsetDateTime, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Task>, Error> {
        let (key, id) = last.unwrap_or((EARLIEST, Uuid::nil()));
        let step = step!(MADE_AFTER { owner, key, id, limit });
        Ok(match authority {
            Authority::Caller(gate) => self.db.page_as(gate, step, limit, Effort::Search).await?,
            Authority::Operator => self.db.view_of(owner, step).await?,
        })
    }
}
