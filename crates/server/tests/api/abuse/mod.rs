//! What a hostile internet tries: floods, guessing, spellings, enumeration.

mod enumeration;
mod every_way_in;
mod guessing;
mod many_sessions;
mod new_passwords;
mod newcomers;
mod rate_limits;
mod shared_limits;
mod stored;
