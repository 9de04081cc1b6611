//! Second factors: what an account proves itself with besides its password, and the token of a sign-in that
//! waits for one.

mod first_step;
mod method;

#[allow(unused_imports, reason = "the second step is next")]
pub(crate) use first_step::{FirstProof, FirstStep, SecondStep};
pub use method::{Authentication, Method, Methods, ONE_FACTOR, TWO_FACTORS};

use crate::feature;

feature! {
    /// The use cases of second factors.
    Factors = factors()
}
