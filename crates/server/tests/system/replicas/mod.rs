//! Two server processes over one database, as people run them behind a load balancer: what one does
//! counts for the other with the next request, and what both do at once is done once. The tests of
//! `tests/api` ask the same of two applications in one process; here nothing is shared but the data.

mod admins;
mod endings;
mod guesses;
mod limits;
mod pair;
mod refresh;
mod registration;
mod rotation;
mod start;

pub(crate) use pair::empty;
