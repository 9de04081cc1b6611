//! Imports Better Auth's sessions, which remain valid here until they expire: reading them, storing them as
//! rows of `sessions`, and ending those that no longer exist at the source.
//! `docs/decisions/0029-imported-sessions.md` has the reasons.

mod load;
mod read;
mod staging;
