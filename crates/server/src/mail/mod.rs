//! Mail. A change that causes a mail writes a row of the outbox in its own transaction (`outbox/`), and
//! that is all a request waits for. A worker (`delivery/`) turns the row into a letter when it is about to be
//! sent: a feature fills it ([`Composer`]), `letter/` puts it into words, `transport/` sends it.

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
