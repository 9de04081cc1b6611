//! Faults that no code sees coming: the real binary is killed with SIGKILL in the middle of its work.

mod file;
mod killed;
mod refresh;
