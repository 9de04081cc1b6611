//! `GET` the numbers of the caller's tasks: total, completed, open, overdue.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::owner::Owner;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::Json;
use crate::row;

row! {
    /// Numbers of tasks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
    pub struct TaskStats {
        /// All of them.
        #[schema(minimum = 0)]
        pub total: i64 = "count(*)",
        /// Done.
        #[schema(minimum = 0)]
        pub completed: i64 = "count(CASE WHEN completed THEN 1 END)",
        /// Open.
        #[schema(minimum = 0)]
        pub pending: i64 = "count(CASE WHEN NOT completed THEN 1 END)",
        /// Open and past their due date.
        #[schema(minimum = 0)]
        pub overdue: i64 = "count(CASE WHEN NOT completed AND due_at < :now THEN 1 END)",
    }
}

/// Count your tasks
#[utoipa::path(
    get,
    path = "/stats",
    operation_id = "tasks.stats",
    tag = "tasks",
    security(("bearer" = [])),
    responses((status = 200, description = "The number of tasks", body = TaskStats))
)]
pub(super) async fn stats(
    State(tasks): State<Tasks>,
    Owner { gate, .. }: Owner,
) -> Result<Json<TaskStats>, Error> {
    tasks.stats(gate).await.map(Json)
}

impl Tasks {
    /// The numbers of the gate's user's tasks.
    pub async fn stats(&self, gate: Gate) -> Result<TaskStats, Error> {
        Ok(store::stats(&self.db, gate).await?)
    }
}
