//! The mails about addresses. Each is composed just before it is sent, from the account's state at that time;
//! its duration discloses nothing to the client that requested it.

use std::time::Duration;

use uuid::Uuid;

use super::Emails;
use super::store::{self, Addressee};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Standing;
use crate::mail::{About, Ask, Composed, Kind, Letter, MailOrder};
use crate::passwords::bound_to;
use crate::sessions::NEW_ACCOUNT;
use crate::single_use::{NewSecret, Purpose};
use crate::user::User;

/// The value with the account's state when the address change was requested.
pub(super) const BOUND: &str = "bound";
/// How long an address change can be undone.
const UNDO: Duration = Duration::from_hours(72);

impl Emails {
    /// The verification link for an account's address; nothing to send if it is already verified.
    pub(crate) async fn verify_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let Some(found) = self.addressee(&order.ask.about).await? else {
            return Ok(Composed::Nothing);
        };
        let (Some(email), Some(key)) = (&found.user.email, &found.email_key) else {
            return Ok(Composed::Nothing);
        };
        let made = order.ask.values.get(NEW_ACCOUNT);
        let is_taken = made.is_some_and(|made| *made != found.user.id.to_string());
        match (is_taken, found.user.email_verified) {
            (true, true) => return Ok(taken(&found.user, email)),
            // If somebody created the account in advance, they know its password, so a new one is required.
            (true, false) => return self.passwords.reset_letter(order).await,
            (false, true) => return Ok(Composed::Nothing),
            (false, false) => {}
        }
        let lives = self.settings.email_verification_ttl;
        let (purpose, user) = (Purpose::VerifyEmail, Some(found.user.id));
        let new = NewSecret { purpose, user, bound: Some(key), lives };
        let (token, step) = self.single_use.make(new);
        // No name: whoever registered chose it, possibly as a message to somebody else's mailbox.
        let letter = Letter {
            token: Some(token.into_secret()),
            valid_for: Some(lives),
            locale: found.user.locale.clone(),
            ..Letter::new(Kind::VerifyEmail, email)
        };
        Ok(Composed::Letter { letter: Box::new(letter), user, steps: vec![step] })
    }

    /// The link to the new address that makes the change; if the address is taken, its owner gets a notice
    /// instead.
    pub(crate) async fn confirm_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let values = &order.ask.values;
        let Some(found) = self.user_of(order).await? else { return Ok(Composed::Nothing) };
        let Some(email) = values.get(Ask::ADDRESS).and_then(|typed| Email::parse(typed)) else {
            return Ok(Composed::Nothing);
        };
        let user = found.user.id;
        let owner = self.addressee(&About::Address(email.key().to_owned())).await?;
        if let Some(owner) = owner.filter(|owner| owner.user.id != user) {
            let to = owner.user.email.as_deref().unwrap_or(email.as_str());
            return Ok(taken(&owner.user, to));
        }
        let now = bound_to(found.hash.as_deref(), found.user.email.as_deref());
        let bound = format!("{} {}", values.get(BOUND).unwrap_or(&now), email.as_str());
        let (purpose, lives) = (Purpose::ConfirmEmail, self.settings.email_verification_ttl);
        let new = NewSecret { purpose, user: Some(user), bound: Some(&bound), lives };
        let (token, step) = self.single_use.make(new);
        let letter = Letter {
            token: Some(token.into_secret()),
            valid_for: Some(lives),
            locale: found.user.locale.clone(),
            ..Letter::new(Kind::ConfirmEmail, email.as_str())
        };
        Ok(Composed::Letter { letter: Box::new(letter), user: Some(user), steps: vec![step] })
    }

    /// The notice to the old address, with the link that undoes the change.
    pub(crate) async fn changed_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let Some(old) = order.ask.values.get(Ask::ADDRESS) else { return Ok(Composed::Nothing) };
        let Some(found) = self.user_of(order).await? else { return Ok(Composed::Nothing) };
        let user = Some(found.user.id);
        let (purpose, lives) = (Purpose::UndoEmail, UNDO);
        let new = NewSecret { purpose, user, bound: Some(old), lives };
        let (token, step) = self.single_use.make(new);
        let letter = Letter {
            token: Some(token.into_secret()),
            valid_for: Some(lives),
            locale: found.user.locale.clone(),
            other_address: order.ask.values.get(Ask::NEW_ADDRESS).cloned(),
            at: Some(order.asked_at),
            ip: order.ask.client.ip,
            ..Letter::new(Kind::EmailChanged, old)
        };
        Ok(Composed::Letter { letter: Box::new(letter), user, steps: vec![step] })
    }

    /// The account whose address is to change, or has changed.
    async fn user_of(&self, order: &MailOrder) -> Result<Option<Addressee>, Error> {
        let id = order.ask.values.get(Ask::USER).and_then(|id| Uuid::try_parse(id).ok());
        match id {
            Some(id) => self.addressee(&About::User(id)).await,
            None => Ok(None),
        }
    }

    /// The account that a mail is about, unless it is disabled or banned.
    pub(super) async fn addressee(&self, about: &About) -> Result<Option<Addressee>, Error> {
        let read = match about {
            About::User(id) => store::find(*id),
            About::Address(key) => store::find_by_address(key),
        };
        let found = self.db.find::<Addressee>(read).await?;
        let now = self.clock.now();
        let is_active = |found: &Addressee| {
            Standing::of(found.user.is_active, found.banned_until, now) == Standing::Active
        };
        Ok(found.filter(is_active))
    }
}

/// To the owner of an address that somebody tried to register again.
fn taken(owner: &User, email: &str) -> Composed {
    let letter = Letter {
        name: owner.name.clone(),
        locale: owner.locale.clone(),
        ..Letter::new(Kind::AddressTaken, email)
    };
    Composed::Letter { letter: Box::new(letter), user: Some(owner.id), steps: Vec::new() }
}
