//! The output of commands: data, tables, warnings, failures with their exit codes, and password prompts.

mod failure;
mod output;
mod prompt;
mod table;

pub use failure::{Exit, Failure};
pub(super) use failure::{note, speak_as, speak_to_program, warn};
pub(super) use output::{failed, new_file, output, output_json, pretty, with_colour};
pub(super) use prompt::{new_password, ready_hash, six_digits};
pub(super) use table::{harmless, plain, table};
