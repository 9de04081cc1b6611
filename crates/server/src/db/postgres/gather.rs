//! Drives a PostgreSQL connection slightly later than it is woken. The runtime polls a task right after the
//! one that woke it, which for a shared connection means one `send` per statement. After all other ready
//! tasks, it finds the statements of many requests and sends them together.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A driver that yields to other tasks first.
#[derive(Debug)]
pub(in crate::db) struct Gather<D> {
    driver: D,
    has_waited: bool,
}

impl<D> Gather<D> {
    pub(in crate::db) fn new(driver: D) -> Self {
        Self { driver, has_waited: false }
    }
}

impl<D: Future + Unpin> Future for Gather<D> {
    type Output = D::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<D::Output> {
        self.has_waited = !self.has_waited;
        if self.has_waited {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.driver).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    #[tokio::test]
    async fn a_woken_driver_runs_behind_what_is_ready() {
        let order = Rc::new(RefCell::new(Vec::new()));
        let local = tokio::task::LocalSet::new();
        let note = |what: &'static str| {
            let order = Rc::clone(&order);
            std::future::poll_fn(move |_| {
                order.borrow_mut().push(what);
                Poll::Ready(())
            })
        };
        local.spawn_local(Gather::new(note("driver")));
        local.spawn_local(note("first request"));
        local.spawn_local(note("second request"));
        local.await;
        assert_eq!(*order.borrow(), ["first request", "second request", "driver"]);
    }
}
