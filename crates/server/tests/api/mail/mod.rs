//! Mail: the outbox and its delivery.

mod notices;
mod outbox;
