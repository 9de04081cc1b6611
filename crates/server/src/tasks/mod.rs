//! Tasks, each accessible only to its owner. Every statement filters by owner, and on PostgreSQL row-level
//! security enforces the same below the code. Each request is one database round trip: the session check is
//! part of it, and `If-Match` is compared with a task's version in the same statement.

mod complete;
mod create;
mod delete;
mod fields;
mod list;
mod made_after;
mod owner;
mod show;
mod stats;
mod store;
mod tags;
mod task;
mod update;

use utoipa_axum::routes;

use crate::feature;
use crate::http::{Caching, Declared, RateGroup, Routes};

pub use fields::{Description, DueAt, Priority, Title};
pub(crate) use list::search::fold;
pub use list::store::STATEMENTS as LIST_STATEMENTS;
pub use list::{Search, TaskFilter};
pub use stats::TaskStats;
pub use store::STATEMENTS;
pub(crate) use store::{count, delete_some, has_more_than};
pub use tags::Tags;
pub use task::{Changes, NewTask, Task};

feature! {
    /// The use cases of tasks.
    Tasks = tasks()
}

/// The routes below `TASKS_PATH`.
pub fn routes() -> Routes<Tasks> {
    let own = Declared { rate: RateGroup::Api, caching: Caching::Private, ..Declared::STRICT };
    Routes::default()
        .add(own, routes!(list::list, create::create))
        .add(own, routes!(show::show, update::replace, update::update, delete::delete))
        .add(own, routes!(complete::complete))
        .add(own, routes!(stats::stats))
}
