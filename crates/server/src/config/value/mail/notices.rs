//! `SECURITY_NOTICES`: the account events that the owner gets a mail about.

use crate::config::named;

named! {
    /// The event of a notice; its name is that of its mail.
    pub enum Notice {
        /// The password was changed.
        PasswordChanged = "password-changed",
        /// The address was changed without verifying the new one.
        EmailChanged = "email-changed",
        /// A sign-in from a new device.
        NewDevice = "new-device",
        /// A session was ended because its refresh token was used twice.
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
    }
}

/// The enabled notices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(Vec<Notice>);

impl Notices {
    /// Parses `on`, `off`, or a list of names. The error is the end of a sentence.
    pub fn parse(items: &[String]) -> Result<Self, String> {
        match items {
            [one] if one == "on" => return Ok(Self(Notice::ALL.to_vec())),
            [one] if one == "off" => return Ok(Self::default()),
            _ => {}
        }
        let named = |item: &String| {
            Notice::ALL.iter().copied().find(|notice| notice.as_str() == item).ok_or_else(|| {
                let all =
                    Notice::ALL.iter().map(|notice| notice.as_str()).collect::<Vec<_>>().join(", ");
                format!("must be on, off or a list of {all}, not {item:?}")
            })
        };
        items.iter().map(named).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this notice is enabled.
    pub fn includes(&self, notice: Notice) -> bool {
        self.0.contains(&notice)
    }

    /// Whether none is enabled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Notices, String> {
        Notices::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn all_none_or_the_named_ones_are_sent() {
        assert!(Notice::ALL.iter().all(|notice| parse("on").unwrap().includes(*notice)));
        assert!(parse("off").unwrap().is_empty());
        let some = parse("new-device,account-locked").unwrap();
        assert!(some.includes(Notice::NewDevice) && some.includes(Notice::AccountLocked));
        assert!(!some.includes(Notice::PasswordChanged));
        let why = parse("new-device,on").unwrap_err();
        assert!(why.contains("password-changed") && why.ends_with("not \"on\""), "{why}");
    }
}
