//! The contents of the audit log: the closed list of events, their outcomes, and records. A record names
//! accounts, sessions and roles by id or name; it has no field for an address, a password or a token.

use uuid::Uuid;

use super::Actor;
use crate::config::named;
use crate::gate::Authority;
use crate::input::Origin;

macro_rules! events {
    ($($about:literal $name:ident = $text:literal;)+) => {
        /// An audited event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event { $(#[doc = $about] $name,)+ }

        impl Event {
            /// All events, in the order of the table in the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// When it is recorded, as a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),+ }
            }

            /// The table of events in Markdown.
            pub fn table() -> String {
                let row = |it: &Self| format!("| `{}` | {} |\n", it.as_str(), it.about());
                let rows: String = Self::ALL.iter().map(row).collect();
                format!("| event | when |\n| --- | --- |\n{rows}")
            }
        }
    };
}

events! {
    "Somebody registered." Register = "account.register";
    "A user of another issuer was linked to an account by an address verified on both sides; the account's \
        password and sessions ended." IdentityLink = "identity.link";
    "A sign-in; `failure` for a wrong password, an unknown account, a wrong code or link, `blocked` for a \
        disabled account." Login = "login";
    "The first step of a sign-in succeeded; a second factor is required." LoginFirstStep = "login.first_step";
    "A mail with a code and a link to sign in was requested." LoginCodeAsk = "login.code_ask";
    "A code of a second factor was wrong, or was not checked." FactorVerify = "factor.verify";
    "A user started to add a second factor." FactorEnrol = "factor.enrol";
    "A second factor was confirmed by its first code; the other sessions ended if it was the first." FactorConfirm = "factor.confirm";
    "A user removed a second factor." FactorRemove = "factor.remove";
    "A user created new recovery codes; the old ones stopped working." RecoveryCodesRenew = "factor.recovery_codes";
    "An operator removed every second factor of an account; its sessions ended." FactorsReset = "factor.reset";
    "A user made the device they signed in with a trusted device." DeviceTrust = "device.trust";
    "One or all trusted devices of an account were removed." DeviceForget = "device.forget";
    "A signed-in user reauthenticated, or failed to with a code." Reauthenticate = "session.reauthenticate";
    "A signed-in user had to confirm the password, and it was wrong or was not checked." PasswordConfirm = "password.confirm";
    "Sessions of the account were ended by their owner." Logout = "logout";
    "A session was ended by its owner from another device." SessionEnd = "session.end";
    "A refresh token was used again after its successor; its session was ended." RefreshReuse = "refresh.reuse";
    "An administrator ended sessions of an account." SessionsRevoke = "sessions.revoke";
    "An administrator ended the sessions of all accounts." SessionsRevokeAll = "sessions.revoke_all";
    "An administrator created an account." AccountCreate = "account.create";
    "An administrator sent an invitation." InvitationSend = "invitation.send";
    "An invited user chose a password." InvitationAccept = "invitation.accept";
    "An administrator changed an account." AccountUpdate = "account.update";
    "An administrator disabled an account." AccountDisable = "account.disable";
    "An administrator enabled an account again." AccountEnable = "account.enable";
    "An administrator banned an account." AccountBan = "account.ban";
    "An administrator lifted a ban." AccountUnban = "account.unban";
    "The count of wrong passwords of an account was cleared." AccountUnlock = "account.unlock";
    "An account was deleted." AccountDelete = "account.delete";
    "A user changed their e-mail address." EmailChange = "email.change";
    "A user changed their user name." UsernameChange = "username.change";
    "A user changed their password; their other sessions ended." PasswordChange = "password.change";
    "A password reset mail was requested." PasswordForgot = "password.forgot";
    "A password was reset by a link in a mail; all sessions ended." PasswordReset = "password.reset";
    "An address was verified by a link in a mail." EmailVerify = "email.verify";
    "An address change was requested; it takes effect once the new address is verified." EmailChangeAsk = "email.change_ask";
    "An address change was undone by a link in a mail; all sessions ended, and the password was removed." EmailUndo = "email.undo";
    "An administrator set an account's password." PasswordSet = "password.set";
    "A user added a passkey." PasskeyAdd = "passkey.add";
    "A user renamed a passkey." PasskeyRename = "passkey.rename";
    "A user removed a passkey." PasskeyRemove = "passkey.remove";
    "A passkey was rejected because its signature counter did not increase: it may have been cloned." PasskeyCloned = "passkey.cloned";
    "A role was granted to an account." RoleGrant = "role.grant";
    "A role was revoked from an account." RoleRevoke = "role.revoke";
    "A role was created." RoleCreate = "role.create";
    "A role was changed." RoleUpdate = "role.update";
    "A role was deleted." RoleDelete = "role.delete";
    "An operator created a key pair." KeyCreate = "key.create";
    "An operator created a key pair that replaces the earlier ones." KeyRotate = "key.rotate";
    "An operator retired a key pair." KeyRetire = "key.retire";
    "An operator read an unsent mail, including its link or code." MailReveal = "mail.reveal";
    "An operator discarded a mail that was not sent." MailDiscard = "mail.discard";
    "A user created an API key, or an administrator created one for a service account." ApiKeyCreate = "api_key.create";
    "An API key was revoked by its owner, an administrator or its holder." ApiKeyRevoke = "api_key.revoke";
    "An API key was used without the required scope, from a network that is not allowed, or to manage the \
        account." ApiKeyRefuse = "api_key.refuse";
    "A caller lacked a permission." AccessDenied = "access.denied";
    "An import from another program or a file started, ended or was aborted." DataImport = "data.import";
    "The data of an account was exported by its owner or an operator." AccountExport = "account.export";
    "Everything was exported." DataExport = "data.export";
    "Records past the retention time were removed." AuditPrune = "audit.prune";
}

