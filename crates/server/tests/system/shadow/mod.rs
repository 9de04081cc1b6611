//! The rehearsal: the old backend through the proxy, Doorward beside it, and what is said of both.

mod bounds;
mod habits;
mod old_app;
mod proxy;
mod rehearsal;
mod secrets;
mod suggestion;
