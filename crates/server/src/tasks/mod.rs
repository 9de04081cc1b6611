//! Tasks: each user's own, reachable by nobody else. Every statement names the owner first, and on
//! PostgreSQL row-level security repeats the rule below the code. Each request is one round trip to
//! the database: the live-session check travels with the work, and a changed task carries a version
//! that `If-Match` compares in the same statement.

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
