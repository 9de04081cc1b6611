//! Mail: the outbox and its delivery.

mod outbox;
