//! Mail. A change that causes a mail inserts a row into the outbox in its own transaction (`outbox/`), and
//! requests wait for nothing else. A worker (`delivery/`) composes the mail just before it is sent: a feature
//! fills it in ([`Composer`]), `letter/` renders it, `transport/` sends it.

mod administration;
mod composer;
mod delivery;
pub mod letter;
mod outbox;
mod transport;

pub use administration::{MailText, Outbox, OutboxEntry};
pub use composer::{Composed, Composer, MailOrder};
pub use delivery::Delivery;
pub use letter::{Kind, Letter};
pub use outbox::{About, Ask, Mail, STATEMENTS};
pub use transport::{Say, greet};
