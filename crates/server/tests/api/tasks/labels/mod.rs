//! What an app adds to tasks: tags, and fields of its own.

mod metadata;
mod tags;
