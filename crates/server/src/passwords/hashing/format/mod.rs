//! The formats of password hashes: parsing and computing.

pub(super) mod argon2_hash;
pub(super) mod argon2id_maker;
pub(super) mod bcrypt_hash;
mod encoded;
pub(super) mod pbkdf2_hash;
pub(super) mod phpass_hash;
pub(super) mod scrypt_hash;
pub(super) mod sha_crypt_hash;
