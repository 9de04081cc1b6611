//! Every mail that Doorward sends.

use crate::config::{LinkPage, Notice};

macro_rules! kinds {
    ($($(#[$about:meta])+ $name:ident = $text:literal;)+) => {
        /// What a mail is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$about])+ $name,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in the database, in files and in commands.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// Proves that the address is the account's.
    VerifyEmail = "verify-email";
    /// Sets a new password.
    ResetPassword = "reset-password";
    /// Confirms a new address from its mailbox.
    ConfirmEmail = "confirm-email";
    /// Tells the old address of a change, and how to undo it.
    EmailChanged = "email-changed";
    /// Somebody tried to register with an address that has an account.
    AddressTaken = "address-taken";
    /// A code and a link to sign in.
    LoginCode = "login-code";
    /// An invitation to an account that an operator made.
    Invitation = "invitation";
    /// The password was changed.
    PasswordChanged = "password-changed";
    /// A sign-in from a device not seen before.
    NewDevice = "new-device";
    /// A session ended because its token was used twice.
    SessionStolen = "session-stolen";
    /// Too many wrong passwords.
    AccountLocked = "account-locked";
    /// Proves that mail works.
    Test = "test";
}

impl Kind {
    /// The kind of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// The mail of this notice.
    pub const fn telling(notice: Notice) -> Self {
        match notice {
            Notice::PasswordChanged => Self::PasswordChanged,
            Notice::EmailChanged => Self::EmailChanged,
            Notice::NewDevice => Self::NewDevice,
            Notice::SessionStolen => Self::SessionStolen,
            Notice::AccountLocked => Self::AccountLocked,
        }
    }

    /// The page that helps its reader, of mails whose link holds no secret.
    pub const fn helpful_page(self) -> Option<LinkPage> {
        match self {
            Self::PasswordChanged | Self::AccountLocked => Some(LinkPage::Forgot),
            Self::NewDevice | Self::SessionStolen => Some(LinkPage::Sessions),
            _ => None,
        }
    }

    /// The page that its link opens; the links of the others open the front end.
    pub const fn page(self) -> Option<LinkPage> {
        match self {
            Self::VerifyEmail => Some(LinkPage::Verify),
            Self::ResetPassword => Some(LinkPage::Reset),
            Self::ConfirmEmail => Some(LinkPage::Confirm),
            Self::EmailChanged => Some(LinkPage::Undo),
            Self::LoginCode => Some(LinkPage::Login),
            Self::Invitation => Some(LinkPage::Invitation),
            Self::AddressTaken
            | Self::PasswordChanged
            | Self::NewDevice
            | Self::SessionStolen
            | Self::AccountLocked
            | Self::Test => None,
        }
    }
}
