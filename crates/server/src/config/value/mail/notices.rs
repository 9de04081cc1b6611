//! `SECURITY_NOTICES`: what happens to an account that its owner gets a mail about.

/// What a notice tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The password was changed.
    PasswordChanged,
    /// The address was changed without a proof that the new one is theirs.
    EmailChanged,
    /// A sign-in from a device that the account has not signed in from.
    NewDevice,
    /// A session was ended because its refresh token was used twice.
    SessionStolen,
    /// Too many wrong passwords.
    AccountLocked,
    /// An authenticator app was added.
    FactorAdded,
    /// An authenticator app was removed.
    FactorRemoved,
    /// An operator removed all second factors.
    FactorsReset,
    /// New recovery codes were made.
    RecoveryCodesRenewed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A device was trusted to need no second step.
    DeviceTrusted,
    /// An API key was made.
    ApiKeyCreated,
}

impl Notice {
    /// Each once.
    pub const ALL: [Self; 13] = [
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::NewDevice,
        Self::SessionStolen,
        Self::AccountLocked,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::FactorsReset,
        Self::RecoveryCodesRenewed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::DeviceTrusted,
        Self::ApiKeyCreated,
    ];

    /// Its name, which is that of its mail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password-changed",
            Self::EmailChanged => "email-changed",
            Self::NewDevice => "new-device",
            Self::SessionStolen => "session-stolen",
            Self::AccountLocked => "account-locked",
            Self::FactorAdded => "factor-added",
            Self::FactorRemoved => "factor-removed",
            Self::FactorsReset => "factors-reset",
            Self::RecoveryCodesRenewed => "recovery-codes-renewed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::DeviceTrusted => "device-trusted",
            Self::ApiKeyCreated => "api-key-created",
        }
    }
}

/// The notices that are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(Vec<Notice>);

impl Notices {
    /// Reads `on`, `off`, or the names of some. The error is the end of a sentence.
    pub fn parse(items: &[String]) -> Result<Self, String> {
        match items {
            [one] if one == "on" => return Ok(Self(Notice::ALL.to_vec())),
            [one] if one == "off" => return Ok(Self::default()),
            _ => {}
        }
        let named = |item: &String| {
            Notice::ALL.into_iter().find(|notice| notice.as_str() == item).ok_or_else(|| {
                let all = Notice::ALL.map(Notice::as_str).join(", ");
                format!("must be on, off or a list of {all}, not {item:?}")
            })
        };
        items.iter().map(named).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this one is sent.
    pub fn tell(&self, notice: Notice) -> bool {
        self.0.contains(&notice)
    }

    /// Whether any is.
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
        assert!(Notice::ALL.iter().all(|notice| parse("on").unwrap().tell(*notice)));
        assert!(parse("off").unwrap().is_empty());
        let some = parse("new-device,account-locked").unwrap();
        assert!(some.tell(Notice::NewDevice) && some.tell(Notice::AccountLocked));
        assert!(!some.tell(Notice::PasswordChanged));
        let why = parse("new-device,on").unwrap_err();
        assert!(why.contains("password-changed") && why.ends_with("not \"on\""), "{why}");
    }
}
