//! The PostgreSQL engine against real servers, some of them broken on purpose: one round trip a call,
//! isolation on shared connections, deadlines, recovery, TLS and poolers.

mod asked_mails;
mod calls;
mod data;
mod distance;
mod faults;
mod health;
mod idle;
mod poolers;
mod proxy;
mod refusals;
mod round_trips;
mod sleep;
mod tls;
