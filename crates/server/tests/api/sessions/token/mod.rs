//! What is done with the tokens of a session.

mod introspect;
mod races;
mod refresh;
mod refreshed_user;
mod renewed;
mod repeats;
mod revoke_token;
