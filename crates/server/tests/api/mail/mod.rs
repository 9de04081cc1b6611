//! Mail: the outbox and its delivery.

mod factor_notices;
mod notices;
mod outbox;
