//! The mapped fields of a source row.

use time::OffsetDateTime;

use super::cell::{flag, moment};

/// A source row with its mapped fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    pub(super) fields: &'a [(&'static str, usize)],
    pub(super) row: &'a [Option<String>],
}

impl<'a> Cells<'a> {
    /// The text of a field, unless it is null or absent.
    pub(super) fn get(&self, field: &str) -> Option<&'a str> {
        let (_, place) = self.fields.iter().find(|(own, _)| *own == field)?;
        self.row.get(*place)?.as_deref()
    }

    pub(super) fn filled(&self, field: &str) -> Option<&'a str> {
        self.get(field).map(str::trim).filter(|text| !text.is_empty())
    }

    pub(super) fn instant(&self, field: &str) -> Result<Option<OffsetDateTime>, String> {
        self.filled(field)
            .map(|text| {
                moment(text).ok_or_else(|| format!("{field} {text:?} is not a date and time"))
            })
            .transpose()
    }

    pub(super) fn flag(&self, field: &str) -> Result<Option<bool>, String> {
        self.filled(field)
            .map(|text| {
                flag(text).ok_or_else(|| format!("{field} {text:?} is neither true nor false"))
            })
            .transpose()
    }
}
