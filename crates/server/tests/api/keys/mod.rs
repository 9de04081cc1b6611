//! Keys: pairs that sign and are published, and their rotation.

mod forged;
mod metadata;
mod neon_profile;
mod pairs;
mod published;
mod published_alias;
mod revoked;
mod sealed;
