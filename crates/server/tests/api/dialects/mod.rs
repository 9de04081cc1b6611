//! Dialects: what front ends of other back ends send and read, in front of the contract.

mod aliases;
mod documented;
mod nothing_lost;
mod own;
