//! The settings of accounts that are one of a few words.

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Anybody, once the address is proven; the answer does not say whether it was free.
    Verified,
    /// Nobody; accounts are made by operators.
    Closed,
}

/// Who needs a second factor to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaPolicy {
    /// Nobody; there are none.
    Off,
    /// Whoever added one.
    Optional,
    /// Everybody.
    Required,
}

impl MfaPolicy {
    /// Whether there are none.
    pub fn is_off(self) -> bool {
        self == Self::Off
    }
}

/// What an address that nobody has proven means for signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnverifiedEmail {
    /// Nothing.
    Allowed,
    /// Access tokens say whether it is proven.
    Named,
    /// It is refused.
    Refused,
}

/// How people change the address of their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChange {
    /// Once they have proven, by a link in a mail, that the new one is theirs.
    Confirmed,
    /// At once, soon after signing in; the new one is unverified.
    Immediate,
}

/// What deleting the own account asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountDeletion {
    /// The password.
    Password,
    /// The password, or a sign-in of the last minutes.
    Fresh,
}

/// What changing the own password asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// The present one.
    Current,
    /// The present one or, at `PATCH /auth/me`, a sign-in of the last minutes.
    Fresh,
}
