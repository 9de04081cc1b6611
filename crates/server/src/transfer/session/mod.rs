//! Better Auth's sessions, which go on here until they end: read, taken over as rows of `sessions`, and ended where
//! their source has them no longer. `docs/decisions/0029-imported-sessions.md` says why.

mod load;
mod read;
mod staging;
