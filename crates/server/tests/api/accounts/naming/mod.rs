//! What an account is called: its address, in all its spellings, and its user name.

mod address;
mod spellings;
mod usernames;
