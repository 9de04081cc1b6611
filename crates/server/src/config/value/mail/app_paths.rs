//! `APP_PATHS`: the front end's pages for the links in mails.

use std::collections::BTreeMap;

/// The page that a mail's link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkPage {
    /// Verifies an account's address.
    Verify,
    /// Sets a new password.
    Reset,
    /// Verifies the new address of an account.
    Confirm,
    /// Undoes an address change.
    Undo,
    /// Sign in
    Login,
    /// Sets the first password of an invited account.
    Invitation,
    /// Requests a link to set a new password.
    Forgot,
    /// Lists the account's sessions.
    Sessions,
}

impl LinkPage {
    /// All pages.
    pub const ALL: [Self; 8] = [
        Self::Verify,
        Self::Reset,
        Self::Confirm,
        Self::Undo,
        Self::Login,
        Self::Invitation,
        Self::Forgot,
        Self::Sessions,
    ];

    /// Whether its link contains a secret, so that some page must exist.
    pub const fn takes_secret(self) -> bool {
        !matches!(self, Self::Forgot | Self::Sessions)
    }

    /// Its name in settings and in the path of Doorward's own page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Confirm => "confirm",
            Self::Undo => "undo",
            Self::Login => "login",
            Self::Invitation => "invitation",
            Self::Forgot => "forgot",
            Self::Sessions => "sessions",
        }
    }
}

/// The placeholder for the secret in a path.
const TOKEN: &str = "{token}";

/// Paths below `APP_URL`, each with a placeholder for the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppPaths(BTreeMap<LinkPage, String>);

impl AppPaths {
    /// Parses `page=/path` items. A path without `{token}` gets `#token={token}`: fragments do not appear in
    /// server logs. The error is the end of a sentence.
    pub fn parse(items: &[String]) -> Result<Self, String> {
        let mut paths = BTreeMap::new();
        for item in items {
            let Some((name, path)) = item.split_once('=') else {
                return Err(format!("must be a list such as reset=/reset-password, not {item:?}"));
            };
            let (name, path) = (name.trim(), path.trim());
            let Some(page) = LinkPage::ALL.into_iter().find(|page| page.as_str() == name) else {
                let all: Vec<_> = LinkPage::ALL.iter().map(|page| page.as_str()).collect();
                return Err(format!("names {name:?}, which is not one of {}", all.join(", ")));
            };
            let visible = path.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`".contains(c));
            if !path.starts_with('/') || !visible {
                return Err(format!(
                    "gives {name} the path {path:?}, which must begin with a slash"
                ));
            }
            let path = match path.matches(TOKEN).count() {
                0 if !page.takes_secret() => path.to_owned(),
                _ if !page.takes_secret() => {
                    return Err(format!("gives {name} a path with {TOKEN}, but its link has none"));
                }
                0 if path.contains('#') => {
                    return Err(format!("gives {name} a path with # but without {TOKEN}"));
                }
                0 => format!("{path}#token={TOKEN}"),
                1 => path.to_owned(),
                _ => return Err(format!("gives {name} a path with {TOKEN} more than once")),
            };
            if paths.insert(page, path).is_some() {
                return Err(format!("names {name} twice"));
            }
        }
        Ok(Self(paths))
    }

    /// The path of this page with this secret, if the front end has it.
    pub fn path(&self, page: LinkPage, token: &str) -> Option<String> {
        self.0.get(&page).map(|path| path.replace(TOKEN, token))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pages with a secret in their link that the front end does not have.
    pub fn missing(&self) -> impl Iterator<Item = LinkPage> {
        LinkPage::ALL.into_iter().filter(|page| page.takes_secret() && !self.0.contains_key(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AppPaths, String> {
        AppPaths::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_secret_goes_where_the_path_says_else_into_the_fragment() {
        let paths =
            parse("reset=/reset?code={token}&x=1,verify=/#/verify/{token},undo=/u").unwrap();
        let path = |page| paths.path(page, "abc").unwrap();
        assert_eq!(path(LinkPage::Reset), "/reset?code=abc&x=1");
        assert_eq!(path(LinkPage::Verify), "/#/verify/abc");
        assert_eq!(path(LinkPage::Undo), "/u#token=abc");
        assert_eq!(paths.path(LinkPage::Login, "abc"), None);
        let paths = parse("forgot=/forgot,sessions=/#/account").unwrap();
        assert_eq!(paths.path(LinkPage::Forgot, "").unwrap(), "/forgot");
        assert_eq!(paths.path(LinkPage::Sessions, "").unwrap(), "/#/account");
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_reason() {
        for (text, part) in [
            ("reset", "such as reset=/reset-password"),
            ("rest=/reset", "not one of verify, reset,"),
            ("reset=https://evil.test/", "begin with a slash"),
            ("reset=/a b", "begin with a slash"),
            ("reset=/a\"onload=", "begin with a slash"),
            ("reset=/a#b", "with # but without"),
            ("reset=/{token}{token}", "more than once"),
            ("reset=/a,reset=/b", "twice"),
            ("forgot=/a/{token}", "its link has none"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
