//! Account settings with a fixed list of values.

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Anybody, after verifying the address; the response does not say whether it was free.
    Verified,
    /// Nobody; operators create accounts.
    Closed,
}

/// Who needs a second factor to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaPolicy {
    /// Nobody; second factors are off.
    Off,
    /// Users who have added one.
    Optional,
    /// All users.
    Required,
}

impl MfaPolicy {
    /// Whether second factors are off.
    pub fn is_off(self) -> bool {
        self == Self::Off
    }
}

/// How an unverified address affects signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnverifiedEmail {
    /// Not at all.
    Allowed,
    /// Access tokens say whether it is verified.
    Named,
    /// Signing in is rejected.
    Refused,
}

/// How users change the address of their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChange {
    /// After verifying the new one with a link in a mail.
    Confirmed,
    /// Immediately, after recent authentication; the new one is unverified.
    Immediate,
}

/// What deleting one's own account requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountDeletion {
    /// The password.
    Password,
    /// The password, or recent authentication.
    Fresh,
}

/// What changing one's own password requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// The current one.
    Current,
    /// The current one or, with `PATCH /auth/me`, recent authentication.
    Fresh,
}
