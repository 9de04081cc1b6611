//! What mails say and where their links lead.

use std::path::PathBuf;

use super::app_paths::AppPaths;

/// The settings of letters.
#[derive(Clone, Debug, Default)]
pub struct LetterSettings {
    /// `APP_NAME`: what the product is called.
    pub app_name: Option<String>,
    /// `APP_URL`: the front end.
    pub app_url: Option<String>,
    /// `APP_PATHS`: where the front end shows the pages of links.
    pub app_paths: AppPaths,
    /// `PAGES=off`: Doorward shows no pages of its own.
    pub pages_off: bool,
    /// `MAIL_TEMPLATES`: a folder with templates of the operator's own.
    pub templates: Option<PathBuf>,
}
