//! The operator's password files: `PASSWORD_WORD_LIST` and `PASSWORD_BREACH_FILE`. Read when the server
//! starts and again at SIGHUP; a file that cannot be read then leaves the previous contents in use.

use std::sync::{Arc, PoisonError, RwLock};

use super::easy_words::EasyWords;
use crate::config::{BreachFile, Reread, Settings, WordList};

/// The files as last read; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Lists(Arc<RwLock<Files>>);

#[derive(Clone, Debug)]
struct Files {
    list: Option<WordList>,
    words: Option<EasyWords>,
    breached: Option<BreachFile>,
}

impl Lists {
    /// The files of these settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let list = settings.password_word_list.clone();
        let words = list.as_ref().map(EasyWords::new);
        let breached = settings.password_breach_file.clone();
        Self(Arc::new(RwLock::new(Files { list, words, breached })))
    }

    /// The operator's words.
    pub(super) fn words(&self) -> Option<EasyWords> {
        self.look(|files| files.words.clone())
    }

    /// The breached passwords.
    pub(super) fn breached(&self) -> Option<BreachFile> {
        self.look(|files| files.breached.clone())
    }

    /// Reloads each file, and reports the results.
    pub(super) fn reread(&self) -> Vec<Reread> {
        let before = self.look(Files::clone);
        let mut reports = Vec::new();
        if let Some(list) = &before.list {
            let read = list.reread();
            reports.push(Reread::of("PASSWORD_WORD_LIST", &read, |list| {
                format!("{} words", list.words().len())
            }));
            if let Ok(list) = read {
                let words = EasyWords::new(&list);
                self.change(|files| (files.list, files.words) = (Some(list), Some(words)));
            }
        }
        if let Some(file) = &before.breached {
            let opened = file.reopen();
            reports.push(Reread::of("PASSWORD_BREACH_FILE", &opened, |file| {
                format!("{} bytes", file.size())
            }));
            if let Ok(file) = opened {
                self.change(|files| files.breached = Some(file));
            }
        }
        reports
    }

    fn look<T>(&self, at: impl FnOnce(&Files) -> T) -> T {
        at(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, by: impl FnOnce(&mut Files)) {
        by(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}