named! {
    /// The outcome of an event.
    pub enum Outcome {
        /// It succeeded.
        Success = "success",
        /// The credentials were wrong.
        Failure = "failure",
        /// It was rejected, with valid credentials or before they were checked.
        Blocked = "blocked",
        /// The caller lacked permission.
        Denied = "denied",
    }
}

/// A record, without its id and time.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) event: Event,
    pub(super) outcome: Outcome,
    pub(super) actor: &'static str,
    pub(super) actor_id: Option<Uuid>,
    pub(super) subject_id: Option<Uuid>,
    pub(super) session_id: Option<Uuid>,
    pub(super) detail: Option<String>,
    pub(super) origin: Origin,
}

impl Record {
    /// By an authenticated user or the operator.
    pub fn by(actor: &Actor, event: Event) -> Self {
        let (word, session_id) = match actor.authority {
            Authority::Caller(gate) => match gate.key() {
                Some(key) => ("key", Some(key)),
                None => ("user", gate.session()),
            },
            Authority::Operator => ("cli", None),
        };
        let actor_id = actor.authority.user_id();
        let record = Self::from(&actor.origin, event);
        Self { actor: word, actor_id, session_id, ..record }
    }

    /// By the sender of the request.
    pub fn from(origin: &Origin, event: Event) -> Self {
        Self {
            event,
            outcome: Outcome::Success,
            actor: "anonymous",
            actor_id: None,
            subject_id: None,
            session_id: None,
            detail: None,
            origin: origin.clone(),
        }
    }

    /// By the server itself.
    pub(super) fn of_server(event: Event) -> Self {
        Self { actor: "server", ..Self::from(&Origin::default(), event) }
    }

    /// Sets the affected account.
    #[must_use]
    pub fn about(mut self, subject: Uuid) -> Self {
        self.subject_id = Some(subject);
        self
    }

    /// Sets the session it belongs to.
    #[must_use]
    pub fn in_session(mut self, session: Uuid) -> Self {
        self.session_id = Some(session);
        self
    }

    /// The same with another event.
    #[must_use]
    pub fn of(self, event: Event) -> Self {
        Self { event, ..self }
    }

    /// Sets the outcome, if not success.
    #[must_use]
    pub fn came_out(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Adds details: a role, what changed. Never a secret or an address.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Writes it to the process log, which has all events whatever happens to the table.
    pub(super) fn log(&self) {
        tracing::info!(
            target: "audit",
            event = self.event.as_str(),
            outcome = self.outcome.as_str(),
            actor = self.actor,
            actor_id = self.actor_id.map(tracing::field::display),
            subject_id = self.subject_id.map(tracing::field::display),
            session_id = self.session_id.map(tracing::field::display),
            detail = self.detail,
            ip = self.origin.ip.map(tracing::field::display),
            "audit"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn every_event_has_a_word_of_its_own() {
        let mut words: Vec<_> = Event::ALL.iter().map(|event| event.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Event::ALL.len());
    }
}
