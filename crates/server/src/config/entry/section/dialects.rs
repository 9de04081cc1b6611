//! The settings of dialects and their options.

use crate::config::entry::entries::PLAIN;
use crate::config::entry::parse;
use crate::config::entry::table::Setting;
use crate::config::entry::word::{put, put_some};

const DIALECTS: &str = "Dialects";

/// `COMPAT`.
pub(in crate::config) const COMPAT: Setting = Setting {
    name: "COMPAT",
    section: DIALECTS,
    about: "The built-in dialects to support besides the contract, in order: `todo`, `fastapi-template`, \
        `fastapi-users`, `supabase`. A list; later ones take precedence. See `docs/dialects.md`.",
    default: "none",
    example: "todo",
    set: Some(|settings, text| put(&mut settings.compat, parse::list(text))),
    ..PLAIN
};

/// `DIALECT`, or `[dialect]` in the file.
pub(in crate::config) const DIALECT: Setting = Setting {
    name: "DIALECT",
    section: DIALECTS,
    about: "A custom dialect that takes precedence over those of COMPAT: the section `[dialect]` in \
        `doorward.toml`, or the same as JSON in the environment. See `docs/dialects.md`.",
    set: Some(|settings, text| put_some(&mut settings.dialect, Ok(text.to_owned()))),
    ..PLAIN
};

/// `DIALECT_LIST`.
pub(in crate::config) const DIALECT_LIST: Setting = Setting {
    name: "DIALECT_LIST",
    section: DIALECTS,
    about: "How a dialect wraps the list of tasks: `array`, `tasks` (`{tasks, total, limit, offset}`), `items` \
        (`{items, total, skip, limit, has_more}`), `pages` (`{items, total, page, size, pages}`), `data` \
        (`{data, count}`), `data_error` (`{data, error: null}`), or a template in JSON.",
    default: "the dialect's own",
    set: Some(|settings, text| put_some(&mut settings.dialect_options.list, Ok(text.to_owned()))),
    ..PLAIN
};

/// `DIALECT_ITEM`.
pub(in crate::config) const DIALECT_ITEM: Setting = Setting {
    name: "DIALECT_ITEM",
    section: DIALECTS,
    about: "How a dialect wraps a single task: `flat`, `task` (`{task}`), `data` (`{data}`), `data_error` \
        (`{data, error: null}`), or a template in JSON.",
    default: "the dialect's own",
    set: Some(|settings, text| put_some(&mut settings.dialect_options.item, Ok(text.to_owned()))),
    ..PLAIN
};

/// `DIALECT_OPEN_STATUS`.
pub(in crate::config) const DIALECT_OPEN_STATUS: Setting = Setting {
    name: "DIALECT_OPEN_STATUS",
    section: DIALECTS,
    about: "The `status` that a dialect shows for an open task, such as `todo`.",
    default: "`pending`",
    set: Some(|settings, text| {
        put_some(&mut settings.dialect_options.open_status, parse::short_text(text))
    }),
    ..PLAIN
};

/// `DIALECT_DELETE`.
pub(in crate::config) const DIALECT_DELETE: Setting = Setting {
    name: "DIALECT_DELETE",
    section: DIALECTS,
    about: "The response of a dialect to deleting a task: `message` (200 and JSON) or `empty` (204).",
    default: "the dialect's own",
    set: Some(|settings, text| put_some(&mut settings.dialect_options.delete, Ok(text.to_owned()))),
    ..PLAIN
};
