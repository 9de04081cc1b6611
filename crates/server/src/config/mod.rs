//! Configuration: every setting stands once in `entries`; `gather` finds its text among the defaults,
//! `doorward.toml`, `.env`, the environment and the flags (later ones win) and remembers where it
//! came from; `resolve` turns the texts into [`Settings`] and reports every problem at once.

mod abuse_entries;
mod breach_file;
mod cidr;
mod database_url;
mod document;
mod dotenv;
mod entries;
mod gather;
mod issuer_entries;
mod parse;
mod postgres_url;
mod quota;
mod redis_url;
mod resolve;
mod secret_strength;
mod settings;
mod table;
mod trusted_issuer;
mod word;
mod word_list;

pub use breach_file::BreachFile;
pub use cidr::Cidr;
pub use database_url::DatabaseUrl;
pub use document::{env_example, reference};
pub use gather::{Gathered, Sources, gather};
pub(crate) use parse::duration;
pub use postgres_url::{ChannelBinding, PostgresUrl, Tls};
pub use quota::Quota;
pub use redis_url::RedisUrl;
pub use resolve::{Resolved, Shown};
pub use settings::{AllowedOrigins, HashScheme, LogFormat, Registration, Secret, Settings};
pub use trusted_issuer::TrustedIssuer;
pub use word_list::WordList;
