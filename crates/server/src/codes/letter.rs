//! The mail with the code and the link. It is composed just before it is sent, so the client that requested
//! it learns nothing about the result.

use super::code::{ADDRESS, CHALLENGE, KNOWN_ONLY, LIVES};
use super::store::{self, Mailed};
use crate::config::Registration;
use crate::error::Error;
use crate::feature;
use crate::gate::Standing;
use crate::mail::{About, Composed, Kind, Letter, MailOrder};
use crate::single_use::{CodeChallenge, CodeClient, NewSecret, Purpose};

feature! {
    /// Composes the mails with codes.
    CodeLetters = code_letters()
}

impl CodeLetters {
    /// The mail with the code. Users who could not sign in with it get none: disabled and banned ones, and,
    /// if registration is closed, those without an account. A code that has been replaced is not sent either.
    pub(crate) async fn letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let values = &order.ask.values;
        let (About::Address(key), Some(challenge)) = (&order.ask.about, values.get(CHALLENGE))
        else {
            return Ok(Composed::Nothing);
        };
        let found: Option<Mailed> = self.db.find(store::find(key)).await?;
        let may = if let Some(found) = &found {
            let now = self.clock.now();
            Standing::of(found.user.is_active, found.banned_until, now) == Standing::Active
        } else {
            let is_open = self.settings.registration != Registration::Closed;
            is_open && !values.contains_key(KNOWN_ONLY)
        };
        let challenge = CodeChallenge::kept(challenge);
        let client = CodeClient { mailbox: key, challenge: Some(&challenge), network: None };
        if !may || !self.single_use.is_awaited(Purpose::SignIn, client).await? {
            return Ok(Composed::Nothing);
        }
        let user = found.map(|found| found.user);
        let id = user.as_ref().map(|user| user.id);
        let typed = values.get(ADDRESS).unwrap_or(key);
        let new =
            NewSecret { purpose: Purpose::SignIn, user: id, bound: Some(typed), lives: LIVES };
        let (token, code, steps) = self.single_use.make_code(new, client);
        let to = user.as_ref().and_then(|user| user.email.as_deref()).unwrap_or(typed);
        let letter = Letter {
            token: Some(token.into_secret()),
            code: Some(code.into_secret()),
            valid_for: Some(LIVES),
            ..Letter::new(Kind::LoginCode, to)
        };
        // For an unverified address, whoever registered it chose the name.
        let name = user.as_ref().filter(|user| user.email_verified);
        let name = name.and_then(|user| user.name.clone());
        let letter = Letter { name, locale: user.and_then(|user| user.locale), ..letter };
        Ok(Composed::Letter { letter: Box::new(letter), user: id, steps: steps.to_vec() })
    }
}
