//! Keys: pairs that sign and are published, their rotation, and what other services ask about tokens.

mod forged;
mod introspection;
mod pairs;
mod revoked;
mod sealed;
