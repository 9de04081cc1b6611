//! The settings of tasks.

use crate::config::entry::entries::{HTTP, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word::put;

/// `TASK_TITLE_MAX`.
pub(in crate::config) const TASK_TITLE_MAX: Setting = Setting {
    name: "TASK_TITLE_MAX",
    section: HTTP,
    about: "Maximum length of a task's title in characters.",
    default: "200",
    example: "255",
    set: Some(|settings, text| put(&mut settings.task_title_max, parse::number(text, 1..=1000))),
    ..PLAIN
};
