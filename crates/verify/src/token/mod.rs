//! Tokens: strict parsing, the matching key, and the required claims. Pure: no clock, no I/O.

mod algorithm;
mod claims;
pub(crate) mod foreign;
mod jwk;
mod jws;
mod key;
mod key_set;
pub(crate) mod proven;
mod rejection;
pub(crate) mod verifier;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use foreign::Expected;
pub use jws::{Header, Token};
pub use key::{Key, KeyError, encoded_header, key_id};
pub use key_set::KeySet;
pub use rejection::Rejection;
pub use verifier::{Verifier, token_type};
