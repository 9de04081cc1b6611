//! The types of settings' values: each is parsed once and then always valid.

pub(in crate::config) mod allowed_origins;
pub(in crate::config) mod breach_file;
pub(in crate::config) mod cidr;
pub(in crate::config) mod database_url;
pub(in crate::config) mod mail;
pub(in crate::config) mod postgres_url;
pub(in crate::config) mod quota;
pub(in crate::config) mod redis_url;
pub(in crate::config) mod rp_id;
pub(in crate::config) mod secret_strength;
pub(in crate::config) mod sqlite_file;
pub(in crate::config) mod trusted_issuer;
pub(in crate::config) mod word_list;
