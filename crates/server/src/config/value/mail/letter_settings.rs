//! The contents and links of mails.

use std::path::PathBuf;

use super::app_paths::AppPaths;

/// The settings of mails' contents.
#[derive(Clone, Debug, Default)]
pub struct LetterSettings {
    /// `APP_NAME`: the product's name.
    pub app_name: Option<String>,
    /// `APP_URL`: the front end.
    pub app_url: Option<String>,
    /// `APP_PATHS`: the front end's pages for links.
    pub app_paths: AppPaths,
    /// `PAGES=off`: Doorward has no pages of its own.
    pub pages_off: bool,
    /// `MAIL_TEMPLATES`: a folder with the operator's templates.
    pub templates: Option<PathBuf>,
}
