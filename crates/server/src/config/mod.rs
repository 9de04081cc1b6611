//! Configuration: `entries` defines all settings; `gather` finds their texts in the defaults,
//! `doorward.toml`, `.env`, the environment and the flags (later ones take precedence) with their origins;
//! `resolve` parses the texts into [`Settings`] and reports all problems at once.

mod choices;
mod derived;
mod document;
mod entry;
mod log_targets;
mod mail_needs;
mod named;
mod passkey_scope;
mod plain_text;
#[cfg(test)]
mod refusals;
mod reread;
mod resolve;
mod settings;
pub(crate) mod source;
mod value;

pub use choices::{
    AccountDeletion, EmailChange, MfaPolicy, PasswordChange, Registration, UnverifiedEmail,
};
pub use derived::TokenProfile;
pub use document::{env_example, reference};
pub(crate) use entry::parse::duration;
pub(crate) use named::named;
pub use passkey_scope::PasskeyScope;
pub use reread::Reread;
pub use resolve::{Reserved, Resolved, SettingsOf, Shown};
pub use settings::{DialectOptions, HashScheme, LogFormat, PasswordKernel, Secret, Settings};
pub use source::{Gathered, Sources, gather};
pub use value::allowed_origins::AllowedOrigins;
pub use value::breach_file::BreachFile;
#[cfg(test)]
pub(crate) use value::breach_file::breach_file_of;
pub(crate) use value::breach_file::{HexSha1, invalid, line_hash};
pub use value::cidr::Cidr;
pub use value::database_url::DatabaseUrl;
pub use value::mail::app_paths::{AppPaths, LinkPage};
pub use value::mail::authority_file::AuthorityFile;
pub use value::mail::letter_settings::LetterSettings;
pub use value::mail::mail_from::MailFrom;
pub use value::mail::notices::{Notice, Notices};
pub use value::mail::smtp_url::SmtpUrl;
pub use value::postgres_url::{ChannelBinding, PostgresUrl, Tls};
pub use value::quota::Quota;
pub use value::redis_url::RedisUrl;
pub use value::rp_id::RpId;
pub use value::sqlite_file::{SqliteFile, SqliteTuning, Synchronous};
pub use value::trusted_issuer::TrustedIssuer;
pub use value::word_list::WordList;

/// The default name of the tenant role, also used by the migrations.
pub const TENANT_ROLE: &str = "doorward_tenant";
