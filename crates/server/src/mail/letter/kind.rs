//! All kinds of mails.

use crate::config::named;
use crate::config::{LinkPage, Notice};

named! {
    /// The kind of a mail.
    #[derive(Hash)]
    pub enum Kind {
        /// Verifies an account's address.
        VerifyEmail = "verify-email",
        /// Sets a new password.
        ResetPassword = "reset-password",
        /// Confirms a new address from its mailbox.
        ConfirmEmail = "confirm-email",
        /// Notifies the old address of a change, with a link to undo it.
        EmailChanged = "email-changed",
        /// Somebody tried to register with an address that has an account.
        AddressTaken = "address-taken",
        /// A code and a link to sign in.
        LoginCode = "login-code",
        /// An invitation to an account that an operator made.
        Invitation = "invitation",
        /// The password was changed.
        PasswordChanged = "password-changed",
        /// A sign-in from a new device.
        NewDevice = "new-device",
        /// A session ended because its token was used twice.
        SessionStolen = "session-stolen",
        /// Too many wrong passwords.
        AccountLocked = "account-locked",
        /// An authenticator app was added.
        FactorAdded = "factor-added",
        /// An authenticator app was removed.
        FactorRemoved = "factor-removed",
        /// An operator removed all second factors.
        FactorsReset = "factors-reset",
        /// New recovery codes were created.
        RecoveryCodesRenewed = "recovery-codes-renewed",
        /// A passkey was added.
        PasskeyAdded = "passkey-added",
        /// A passkey was removed.
        PasskeyRemoved = "passkey-removed",
        /// A device was trusted, so that it needs no second step.
        DeviceTrusted = "device-trusted",
        /// An API key was created.
        ApiKeyCreated = "api-key-created",
        /// Shows that mail works.
        Test = "test",
    }
}

impl Kind {
    /// The kind with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// The mail for this notice.
    pub const fn of_notice(notice: Notice) -> Self {
        match notice {
            Notice::PasswordChanged => Self::PasswordChanged,
            Notice::EmailChanged => Self::EmailChanged,
            Notice::NewDevice => Self::NewDevice,
            Notice::SessionStolen => Self::SessionStolen,
            Notice::AccountLocked => Self::AccountLocked,
            Notice::FactorAdded => Self::FactorAdded,
            Notice::FactorRemoved => Self::FactorRemoved,
            Notice::FactorsReset => Self::FactorsReset,
            Notice::RecoveryCodesRenewed => Self::RecoveryCodesRenewed,
            Notice::PasskeyAdded => Self::PasskeyAdded,
            Notice::PasskeyRemoved => Self::PasskeyRemoved,
            Notice::DeviceTrusted => Self::DeviceTrusted,
            Notice::ApiKeyCreated => Self::ApiKeyCreated,
        }
    }

    /// Whether it is a notice about the account, rather than a response to a request.
    pub fn is_notice(self) -> bool {
        Notice::ALL.iter().any(|notice| Self::of_notice(*notice) == self)
    }

    /// The page that helps its reader, for mails whose link contains no secret.
    pub const fn helpful_page(self) -> Option<LinkPage> {
        match self {
            Self::PasswordChanged
            | Self::AccountLocked
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::FactorsReset
            | Self::RecoveryCodesRenewed
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::ApiKeyCreated => Some(LinkPage::Forgot),
            Self::NewDevice | Self::SessionStolen | Self::DeviceTrusted => Some(LinkPage::Sessions),
            _ => None,
        }
    }

    /// The page that its link opens; other links open the front end.
    pub const fn page(self) -> Option<LinkPage> {
        match self {
            Self::VerifyEmail => Some(LinkPage::Verify),
            Self::ResetPassword => Some(LinkPage::Reset),
            Self::ConfirmEmail => Some(LinkPage::Confirm),
            Self::EmailChanged => Some(LinkPage::Undo),
            Self::LoginCode => Some(LinkPage::Login),
            Self::Invitation => Some(LinkPage::Invitation),
            _ => None,
        }
    }
}
